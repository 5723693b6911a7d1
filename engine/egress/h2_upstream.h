#pragma once

#include <deque>
#include <memory>
#include <string>

#include "engine/egress/h2_connection.h"
#include "engine/egress/upstream_request.h"

namespace sallyport::egress {

// An HTTP/2 connection to an upstream, shared by the requests of one sandbox.
class H2Upstream final : public H2Connection
{
public:
    H2Upstream(std::unique_ptr<Stream> stream,
               std::string address,
               std::string tlsText,
               Deadlines& deadlines,
               const DoorLimits& limits,
               boost::asio::any_io_executor executor);

    [[nodiscard]] bool hasRoom() const;
    // The peer takes WebSockets as streams (RFC 8441).
    [[nodiscard]] bool takesWebSockets() const;
    [[nodiscard]] std::unique_ptr<UpstreamRequest> open();
    [[nodiscard]] const std::string& address() const { return m_address; }
    [[nodiscard]] const std::string& tlsText() const { return m_tlsText; }

    // Runs the connection and closes its stream.
    [[nodiscard]] boost::asio::awaitable<void> runToEnd();

protected:
    bool beginHeaders(const nghttp2_frame& frame) override;
    void header(H2Stream& stream, std::string_view name, std::string_view value) override;
    void headersComplete(H2Stream& stream, bool endOfStream) override;

private:
    class Answer;
    class Request;

    std::unique_ptr<Stream> m_stream;
    std::string m_address;
    std::string m_tlsText;
};

} // namespace sallyport::egress
