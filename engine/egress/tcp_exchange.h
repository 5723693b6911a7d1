#pragma once

#include <string>

#include "engine/egress/log_row.h"
#include "engine/egress/names.h"
#include "engine/egress/sandbox_door.h"
#include "engine/egress/tunnel.h"

namespace sallyport::egress {

// What the ladder is asked about TLS that is to be left closed: all that it may carry.
[[nodiscard]] policy::Request tunnelRequest(const Destination& destination);

// A connection whose bytes are not looked at: one that is not HTTP, or TLS that a handler (tunnel)
// leaves closed. The ladder decides by name and port, then bytes pass both ways. A refusal is a
// reset.
class TcpExchange final : public Recheckable
{
public:
    enum class Carries
    {
        Other,
        Tls,
    };
    TcpExchange(SandboxDoor& door, const Destination& destination, Stream& guest, Carries carries);

    ~TcpExchange() override { charge(); }

    // `first` is what the guest has sent already.
    [[nodiscard]] asio::awaitable<void> run(std::string first);
    void cutIfDenied() override;
    void charge() override;

private:
    [[nodiscard]] asio::awaitable<bool> decide();
    [[nodiscard]] asio::awaitable<bool> askPerson(const policy::Decision& decision);
    [[nodiscard]] asio::awaitable<void> carry(std::string first, Dialled upstream);
    void refuse(api::Step step, const std::string& reason);

    SandboxDoor& m_door;
    Stream& m_guest;
    policy::Request m_request;
    LogRow m_log;
    Stream* m_upstream = nullptr;
    TunnelCounts m_counts;
    std::int64_t m_charged = 0;
    std::string m_cut;
};

} // namespace sallyport::egress
