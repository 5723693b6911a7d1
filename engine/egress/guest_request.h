#pragma once

#include <cstdint>
#include <functional>

#include "engine/egress/body.h"
#include "engine/egress/message.h"

namespace sallyport::egress {

// One request of a guest and the way to answer it, whatever protocol carries it. Implemented by the
// HTTP/1 and HTTP/2 sessions; used by one exchange on the network thread. Answering never waits:
// what is queued goes out with the next flush of answer().
class GuestRequest
{
public:
    virtual ~GuestRequest() = default;

    [[nodiscard]] virtual const RequestHead& head() const = 0;
    [[nodiscard]] virtual BodySource& body() = 0;

    // An interim answer (1xx other than 101).
    virtual void sendInterim(const ResponseHead& head) = 0;
    // The head of the answer. Its framing says how long the body is; the session chooses how to
    // say so.
    virtual void sendHead(const ResponseHead& head) = 0;
    [[nodiscard]] virtual bool isHeadSent() const = 0;
    [[nodiscard]] virtual BodySink& answer() = 0;

    // The answer can't be completed: lets the client see that it was cut off, by `errorCode` where
    // it is spoken to in HTTP/2 (0: by one of ours).
    virtual void abort(std::uint32_t errorCode = 0) = 0;

    // Called once when the client has gone, or is made to go. Null takes it back. While the
    // request is held an end of the client's side counts; later only the loss of the connection.
    virtual void onHangUp(std::function<void()> handler, bool halfCloseCounts) = 0;
    [[nodiscard]] virtual bool isGone() const = 0;

    // After a 101 has been sent: from here on body() and answer() carry bytes of the new protocol,
    // each until its side ends.
    virtual void startRaw() = 0;
};

} // namespace sallyport::egress
