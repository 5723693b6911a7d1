#pragma once

// How a body moves through the door: a source is asked for the next piece, a sink takes it, and
// neither holds more than a bounded buffer. Both are used by one coroutine at a time on the network
// thread, and answer without waiting; waiting is a call of its own. So a body that is there already
// passes without a single suspension.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "engine/egress/fields.h"

namespace sallyport::egress {

class BodySource
{
public:
    enum class State
    {
        Piece,   // `piece` holds until the next call
        End,     // complete; trailers() may be read
        Blocked, // call wait()
        Failed,  // cut off or malformed; fault() says why
    };

    virtual ~BodySource() = default;
    [[nodiscard]] virtual State next(std::string_view& piece) = 0;
    // Returns when next() may have news.
    [[nodiscard]] virtual boost::asio::awaitable<void> wait() = 0;
    // Null without trailers.
    [[nodiscard]] virtual const Fields* trailers() const = 0;
    [[nodiscard]] virtual std::string fault() const = 0;
};

class BodySink
{
public:
    virtual ~BodySink() = default;
    // Takes all of the piece; what can't be sent at once is kept. Nothing happens once isBroken().
    virtual void put(std::string_view piece) = 0;
    // The end of the body. Trailers are dropped where the protocol has no place for them.
    virtual void finish(const Fields* trailers) = 0;
    // More is waiting to be sent than should be: flush() before the next put().
    [[nodiscard]] virtual bool isFull() const = 0;
    // Sends what is kept; returns when there is room again or the peer is lost.
    [[nodiscard]] virtual boost::asio::awaitable<void> flush() = 0;
    [[nodiscard]] virtual bool isBroken() const = 0;
};

enum class PumpEnd
{
    Complete,
    SourceFailed,
    SinkBroken,
};

// Moves a body to its end and counts its bytes as they pass.
[[nodiscard]] boost::asio::awaitable<PumpEnd>
pump(BodySource& from, BodySink& to, std::int64_t& bytes);

} // namespace sallyport::egress
