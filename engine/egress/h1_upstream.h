#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/egress/h1_body.h"
#include "engine/egress/upstream_proxy.h"
#include "engine/egress/upstream_request.h"

namespace sallyport::egress {

// An HTTP/1.1 connection to an upstream. Carries one request at a time.
struct H1Upstream
{
    H1Upstream(std::unique_ptr<Stream> connected,
               std::string dialled,
               std::string tls,
               const DoorLimits& limits)
        : stream(std::move(connected))
        , reader(*stream, limits)
        , writer(*stream, limits)
        , address(std::move(dialled))
        , tlsText(std::move(tls))
    {
    }

    // Nothing was closed or sent by the other side while nobody looked.
    [[nodiscard]] bool isQuiet() const;

    std::unique_ptr<Stream> stream;
    H1Reader reader;
    H1Writer writer;
    std::string address;
    std::string tlsText;
    std::optional<ForwardedBy> forwardedBy;
    bool used = false; // has carried a request before
    Deadlines::Clock::time_point idleSince{};
};

class H1UpstreamRequest final : public UpstreamRequest
{
public:
    // `giveBack` gets the connection when it can be used again.
    using GiveBack = std::function<void(std::unique_ptr<H1Upstream>)>;
    H1UpstreamRequest(std::unique_ptr<H1Upstream> connection,
                      const DoorLimits& limits,
                      GiveBack giveBack);
    ~H1UpstreamRequest() override;

    void sendHead(const RequestHead& head, std::string_view host) override;
    BodySink& body() override { return m_connection->writer; }
    boost::asio::awaitable<Status> readHead(ResponseHead& out) override;
    BodySource& answer() override { return m_connection->reader; }
    void abort() override;
    bool isSafeToRetry() const override { return m_safeToRetry; }
    const std::string& address() const override { return m_connection->address; }
    const std::string& tlsText() const override { return m_connection->tlsText; }
    void startRaw() override;

private:
    [[nodiscard]] std::string closedText() const;

    std::unique_ptr<H1Upstream> m_connection;
    const DoorLimits& m_limits;
    GiveBack m_giveBack;
    std::string m_method;
    std::string m_webSocketKey; // where the door asks for the upgrade in HTTP/1.1 terms
    bool m_finalHead = false;
    bool m_keepAlive = false;
    bool m_safeToRetry = false;
    bool m_raw = false;
};

} // namespace sallyport::egress
