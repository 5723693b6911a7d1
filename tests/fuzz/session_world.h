#pragma once

// A whole session of the door between a guest, which sends what the fuzzer wrote and takes what
// comes, and a server that answers every request at once. No network and no clock's help: every
// session ends because the guest does.

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "engine/egress/guest_request.h"
#include "engine/egress/limits.h"
#include "engine/egress/stream.h"

namespace sallyport::fuzz {

namespace asio = boost::asio;

inline void require(bool condition)
{
    if (!condition)
        std::abort();
}

class SessionWorld
{
public:
    explicit SessionWorld(std::string_view fromGuest)
        : m_stream(context, deadlines)
        , m_guest(context)
    {
        std::signal(SIGPIPE, SIG_IGN);
        int pair[2] = {-1, -1};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        require(m_stream.adopt(UniqueFd(pair[0])).has_value());
        m_guest.assign(pair[1]);
        asio::co_spawn(context, send(std::string(fromGuest)), asio::detached);
        asio::co_spawn(context, take(), asio::detached);
    }

    // Until the session has ended and the guest has read all.
    void run(asio::awaitable<void> session)
    {
        asio::co_spawn(context, std::move(session), [this](const std::exception_ptr& error) {
            require(!error);
            m_isOver = true;
            m_stream.closeNow();
        });
        while (!(m_isOver && m_hasRead))
            require(context.run_one() > 0);
        context.poll();
    }

    // Reads the body, answers with its length, and a body of its own.
    asio::awaitable<void> serve(egress::GuestRequest& request)
    {
        ++served;
        require(!request.isHeadSent());
        const egress::RequestHead& head = request.head();
        require(!head.method.empty());
        std::uint64_t bytes = 0;
        auto state = egress::BodySource::State::Blocked;
        while (state != egress::BodySource::State::End &&
               state != egress::BodySource::State::Failed) {
            std::string_view piece;
            state = request.body().next(piece);
            bytes += state == egress::BodySource::State::Piece ? piece.size() : 0;
            if (state == egress::BodySource::State::Blocked)
                co_await request.body().wait();
        }
        if (state == egress::BodySource::State::Failed) {
            request.abort(0);
            co_return;
        }
        if (head.framing.kind == egress::BodyKind::None && head.upgrade.empty())
            require(bytes == 0);
        if (head.framing.kind == egress::BodyKind::Length)
            require(bytes == head.framing.length);
        egress::ResponseHead answer;
        answer.status = 200;
        const std::string text = std::to_string(bytes);
        answer.fields.add("Content-Length", std::to_string(text.size()));
        const bool bodiless = head.method == "HEAD";
        if (!bodiless)
            answer.framing = {egress::BodyKind::Length, text.size()};
        request.sendHead(answer);
        if (!bodiless)
            request.answer().put(text);
        request.answer().finish(nullptr);
        co_await request.answer().flush();
    }

    [[nodiscard]] egress::Stream& stream() { return m_stream; }

    asio::io_context context{1};
    egress::Deadlines deadlines{context.get_executor()};
    egress::DoorLimits limits;
    int served = 0;

private:
    asio::awaitable<void> send(std::string bytes)
    {
        // In two pieces, so that what is cut anywhere is waited for.
        const std::size_t half = bytes.size() / 2;
        const auto rest = asio::buffer(bytes) + half;
        const auto first = co_await asio::async_write(m_guest, asio::buffer(bytes, half),
                                                      asio::as_tuple(asio::use_awaitable));
        if (!std::get<0>(first))
            static_cast<void>(
                co_await asio::async_write(m_guest, rest, asio::as_tuple(asio::use_awaitable)));
        ::shutdown(m_guest.native_handle(), SHUT_WR);
    }

    asio::awaitable<void> take()
    {
        char block[4096];
        for (;;) {
            const auto [error, count] = co_await m_guest.async_read_some(
                asio::buffer(block), asio::as_tuple(asio::use_awaitable));
            if (error)
                break;
            received += count;
        }
        m_hasRead = true;
    }

    egress::Stream m_stream;
    asio::posix::stream_descriptor m_guest;
    std::size_t received = 0;
    bool m_isOver = false;
    bool m_hasRead = false;
};

} // namespace sallyport::fuzz
