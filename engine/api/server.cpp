#include "engine/api/server.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/api/methods.h"
#include "engine/api/session.h"
#include "engine/base/log.h"
#include "engine/base/unique_fd.h"

namespace sallyport::api {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

constexpr auto Await = asio::as_tuple(asio::use_awaitable);

bool isKnown(std::string_view name)
{
    for (const MethodInfo& method : Methods)
        if (method.name == name)
            return true;
    return false;
}

// Bound beside its place and renamed over what a dead engine left, so that there is no moment
// without a socket and nobody else's is removed.
Result<UniqueFd> bindSocket(const std::filesystem::path& path)
{
    const std::string name = path.string() + "." + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof(address.sun_path))
        return fail(Error::Code::Invalid, "the socket's path is too long: " + path.string());
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.isOpen())
        return failErrno("make a socket", errno);
    ::unlink(name.c_str());
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return failErrno("bind " + name, errno);
    // Nobody can connect before listen().
    if (::chmod(name.c_str(), 0600) != 0 || ::listen(fd.get(), SOMAXCONN) != 0 ||
        ::rename(name.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(name.c_str());
        return failErrno("listen on " + path.string(), error);
    }
    return fd;
}

std::optional<ucred> peerOf(int fd)
{
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return std::nullopt;
    return peer;
}

RpcCode rpcCode(const Error& error)
{
    return error.code == Error::Code::Invalid ? RpcCode::InvalidParams : RpcCode::ApplicationError;
}

} // namespace

// Shared with the coroutines that may outlive the Server: they find it closed and end.
class Server::State : public std::enable_shared_from_this<State>
{
public:
    State(asio::io_context& loop, UniqueFd socket, std::filesystem::path path, EngineLock lock)
        : m_loop(loop)
        , m_acceptor(loop, stream_protocol(), socket.release())
        , m_path(std::move(path))
        , m_lock(std::move(lock))
    {
    }

    void start()
    {
        m_handlers["engine.subscribe"] = [this](Connection& connection, Json parameters) {
            return subscribe(static_cast<Session&>(connection), std::move(parameters));
        };
        asio::co_spawn(
            m_loop, [self = shared_from_this()] { return self->acceptAll(); }, asio::detached);
    }

    void stopAccepting()
    {
        if (!m_acceptor.is_open())
            return;
        ::unlink(m_path.c_str());
        boost::system::error_code ignored;
        m_acceptor.close(ignored);
    }

    void close()
    {
        stopAccepting();
        m_answerersChanged = nullptr;
        for (const auto& session : sessions())
            session->close({});
        m_lock.reset();
    }

    void registerMethod(std::string_view name, Handler handler)
    {
        if (!isKnown(name))
            throw std::logic_error("not in methods.h: " + std::string(name));
        m_handlers[std::string(name)] = std::move(handler);
    }

    void broadcast(std::string_view event, Json parameters)
    {
        if (m_subscribers == 0)
            return;
        asio::dispatch(m_loop,
                       [self = shared_from_this(), name = std::string(event),
                        parameters = std::move(parameters)] { self->deliver(name, parameters); });
    }

    [[nodiscard]] std::size_t subscriberCount() const { return m_subscribers; }
    [[nodiscard]] std::size_t answererCount() const { return m_answerers; }
    void onAnswerersChanged(std::function<void(std::size_t)> callback)
    {
        m_answerersChanged = std::move(callback);
    }

    [[nodiscard]] asio::awaitable<void> shutdown()
    {
        const auto self = shared_from_this();
        stopAccepting();
        asio::steady_timer timer(m_loop);
        for (int i = 0; i < 100 && isAnswering(); ++i) {
            timer.expires_after(std::chrono::milliseconds(10));
            co_await timer.async_wait(Await);
        }
        close();
    }

private:
    // A copy: closing one changes the map.
    [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions() const
    {
        std::vector<std::shared_ptr<Session>> all;
        for (const auto& [id, session] : m_sessions)
            all.push_back(session);
        return all;
    }

    [[nodiscard]] bool isAnswering() const
    {
        for (const auto& [id, session] : m_sessions)
            if (session->running > 0 || session->hasUnsent())
                return true;
        return false;
    }

    [[nodiscard]] asio::awaitable<void> acceptAll()
    {
        asio::steady_timer pause(m_loop);
        while (m_acceptor.is_open()) {
            const auto [error] = co_await m_acceptor.async_wait(stream_protocol::acceptor::wait_read, Await);
            if (error || !m_acceptor.is_open())
                co_return;
            // Not async_accept(): what that makes is inherited by the programs that the engine starts.
            UniqueFd client(::accept4(m_acceptor.native_handle(), nullptr, nullptr,
                                      SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (client.isOpen()) {
                welcome(Session::Socket(m_loop, stream_protocol(), client.release()));
                continue;
            }
            if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
                continue;
            log::warning("api", std::string("accept: ") + std::strerror(errno));
            pause.expires_after(std::chrono::milliseconds(100)); // out of descriptors, say
            co_await pause.async_wait(Await);
        }
    }

    void welcome(Session::Socket socket)
    {
        const auto peer = peerOf(socket.native_handle());
        if (!peer || peer->uid != ::geteuid()) {
            log::warning("api", "turned away a client of another user");
            return;
        }
        if (m_sessions.size() >= MostConnections) {
            log::warning("api", "turned away a client: too many connections");
            return;
        }
        const std::uint64_t id = ++m_lastSession;
        Session::Callbacks callbacks{
            [weak = weak_from_this()](const std::shared_ptr<Session>& session, RpcRequest request) {
                if (const auto self = weak.lock())
                    self->startRequest(session, std::move(request));
            },
            [weak = weak_from_this()](Session& session) {
                if (const auto self = weak.lock())
                    self->forget(session);
            }};
        auto session =
            std::make_shared<Session>(std::move(socket), id, peer->pid, std::move(callbacks));
        m_sessions.emplace(id, session);
        session->start();
    }

    void startRequest(const std::shared_ptr<Session>& session, RpcRequest request)
    {
        const auto handler = m_handlers.find(request.method);
        if (handler == m_handlers.end()) {
            answer(*session, request.id, RpcCode::MethodNotFound,
                   {Error::Code::Invalid, "no such method: " + request.method});
            return;
        }
        if (session->running >= MostRunning) {
            answer(*session, request.id, RpcCode::ApplicationError,
                   {Error::Code::Unavailable, "too many requests at once"});
            return;
        }
        ++session->running;
        asio::co_spawn(m_loop,
                       run(shared_from_this(), session, handler->second, std::move(request)),
                       asio::detached);
    }

    // The state keeps the handler's object alive while its coroutine runs.
    static asio::awaitable<void> run(std::shared_ptr<State> /*state*/,
                                     std::shared_ptr<Session> session,
                                     const Handler& handler,
                                     RpcRequest request)
    {
        Result<Json> result = fail(Error::Code::Internal, "the engine failed at this request");
        try {
            result = co_await handler(*session, std::move(request.parameters));
        } catch (const std::exception& bug) {
            log::error("api", request.method + ": " + bug.what());
        }
        --session->running;
        if (!result) {
            answer(*session, request.id, rpcCode(result.error()), result.error());
        } else if (request.id) {
            const std::string line = formatResult(*request.id, *result);
            if (line.size() <= MostMessageBytes + 1)
                session->sendLine(line);
            else
                answer(*session, request.id, RpcCode::ApplicationError,
                       {Error::Code::TooLarge, "the answer is too large for one message"});
        }
    }

    static void
    answer(Session& session, const std::optional<Json>& id, RpcCode code, const Error& error)
    {
        if (id)
            session.sendLine(formatError(*id, code, error));
    }

    asio::awaitable<Result<Json>> subscribe(Session& session, Json parameters)
    {
        const auto canAnswer = optionalMember<bool>(parameters, "canAnswer");
        if (!canAnswer)
            co_return tl::unexpected<Error>(canAnswer.error());
        if (session.isOpen()) {
            session.isSubscribed = true;
            session.canAnswer = canAnswer->value_or(true);
            recount();
        }
        co_return Json::object();
    }

    void deliver(const std::string& event, const Json& parameters)
    {
        const std::string line = formatEvent(event, parameters);
        if (line.size() > MostMessageBytes + 1) {
            log::error("api", "an event is too large to be sent: " + event);
            return;
        }
        const auto delivery =
            event == "log.row" ? Session::Delivery::Droppable : Session::Delivery::Sure;
        for (const auto& session : sessions())
            if (session->isSubscribed)
                session->sendLine(line, delivery);
    }

    void forget(Session& session)
    {
        m_sessions.erase(session.id());
        recount();
    }

    void recount()
    {
        std::size_t subscribers = 0;
        std::size_t answerers = 0;
        for (const auto& [id, session] : m_sessions) {
            subscribers += session->isSubscribed ? 1U : 0U;
            answerers += session->isSubscribed && session->canAnswer ? 1U : 0U;
        }
        m_subscribers = subscribers;
        if (std::exchange(m_answerers, answerers) != answerers && m_answerersChanged)
            m_answerersChanged(answerers);
    }

    asio::io_context& m_loop;
    stream_protocol::acceptor m_acceptor;
    const std::filesystem::path m_path;
    std::optional<EngineLock> m_lock;
    std::map<std::string, Handler, std::less<>> m_handlers;
    std::map<std::uint64_t, std::shared_ptr<Session>> m_sessions;
    std::uint64_t m_lastSession = 0;
    std::atomic<std::size_t> m_subscribers = 0; // read by broadcast on any thread
    std::size_t m_answerers = 0;
    std::function<void(std::size_t)> m_answerersChanged;
};

Result<std::unique_ptr<Server>>
Server::listen(asio::io_context& loop, const std::filesystem::path& socket, EngineLock lock)
{
    auto fd = bindSocket(socket);
    if (!fd)
        return tl::unexpected<Error>(std::move(fd.error()));
    auto state = std::make_shared<State>(loop, std::move(*fd), socket, std::move(lock));
    state->start();
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<State> state)
    : m_state(std::move(state))
{
}

Server::~Server()
{
    m_state->close();
}

void Server::registerMethod(std::string_view name, Handler handler)
{
    m_state->registerMethod(name, std::move(handler));
}

void Server::broadcast(std::string_view event, Json parameters)
{
    m_state->broadcast(event, std::move(parameters));
}

std::size_t Server::subscriberCount() const
{
    return m_state->subscriberCount();
}

std::size_t Server::answererCount() const
{
    return m_state->answererCount();
}

void Server::onAnswerersChanged(std::function<void(std::size_t)> callback)
{
    m_state->onAnswerersChanged(std::move(callback));
}

asio::awaitable<void> Server::shutdown()
{
    return m_state->shutdown();
}

} // namespace sallyport::api
