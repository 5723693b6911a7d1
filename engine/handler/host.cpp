#include "engine/handler/host.h"

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace sallyport::handler {

namespace asio = boost::asio;

namespace {
constexpr std::size_t ReadBytes = 128 * 1024;
// Past this a host does not read what it is sent, and is taken for stuck.
constexpr std::size_t MostOutput = 64 * 1024 * 1024;
} // namespace

Host::Host(const asio::any_io_executor& executor,
           std::unique_ptr<Process> process,
           HandlerLimits limits)
    : m_executor(executor)
    , m_process(std::move(process))
    , m_limits(limits)
    , m_socket(executor, m_process->takeSocket().release())
{
}

Host::~Host() = default;

void Host::run(Ready ready, Line line, Gone gone)
{
    m_ready = std::move(ready);
    m_line = std::move(line);
    m_gone = std::move(gone);
    asio::co_spawn(
        m_executor, [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->read(); },
        asio::detached);
}

std::uint32_t Host::begin(CallPeer& peer)
{
    m_calls[++m_lastCall] = Call{&peer};
    return m_lastCall;
}

void Host::end(std::uint32_t call)
{
    if (m_calls.erase(call) == 0)
        return;
    send(FrameType::Release, 0, call, {});
    if (m_calls.empty())
        m_idleSince = std::chrono::steady_clock::now();
}

void Host::send(FrameType type,
                std::uint32_t id,
                std::uint32_t call,
                std::string_view head,
                std::string_view tail)
{
    if (m_isGone)
        return;
    appendFrame(m_out, type, id, call, head, tail);
    if (std::exchange(m_isFlushing, true))
        return;
    // What this turn has to say goes out together.
    asio::post(m_executor, [weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->flush();
    });
}

void Host::flush()
{
    std::size_t sent = 0;
    while (!m_isGone && sent < m_out.size()) {
        const ssize_t count = ::send(m_socket.native_handle(), m_out.data() + sent,
                                     m_out.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break; // full, or gone: reading finds out which
        sent += static_cast<std::size_t>(count);
    }
    m_out.erase(0, sent);
    if (m_isGone || m_out.empty()) {
        m_isFlushing = false;
        return;
    }
    if (m_out.size() > MostOutput) {
        m_isFlushing = false;
        stop("the handlers' process does not read what it is sent");
        return;
    }
    m_socket.async_wait(asio::posix::stream_descriptor::wait_write,
                        [weak = weak_from_this()](const boost::system::error_code&) {
                            if (const auto self = weak.lock())
                                self->flush();
                        });
}

asio::awaitable<void> Host::read()
{
    std::vector<char> buffer(ReadBytes);
    while (!m_isGone) {
        const ssize_t count =
            ::recv(m_socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            const auto [error] =
                co_await m_socket.async_wait(asio::posix::stream_descriptor::wait_read,
                                             asio::as_tuple(asio::use_awaitable));
            static_cast<void>(error);
            continue;
        }
        if (count <= 0) {
            stop("the handlers' process crashed");
            break;
        }
        std::string_view input(buffer.data(), static_cast<std::size_t>(count));
        Frame frame;
        for (bool more = true; more && !m_isGone;) {
            switch (m_parser.next(input, frame)) {
            case FrameParser::Event::Frame:
                dispatch(frame);
                break;
            case FrameParser::Event::NeedMore:
                more = false;
                break;
            case FrameParser::Event::Broken:
                stop("the handlers' process sent something that makes no sense");
                break;
            }
        }
        // Others on this thread go first.
        co_await asio::post(m_executor, asio::use_awaitable);
    }
}

std::string Host::limitText() const
{
    return fmt::format("the handler used more than {} ms of processor time",
                       m_limits.processorTime.count());
}

void Host::dispatch(const Frame& frame)
{
    if (frame.type == FrameType::Ready || frame.type == FrameType::Failed) {
        if (const Ready ready = std::exchange(m_ready, nullptr))
            ready(frame);
        return;
    }
    if (frame.type == FrameType::Spent) {
        stop(limitText());
        return;
    }
    const auto found = m_calls.find(frame.call);
    if (found != m_calls.end()) {
        found->second.waited = {};
        found->second.peer->onFrame(frame);
    } else if (frame.type == FrameType::Console && m_line) {
        m_line(frame);
    } else if (frame.type == FrameType::Fetch) {
        send(FrameType::FetchFailed, frame.id, frame.call, "fetch() outside of a request");
    } else if (frame.type == FrameType::Op) {
        send(FrameType::OpFailed, frame.id, frame.call, "this belongs to a request that is over");
    } else if (frame.type == FrameType::Pull) {
        send(FrameType::PieceFailed, frame.id, frame.call, "the request is over");
    }
}

void Host::watchProcessor()
{
    const SharedPage page = m_process->page();
    const auto used = m_process->processorTime();
    if (page.call == 0 || page.entry != m_watchedEntry) {
        m_watchedEntry = page.entry;
        m_watchedFrom = used;
        return;
    }
    // The process stops itself at the limit, unless it sits in something that never looks at the
    // clock, as a regular expression can. Its collector's threads count here too.
    if (m_limits.processorTime.count() > 0 &&
        used - m_watchedFrom > 3 * m_limits.processorTime + std::chrono::milliseconds(100))
        stop(limitText());
}

void Host::check(std::chrono::steady_clock::time_point now)
{
    const auto since = now - std::exchange(m_lastCheck, now);
    if (m_isGone)
        return;
    if (m_process->memoryBytes() > m_limits.memoryBytes) {
        stop(fmt::format("the handler used more than {} MiB of memory",
                         m_limits.memoryBytes / (1024 * 1024)));
        return;
    }
    watchProcessor();
    std::vector<std::uint32_t> late;
    for (auto& [id, call] : m_calls) {
        call.waited = call.peer->isWaiting() ? std::chrono::steady_clock::duration{}
                                             : call.waited + since;
        if (call.waited > m_limits.wallTime)
            late.push_back(id);
    }
    for (const std::uint32_t id : late) {
        const auto found = m_calls.find(id);
        if (found == m_calls.end())
            continue;
        CallPeer* peer = found->second.peer;
        end(id);
        peer->onLost(fmt::format("the handler did not answer within {} s",
                                 m_limits.wallTime.count()),
                     true);
    }
}

void Host::stop(const std::string& reason)
{
    if (std::exchange(m_isGone, true))
        return;
    const auto self = shared_from_this();
    const std::uint32_t running = m_process->page().call;
    m_process->kill();
    boost::system::error_code ignored;
    m_socket.close(ignored);
    const bool isKnown = m_calls.contains(running);
    const auto calls = std::exchange(m_calls, {});
    for (const auto& [id, call] : calls)
        call.peer->onLost(reason, !isKnown || id == running);
    if (const Gone gone = std::exchange(m_gone, nullptr))
        gone(reason);
    m_ready = nullptr;
    m_line = nullptr;
}

} // namespace sallyport::handler
