#pragma once

#include <cstdint>

#include "engine/base/result.h"
#include "engine/egress/body.h"
#include "engine/egress/message.h"

namespace sallyport::egress {

// One request to an upstream on a connection that is open and verified. Destroying it before the
// exchange is complete closes the connection (HTTP/1) or resets the stream (HTTP/2); after that the
// connection goes back to the pool by itself.
class UpstreamRequest
{
public:
    virtual ~UpstreamRequest() = default;

    // Queues the head; goes out with the next flush of body(). `host` is the authority to send.
    virtual void sendHead(const RequestHead& head, std::string_view host) = 0;
    [[nodiscard]] virtual BodySink& body() = 0;

    // The next head of the answer, interim ones included.
    [[nodiscard]] virtual boost::asio::awaitable<Status> readHead(ResponseHead& out) = 0;
    [[nodiscard]] virtual BodySource& answer() = 0;

    // Ends everything at once; whoever waits gets an error.
    virtual void abort() = 0;

    // The error code by which an HTTP/2 upstream reset the stream; 0 where it did not.
    [[nodiscard]] virtual std::uint32_t resetCode() const { return 0; }

    // readHead() failed in a way that says the upstream has not looked at the request (a kept
    // connection that had been closed meanwhile, a refused stream).
    [[nodiscard]] virtual bool isSafeToRetry() const = 0;

    [[nodiscard]] virtual const std::string& address() const = 0; // "203.0.113.7:443"
    [[nodiscard]] virtual const std::string& tlsText() const = 0; // for the log; empty without TLS

    // After a 101: from here on body() and answer() carry bytes of the new protocol, each until its
    // side ends.
    virtual void startRaw() = 0;
};

} // namespace sallyport::egress
