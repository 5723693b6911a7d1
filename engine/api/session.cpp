#include "engine/api/session.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "engine/api/methods.h"
#include "engine/base/log.h"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;

// Failures of the socket are values here: they end the session and nothing else.
constexpr auto Await = asio::as_tuple(asio::use_awaitable);

} // namespace

Session::Session(Socket socket, std::uint64_t id, int peerPid, Callbacks callbacks)
    : m_socket(std::move(socket))
    , m_id(id)
    , m_peerPid(peerPid)
    , m_callbacks(std::move(callbacks))
    , m_somethingQueued(m_socket.get_executor(), asio::steady_timer::time_point::max())
    , m_belowLowWater(m_socket.get_executor(), asio::steady_timer::time_point::max())
{
}

void Session::start()
{
    const auto self = std::static_pointer_cast<Session>(shared_from_this());
    asio::co_spawn(
        m_socket.get_executor(), [self] { return self->readLines(); }, asio::detached);
    asio::co_spawn(
        m_socket.get_executor(), [self] { return self->writeLines(); }, asio::detached);
}

void Session::close(std::string_view why)
{
    if (!m_isOpen)
        return;
    m_isOpen = false;
    // The callbacks below may drop the last owner.
    const auto self = shared_from_this();
    if (!why.empty())
        log::warning("api", "closed the connection of process " + std::to_string(m_peerPid) + ": " +
                                std::string(why));
    boost::system::error_code ignored;
    m_socket.close(ignored);
    m_somethingQueued.cancel();
    m_belowLowWater.cancel();
    m_queued.clear();
    for (const auto& [id, hook] : std::exchange(m_hooks, {}))
        hook();
    m_callbacks.closed(*this);
}

void Session::sendLine(std::string_view line, Delivery delivery)
{
    if (!m_isOpen)
        return;
    if (delivery == Delivery::Droppable && unsent() > LowWaterBytes) {
        ++m_dropped;
        return;
    }
    if (unsent() + line.size() > MostQueuedBytes) {
        close("it does not read what it is sent");
        return;
    }
    m_queued += line;
    m_somethingQueued.cancel();
}

void Session::send(std::string_view event, const Json& parameters)
{
    sendLine(formatEvent(event, parameters));
}

asio::awaitable<bool> Session::drained()
{
    return unsentAtMost(LowWaterBytes);
}

asio::awaitable<bool> Session::unsentAtMost(std::size_t bytes)
{
    const auto self = shared_from_this();
    while (m_isOpen && unsent() > bytes)
        co_await m_belowLowWater.async_wait(Await);
    co_return m_isOpen;
}

Connection::HookId Session::onClosed(std::function<void()> hook)
{
    const HookId id = ++m_lastHook;
    if (m_isOpen)
        m_hooks.emplace(id, std::move(hook));
    else
        hook();
    return id;
}

void Session::forget(HookId hook)
{
    m_hooks.erase(hook);
}

asio::awaitable<void> Session::readLines()
{
    std::string buffer;
    while (m_isOpen) {
        // One byte more than a message for its newline.
        const auto [error, count] = co_await asio::async_read_until(
            m_socket, asio::dynamic_buffer(buffer, MostMessageBytes + 1), '\n', Await);
        if (error == asio::error::not_found) {
            sendLine(formatError(nullptr, RpcCode::ParseError,
                                 {Error::Code::TooLarge, "the message is too long"}));
            co_await unsentAtMost(0);
            close("it sent a message that is too long");
            co_return;
        }
        if (error) {
            close({});
            co_return;
        }
        takeLine(std::string_view(buffer).substr(0, count - 1));
        buffer.erase(0, count);
        // A client that sends and does not read is not read either.
        co_await drained();
    }
}

void Session::takeLine(std::string_view line)
{
    auto parsed = parseRequest(line);
    if (const auto* refusal = std::get_if<RpcRefusal>(&parsed)) {
        sendLine(formatError(refusal->id, refusal->code, {Error::Code::Invalid, refusal->text}));
        return;
    }
    m_callbacks.request(std::static_pointer_cast<Session>(shared_from_this()),
                        std::move(std::get<RpcRequest>(parsed)));
}

asio::awaitable<void> Session::writeLines()
{
    while (m_isOpen) {
        if (m_queued.empty()) {
            co_await m_somethingQueued.async_wait(Await);
            continue;
        }
        m_writing = std::exchange(m_queued, {});
        const auto [error, count] =
            co_await asio::async_write(m_socket, asio::buffer(m_writing), Await);
        m_writing.clear();
        if (error) {
            close({});
            co_return;
        }
        reportGap();
        if (unsent() <= LowWaterBytes)
            m_belowLowWater.cancel();
    }
}

void Session::reportGap()
{
    if (m_dropped == 0 || unsent() > LowWaterBytes)
        return;
    send("log.gap", {{"dropped", std::exchange(m_dropped, 0)}});
}

} // namespace sallyport::api
