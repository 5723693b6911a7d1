#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/base/unique_fd.h"
#include "engine/egress/datagram.h"
#include "engine/egress/door.h"
#include "engine/egress/log_row.h"
#include "engine/egress/names.h"
#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

// Datagrams between one socket of the guest and one destination that a rule has opened. Decided
// when the first comes, and again with each of the guest's; one row of the log. Network thread.
class UdpFlow final : public Recheckable, public std::enable_shared_from_this<UdpFlow>
{
public:
    using Descriptor = asio::posix::stream_descriptor;
    using Clock = Deadlines::Clock;

    // `first` is a datagram of the guest that came by `guest`: answers go back by it.
    UdpFlow(std::shared_ptr<SandboxDoor> door,
            const Destination& destination,
            policy::Request request,
            std::shared_ptr<Descriptor> guest,
            const Datagram& first);
    ~UdpFlow() override;

    // Finds the upstream and carries what it answers. `refuse` tells the guest that nothing passes.
    void start(const policy::Decision& decision, std::function<void()> refuse);
    // False where it may not pass any more.
    [[nodiscard]] bool fromGuest(std::string_view datagram);
    [[nodiscard]] bool isIdle(Clock::time_point now) const;
    // No more datagrams, and the row has its end. An empty text is an end in order.
    void end(const std::string& fault);

    void cutIfDenied() override;
    void charge() override;

private:
    [[nodiscard]] asio::awaitable<void> run();
    // The upstream's socket, connected; refused with an error for the row otherwise.
    [[nodiscard]] asio::awaitable<Result<UniqueFd>> connect();
    void receive();
    [[nodiscard]] bool send(std::string_view datagram);
    [[nodiscard]] bool isOver(std::size_t more) const;

    static constexpr std::size_t MostWaiting = 8; // while the upstream is looked for

    std::shared_ptr<SandboxDoor> m_door;
    Destination m_destination;
    policy::Request m_request;
    std::shared_ptr<Descriptor> m_guest;
    Datagram m_peer;
    LogRow m_log;
    std::unique_ptr<Descriptor> m_upstream;
    std::deque<std::string> m_waiting;
    std::function<void()> m_refuse;
    FloodMeter m_rate;
    Clock::time_point m_last = Clock::now();
    std::uint64_t m_sent = 0; // datagrams
    std::uint64_t m_received = 0;
    std::uint64_t m_dropped = 0;
    std::int64_t m_sentBytes = 0;
    std::int64_t m_receivedBytes = 0;
    std::int64_t m_charged = 0;
    bool m_hasEnded = false;
};

// One open UDP port of a sandbox.
class UdpRelay final : public std::enable_shared_from_this<UdpRelay>, Deadlines::Watched
{
public:
    UdpRelay(std::shared_ptr<SandboxDoor> door,
             int port,
             std::function<void(const UdpRefusal&)> refuse);

    // Takes what arrives on this socket until close().
    void serve(UniqueFd socket);
    void close(const std::string& why);

private:
    using Descriptor = UdpFlow::Descriptor;

    [[nodiscard]] asio::awaitable<void> receive(std::shared_ptr<Descriptor> socket);
    void take(const std::shared_ptr<Descriptor>& socket,
              const Datagram& datagram,
              std::string_view bytes);
    [[nodiscard]] std::shared_ptr<UdpFlow> open(const std::shared_ptr<Descriptor>& socket,
                                                const Datagram& datagram,
                                                const policy::Address& asked);
    void refuse(const Datagram& datagram);
    void logRefused(const policy::Host& host, api::Step step, const std::string& reason);
    void tick(Deadlines::Clock::time_point now) override;

    std::shared_ptr<SandboxDoor> m_door;
    int m_port;
    std::function<void(const UdpRefusal&)> m_refuse;
    std::vector<std::shared_ptr<Descriptor>> m_sockets;
    std::map<std::string, std::shared_ptr<UdpFlow>> m_flows; // by the guest's port and destination
    FloodMeter m_refusals{20, 20};
    FloodMeter m_rows{10, 0.5};
    std::array<char, 65536> m_buffer;
};

} // namespace sallyport::egress
