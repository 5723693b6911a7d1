#include "engine/api/client.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/api/methods.h"
#include "engine/api/rpc.h"
#include "engine/base/unique_fd.h"

namespace sallyport::api {
namespace {

Result<UniqueFd> connectSocket(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.size() >= sizeof(address.sun_path))
        return fail(Error::Code::Invalid, "the socket's path is too long: " + name);
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);

    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.isOpen())
        return failErrno("make a socket", errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return fail(Error::Code::Unavailable, "no engine listens on " + name);
        if (errno == EAGAIN)
            return fail(Error::Code::Unavailable, "the engine on " + name + " is too busy");
        return failErrno("connect to " + name, errno);
    }
    return fd;
}

Result<ucred> peerOf(int fd)
{
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return failErrno("ask who listens", errno);
    return peer;
}

} // namespace

// The thread and what it shares. The mutex guards everything below it.
class Client::Session
{
public:
    Session(UniqueFd socket, UniqueFd wake, int pid, EventHandler onEvent, ClosedHandler onClosed)
        : m_socket(std::move(socket))
        , m_wake(std::move(wake))
        , m_pid(pid)
        , m_onEvent(std::move(onEvent))
        , m_onClosed(std::move(onClosed))
        , m_thread([this] { run(); })
    {
    }

    ~Session()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        wake();
        m_thread.join();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // The request's id. Whatever goes wrong reaches the reply by way of the thread.
    std::int64_t send(std::string_view method, const Json& parameters, Reply reply)
    {
        const std::lock_guard lock(m_mutex);
        const std::int64_t id = ++m_lastId;
        std::string line = formatRequest(id, method, parameters);
        if (m_closed)
            m_refused.emplace_back(std::move(reply), *m_closed);
        else if (line.size() > MostMessageBytes)
            m_refused.emplace_back(std::move(reply),
                                   Error{Error::Code::TooLarge, "the request is too large"});
        else if (m_out.size() + line.size() > MostUnsentBytes)
            m_refused.emplace_back(
                std::move(reply),
                Error{Error::Code::Unavailable, "the engine does not take more requests"});
        else {
            m_out += line;
            m_pending.emplace(id, std::move(reply));
        }
        wake();
        return id;
    }

    void forget(std::int64_t id)
    {
        const std::lock_guard lock(m_mutex);
        m_pending.erase(id);
    }

    [[nodiscard]] bool isOpen() const
    {
        const std::lock_guard lock(m_mutex);
        return !m_closed;
    }
    [[nodiscard]] int pid() const { return m_pid; }
    [[nodiscard]] bool isOwnThread() const
    {
        return std::this_thread::get_id() == m_thread.get_id();
    }

private:
    void wake()
    {
        const std::uint64_t one = 1;
        // A full counter wakes as well.
        [[maybe_unused]] const auto written = ::write(m_wake.get(), &one, sizeof(one));
    }

    void run()
    {
        while (!isStopping()) {
            waitForWork();
            deliverRefused();
            if (!isOpen())
                continue;
            if (auto done = pump(); !done)
                close(std::move(done.error()), true);
        }
        close({Error::Code::Unavailable, "the connection to the engine was closed"}, false);
        deliverRefused();
    }

    bool isStopping() const
    {
        const std::lock_guard lock(m_mutex);
        return m_stopping;
    }

    void waitForWork()
    {
        std::array<pollfd, 2> wanted{};
        wanted[0] = {m_wake.get(), POLLIN, 0};
        {
            const std::lock_guard lock(m_mutex);
            const bool sending = !m_out.empty();
            // A closed socket would be ready for ever.
            wanted[1] = {m_closed ? -1 : m_socket.get(),
                         static_cast<short>(POLLIN | (sending ? POLLOUT : 0)), 0};
        }
        ::poll(wanted.data(), wanted.size(), -1);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(m_wake.get(), &count, sizeof(count));
    }

    void deliverRefused()
    {
        std::vector<std::pair<Reply, Error>> refused;
        {
            const std::lock_guard lock(m_mutex);
            refused.swap(m_refused);
        }
        for (auto& [reply, error] : refused)
            reply(tl::unexpected<Error>(std::move(error)));
    }

    // Sends and receives what goes without waiting.
    Status pump()
    {
        if (auto sent = writeSome(); !sent)
            return sent;
        return readSome();
    }

    Status writeSome()
    {
        const std::lock_guard lock(m_mutex);
        std::size_t done = 0;
        while (done < m_out.size()) {
            const auto count = ::send(m_socket.get(), m_out.data() + done, m_out.size() - done,
                                      MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                break;
            if (count < 0)
                return fail(Error::Code::Unavailable, "the engine has gone away");
            done += static_cast<std::size_t>(count);
        }
        m_out.erase(0, done);
        return {};
    }

    Status readSome()
    {
        std::array<char, 65536> chunk{};
        for (;;) {
            const auto count = ::recv(m_socket.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                return {};
            if (count <= 0)
                return fail(Error::Code::Unavailable, "the engine has gone away");
            m_in.append(chunk.data(), static_cast<std::size_t>(count));
            if (auto taken = takeLines(); !taken)
                return taken;
            if (isStopping())
                return {};
        }
    }

    Status takeLines()
    {
        std::size_t start = 0;
        for (;;) {
            const auto end = m_in.find('\n', std::max(start, m_searched));
            if (end == std::string::npos)
                break;
            if (auto taken = takeLine(std::string_view(m_in).substr(start, end - start)); !taken)
                return taken;
            start = end + 1;
        }
        m_in.erase(0, start);
        m_searched = m_in.size();
        if (m_in.size() > MostMessageBytes)
            return fail(Error::Code::Io, "the engine sent a message that is too long");
        return {};
    }

    Status takeLine(std::string_view line)
    {
        auto message = parseReplyOrEvent(line);
        if (!message)
            return fail("the engine sent something unreadable", std::move(message.error()));
        if (const auto* event = std::get_if<RpcEvent>(&*message)) {
            if (m_onEvent)
                m_onEvent(event->name, event->parameters);
            return {};
        }
        auto& answer = std::get<RpcReply>(*message);
        if (auto reply = takePending(answer.id))
            (*reply)(std::move(answer.result));
        return {};
    }

    // Unset for a call that no longer waits.
    std::optional<Reply> takePending(std::int64_t id)
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_pending.find(id);
        if (found == m_pending.end())
            return std::nullopt;
        Reply reply = std::move(found->second);
        m_pending.erase(found);
        return reply;
    }

    void close(Error why, bool tell)
    {
        std::map<std::int64_t, Reply> pending;
        {
            const std::lock_guard lock(m_mutex);
            if (!m_closed)
                m_closed = why;
            pending.swap(m_pending);
            m_out.clear();
        }
        ::shutdown(m_socket.get(), SHUT_RDWR);
        for (auto& [id, reply] : pending)
            reply(tl::unexpected<Error>(why));
        if (tell && m_onClosed)
            m_onClosed(std::move(why));
    }

    UniqueFd m_socket;
    UniqueFd m_wake;
    const int m_pid;
    const EventHandler m_onEvent;
    const ClosedHandler m_onClosed;
    std::string m_in;           // the thread's own
    std::size_t m_searched = 0; // this much of m_in holds no newline

    mutable std::mutex m_mutex;
    std::int64_t m_lastId = 0;
    std::string m_out;
    std::map<std::int64_t, Reply> m_pending;
    std::vector<std::pair<Reply, Error>> m_refused;
    std::optional<Error> m_closed;
    bool m_stopping = false;

    std::thread m_thread; // last: it uses all of the above
};

Result<std::unique_ptr<Client>>
Client::connect(const std::filesystem::path& socket, EventHandler onEvent, ClosedHandler onClosed)
{
    auto fd = connectSocket(socket);
    if (!fd)
        return tl::unexpected<Error>(std::move(fd.error()));
    const auto peer = peerOf(fd->get());
    if (!peer)
        return tl::unexpected<Error>(peer.error());
    if (peer->uid != ::geteuid())
        return fail(Error::Code::Refused, socket.string() + " belongs to another user");
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.isOpen())
        return failErrno("make an eventfd", errno);
    auto session = std::make_unique<Session>(std::move(*fd), std::move(wake), peer->pid,
                                             std::move(onEvent), std::move(onClosed));
    return std::unique_ptr<Client>(new Client(std::move(session)));
}

Client::Client(std::unique_ptr<Session> session)
    : m_session(std::move(session))
{
}

Client::~Client() = default;

Result<Json>
Client::call(std::string_view method, const Json& parameters, std::chrono::milliseconds timeout)
{
    if (m_session->isOwnThread())
        return fail(Error::Code::Internal, "call() on the client's own thread");
    struct Waiting
    {
        std::mutex mutex;
        std::condition_variable ready;
        std::optional<Result<Json>> result;
    };
    auto waiting = std::make_shared<Waiting>();
    const std::int64_t id = m_session->send(method, parameters, [waiting](Result<Json> result) {
        const std::lock_guard lock(waiting->mutex);
        waiting->result = std::move(result);
        waiting->ready.notify_one();
    });
    std::unique_lock lock(waiting->mutex);
    if (waiting->ready.wait_for(lock, timeout, [&] { return waiting->result.has_value(); }))
        return std::move(*waiting->result);
    lock.unlock();
    m_session->forget(id);
    return fail(Error::Code::TimedOut, std::string(method) + ": the engine did not answer in time");
}

void Client::callAsync(std::string_view method, const Json& parameters, Reply reply)
{
    m_session->send(
        method, parameters, reply ? std::move(reply) : [](Result<Json>) {});
}

bool Client::isOpen() const
{
    return m_session->isOpen();
}

int Client::enginePid() const
{
    return m_session->pid();
}

} // namespace sallyport::api
