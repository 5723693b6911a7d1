#include "engine/egress/body.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

// A transfer between two fast peers never waits; after so much it lets the others run.
constexpr std::int64_t TurnBytes = 512 * 1024;

} // namespace

asio::awaitable<PumpEnd> pump(BodySource& from, BodySink& to, std::int64_t& bytes)
{
    std::int64_t turn = 0;
    for (;;) {
        std::string_view piece;
        switch (from.next(piece)) {
        case BodySource::State::Piece:
            bytes += static_cast<std::int64_t>(piece.size());
            turn += static_cast<std::int64_t>(piece.size());
            to.put(piece);
            if (to.isFull())
                co_await to.flush();
            break;
        case BodySource::State::End:
            to.finish(from.trailers());
            co_await to.flush();
            co_return to.isBroken() ? PumpEnd::SinkBroken : PumpEnd::Complete;
        case BodySource::State::Blocked:
            // What came so far goes on at once: an event stream must not sit in a buffer.
            co_await to.flush();
            if (!to.isBroken())
                co_await from.wait();
            break;
        case BodySource::State::Failed:
            co_return PumpEnd::SourceFailed;
        }
        if (to.isBroken())
            co_return PumpEnd::SinkBroken;
        if (turn >= TurnBytes) {
            turn = 0;
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
    }
}

} // namespace sallyport::egress
