#include "engine/egress/tunnel.h"

#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "engine/egress/event.h"

namespace sallyport::egress {

namespace {

asio::awaitable<std::string>
copy(Stream& from, Stream& to, const DoorLimits& limits, std::int64_t& bytes)
{
    std::unique_ptr<char[]> buffer;
    std::size_t turn = 0;
    for (;;) {
        if (!buffer)
            buffer = std::make_unique_for_overwrite<char[]>(limits.bufferBytes);
        std::size_t count = 0;
        const Stream::Io io = from.tryRead(buffer.get(), limits.bufferBytes, count);
        if (io == Stream::Io::Done) {
            const std::string_view piece(buffer.get(), count);
            const bool sent = co_await to.writeAll(piece, limits.stalled);
            if (!sent)
                co_return to.isTimedOut() ? "the other side takes nothing" : "a side hung up";
            bytes += static_cast<std::int64_t>(count);
            turn += count;
            if (turn > 256 * 1024) {
                turn = 0;
                co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            }
        } else if (io == Stream::Io::Blocked) {
            buffer.reset();
            const bool ready = co_await from.waitReadable(limits.tunnelIdle);
            if (!ready)
                co_return from.isTimedOut() ? "nothing moved for too long" : "the tunnel was cut";
        } else {
            to.shutdownWrite();
            co_return io == Stream::Io::End ? std::string() : from.failure();
        }
    }
}

} // namespace

asio::awaitable<std::string>
tunnel(Stream& guest, Stream& upstream, const DoorLimits& limits, TunnelCounts& counts)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    Event downDone(executor);
    std::string downFault;
    asio::co_spawn(executor, copy(upstream, guest, limits, counts.fromUpstream),
                   [&](const std::exception_ptr&, std::string fault) {
                       downFault = std::move(fault);
                       if (!downFault.empty())
                           guest.closeNow();
                       downDone.set();
                   });
    std::string fault = co_await copy(guest, upstream, limits, counts.fromGuest);
    if (!fault.empty())
        upstream.closeNow();
    co_await downDone.wait();
    guest.closeNow();
    upstream.closeNow();
    co_return fault.empty() ? downFault : fault;
}

} // namespace sallyport::egress
