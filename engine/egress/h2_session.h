#pragma once

#include <functional>

#include "engine/egress/guest_request.h"
#include "engine/egress/h2_connection.h"
#include "engine/egress/head_parser.h"

namespace sallyport::egress {

// An HTTP/2 connection of a guest. Each request is served by a coroutine of its own, so one that is
// held stops no other.
class H2Session final : public H2Connection
{
public:
    using Serve = std::function<boost::asio::awaitable<void>(GuestRequest&)>;
    // Called for a request whose head is refused; answers it.
    using Refuse = std::function<void(GuestRequest&, const HeadFault&)>;

    H2Session(Stream& stream,
              Deadlines& deadlines,
              const DoorLimits& limits,
              boost::asio::any_io_executor executor,
              Serve serve,
              Refuse refuse);

    class Request;

protected:
    bool beginHeaders(const nghttp2_frame& frame) override;
    void header(H2Stream& stream, std::string_view name, std::string_view value) override;
    void headersComplete(H2Stream& stream, bool endOfStream) override;

private:
    [[nodiscard]] boost::asio::awaitable<void> serveOne(std::shared_ptr<Request> request);

    Serve m_serve;
    Refuse m_refuse;
};

} // namespace sallyport::egress
