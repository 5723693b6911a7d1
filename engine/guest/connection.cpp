#include "engine/guest/connection.h"

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "engine/base/text.h"
#include "engine/base/unique_fd.h"

namespace sallyport::guest {

namespace {

constexpr auto Await = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t QueueHighWater = 256 * 1024;
constexpr std::size_t QueueLimit = 32 * 1024 * 1024; // above all windows of all channels
constexpr std::uint32_t MaxId = 0x7fffffff;
// What may cross a Close of ours besides data: Started, Credit, Exited.
constexpr std::uint64_t StrayControlBytes = 256;

std::string shown(std::string_view fromGuest, std::size_t most = 200)
{
    return text::elide(text::escapeControls(fromGuest.substr(0, 4 * most)), most);
}

// A path longer than a socket's address may be (107 bytes) is reached by its directory's
// descriptor.
std::string reachable(const std::filesystem::path& path, UniqueFd& directory)
{
    if (path.native().size() < sizeof(sockaddr_un::sun_path))
        return path.native();
    directory.reset(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return "/proc/self/fd/" + std::to_string(directory.get()) + "/" + path.filename().native();
}

} // namespace

Connection::Connection(asio::any_io_executor executor)
    : m_executor(std::move(executor))
    , m_socket(m_executor)
    , m_writeWork(m_executor)
    , m_drained(m_executor)
    , m_progress(m_executor)
{
}

asio::awaitable<Status> Connection::open(std::filesystem::path socket,
                                         std::chrono::steady_clock::time_point deadline)
{
    if (Status connected = co_await connectSocket(socket, deadline); !connected)
        co_return connected;
    if (::getrandom(m_nonce.data(), m_nonce.size(), 0) != static_cast<ssize_t>(m_nonce.size()))
        co_return failErrno("cannot get random bytes", errno);
    m_tag = frameTag(m_nonce);
    m_out.assign(SyncPadding, '\0');
    appendSync(m_out, m_nonce);
    asio::co_spawn(
        m_executor, [self = shared_from_this()] { return self->readLoop(); }, asio::detached);
    asio::co_spawn(
        m_executor, [self = shared_from_this()] { return self->writeLoop(); }, asio::detached);

    asio::steady_timer alarm(m_executor, deadline);
    alarm.async_wait([self = weak_from_this()](const boost::system::error_code& cancelled) {
        const auto connection = self.lock();
        if (!cancelled && connection != nullptr && !connection->m_greeted)
            connection->close(ClosedReason::Lost,
                              Error{Error::Code::TimedOut, "the guest did not answer in time"});
    });
    while (!m_greeted && !m_error)
        co_await m_progress.wait();
    if (m_error)
        co_return tl::unexpected(*m_error);
    co_return checkHello();
}

asio::awaitable<Status> Connection::connectSocket(std::filesystem::path path,
                                                  std::chrono::steady_clock::time_point until)
{
    constexpr std::chrono::milliseconds Step{10};
    for (;;) {
        UniqueFd directory;
        const std::string address = reachable(path, directory);
        if (address.size() >= sizeof(sockaddr_un::sun_path))
            co_return fail(Error::Code::Invalid, "the socket's name is too long: " + path.string());
        // Opened here: a socket of Asio's own would be inherited by the programs that the engine starts.
        UniqueFd fresh(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fresh.isOpen())
            co_return failErrno("make a socket", errno);
        m_socket.assign(asio::local::stream_protocol(), fresh.release());
        const auto [error] =
            co_await m_socket.async_connect(asio::local::stream_protocol::endpoint(address), Await);
        if (!error)
            co_return Status{};
        boost::system::error_code ignored;
        m_socket.close(ignored);
        // QEMU has not made it yet, or the one that made it is gone.
        if (error.value() != ENOENT && error.value() != ECONNREFUSED && error.value() != EAGAIN)
            co_return failErrno("cannot connect to " + path.string(), error.value());
        if (std::chrono::steady_clock::now() + Step > until)
            co_return fail(Error::Code::TimedOut, "nobody listens at " + path.string());
        asio::steady_timer pause(m_executor, Step);
        co_await pause.async_wait(Await);
    }
}

Status Connection::checkHello()
{
    if (m_hello.version != ProtocolVersion)
        return fail(Error::Code::Invalid,
                    "the guest image is of another version of Sallyport (protocol " +
                        std::to_string(m_hello.version) + ", not " +
                        std::to_string(ProtocolVersion) +
                        "); build it with: installer/guest-image/build");
    if (!m_hello.problem.empty())
        return fail(Error::Code::Io, "the guest did not boot well: " + shown(m_hello.problem));
    m_hello.build = shown(m_hello.build, 64);
    m_hello.bootId = shown(m_hello.bootId, 64);
    m_hello.kernel = shown(m_hello.kernel, 64);
    return {};
}

asio::awaitable<void> Connection::readLoop()
{
    const auto self = shared_from_this();
    auto buffer = std::make_unique<std::array<char, MaxPayload>>();
    while (isOpen()) {
        const auto [error, size] = co_await m_socket.async_read_some(asio::buffer(*buffer), Await);
        if (error) {
            close(ClosedReason::Lost,
                  Error{Error::Code::Io, "the connection to the guest was lost"});
            break;
        }
        parse({buffer->data(), size});
    }
}

asio::awaitable<void> Connection::writeLoop()
{
    const auto self = shared_from_this();
    std::string batch;
    for (;;) {
        while (m_out.empty() && isOpen())
            co_await m_writeWork.wait();
        if (m_out.empty() || (!isOpen() && !m_closeAfterWrites))
            break;
        batch.clear();
        batch.swap(m_out);
        m_drained.notify();
        const auto [error, size] = co_await asio::async_write(m_socket, asio::buffer(batch), Await);
        if (error) {
            close(ClosedReason::Lost,
                  Error{Error::Code::Io, "the connection to the guest was lost"});
            break;
        }
    }
    boost::system::error_code ignored;
    m_socket.close(ignored);
}

void Connection::parse(std::string_view bytes)
{
    while (isOpen()) {
        switch (m_parser.next(bytes)) {
        case FrameParser::Event::NeedMore:
            return;
        case FrameParser::Event::Sync:
            // Before ours: an answer to an engine before us. After it: none was asked for.
            if (m_synced)
                return protocolError("a sync");
            m_synced = m_parser.nonce() == m_nonce;
            if (!m_synced)
                m_parser.seek();
            break;
        case FrameParser::Event::Frame:
            handleFrame();
            break;
        case FrameParser::Event::Broken:
            return protocolError("broken frames");
        }
    }
}

void Connection::handleFrame()
{
    if (!m_greeted)
        return handleHello();
    switch (m_parser.type()) {
    case FrameType::Done:
    case FrameType::Stats:
        return handleAnswer();
    case FrameType::PoweringOff:
        return handlePowerOff();
    default:
        break;
    }
    const auto process = m_processes.find(m_parser.id());
    const bool fits = process != m_processes.end()
                          ? process->second->handle(m_parser.type(), m_parser.payload())
                          : handleStray();
    if (!fits)
        protocolError("a frame of type " + std::to_string(static_cast<int>(m_parser.type())) +
                      " out of place");
}

void Connection::handleHello()
{
    if (m_parser.type() != FrameType::Hello || !decode(m_parser.payload(), m_hello))
        return protocolError("no greeting");
    m_greeted = true;
    m_progress.notify();
}

void Connection::handleAnswer()
{
    const auto found = m_requests.find(m_parser.id());
    if (found == m_requests.end()) {
        // Late: whoever asked has given up.
        if (!handleStray())
            protocolError("an answer to no question");
        return;
    }
    if (found->second.answer != m_parser.type())
        return protocolError("an answer of the wrong kind");
    found->second.payload = std::string(m_parser.payload());
    found->second.wake->cancel();
}

void Connection::handlePowerOff()
{
    std::uint8_t reason = 0;
    if (!decodeU8(m_parser.payload(), reason) ||
        reason > static_cast<std::uint8_t>(PowerOffReason::Reboot))
        return protocolError("a power-off of unknown kind");
    m_powerOffAnnounced = true;
    send(FrameType::PowerOffSeen, 0, {});
    m_closeAfterWrites = true;
    close(static_cast<PowerOffReason>(reason) == PowerOffReason::Reboot ? ClosedReason::Reboot
                                                                        : ClosedReason::PoweredOff,
          Error{Error::Code::Unavailable, "the guest has powered off"});
}

// For a channel or request that we have given up a little may still be on its way.
bool Connection::handleStray()
{
    const std::size_t size = m_parser.payload().size() + 1;
    if (m_parser.id() == 0 || m_parser.id() > m_lastId || size > m_strayBudget)
        return false;
    m_strayBudget -= size;
    return true;
}

void Connection::protocolError(std::string_view what)
{
    close(ClosedReason::Protocol,
          Error{Error::Code::Io, "the guest's agent broke the protocol: " + std::string(what)});
}

std::uint32_t Connection::takeId()
{
    if (m_lastId == MaxId) // of a busy year; a reconnect begins anew
        close(ClosedReason::Lost, Error{Error::Code::Internal, "out of channel numbers"});
    return ++m_lastId;
}

asio::awaitable<Result<std::string>> Connection::request(FrameType type,
                                                         std::string payload,
                                                         FrameType answer,
                                                         std::chrono::milliseconds patience)
{
    if (m_error)
        co_return tl::unexpected(*m_error);
    if (payload.size() > MaxPayload)
        co_return fail(Error::Code::TooLarge, "the request is too large for the guest's agent");
    const auto self = shared_from_this();
    // Removes itself also when the coroutine is cancelled.
    struct Entry
    {
        Connection& connection;
        std::uint32_t id;
        ~Entry()
        {
            const auto found = connection.m_requests.find(id);
            if (found != connection.m_requests.end() && !found->second.payload)
                connection.m_strayBudget += StrayControlBytes + MaxPayload;
            connection.m_requests.erase(id);
        }
    };
    asio::steady_timer timer(m_executor, patience);
    const Entry entry{*this, takeId()};
    Request& waiting = m_requests[entry.id];
    waiting.answer = answer;
    waiting.wake = &timer;
    send(type, entry.id, payload);
    if (!waiting.payload && !m_error)
        co_await timer.async_wait(Await);
    if (waiting.payload)
        co_return std::move(*waiting.payload);
    if (m_error)
        co_return tl::unexpected(*m_error);
    co_return fail(Error::Code::TimedOut, "the guest's agent did not answer in time");
}

asio::awaitable<Result<std::shared_ptr<Process>>>
Connection::exec(ExecMessage request, std::chrono::milliseconds patience)
{
    const auto self = shared_from_this();
    if (m_error)
        co_return tl::unexpected(*m_error);
    const std::string payload = encode(request);
    if (request.arguments.empty() || request.arguments.size() > MaxArguments ||
        request.environment.size() > MaxEnvironment || payload.size() > MaxPayload)
        co_return fail(Error::Code::TooLarge,
                       "a command has between 1 and " + std::to_string(MaxArguments) +
                           " arguments, at most " + std::to_string(MaxEnvironment) +
                           " variables, and 64 KiB in all");
    if (m_processes.size() >= MaxChannels)
        co_return fail(Error::Code::Unavailable,
                       "too many commands at one time in this sandbox (the limit is " +
                           std::to_string(MaxChannels) + ")");
    const std::shared_ptr<Process> process(new Process(self, takeId(), request.detached));
    m_processes[process->m_id] = process.get();
    send(FrameType::Exec, process->m_id, payload);

    const auto deadline = std::chrono::steady_clock::now() + patience;
    asio::steady_timer alarm(m_executor, deadline);
    alarm.async_wait([weak = std::weak_ptr(process)](const boost::system::error_code&) {
        if (const auto alive = weak.lock())
            alive->m_readable.notify();
    });
    while (process->m_state == Process::State::Starting && !process->m_lost &&
           std::chrono::steady_clock::now() < deadline)
        co_await process->m_readable.wait();
    switch (process->m_state) {
    case Process::State::Refused: {
        const OutcomeMessage& refusal = process->m_refusal;
        co_return fail(
            refusal.errorNumber == ENOENT || refusal.errorNumber == ENOTDIR ? Error::Code::NotFound
            : refusal.errorNumber == EACCES || refusal.errorNumber == EPERM ? Error::Code::Refused
                                                                            : Error::Code::Io,
            shown(refusal.text));
    }
    case Process::State::Starting:
        if (process->m_lost)
            co_return tl::unexpected(*process->m_lost);
        co_return fail(Error::Code::TimedOut, "the guest did not start the command in time");
    case Process::State::Running:
    case Process::State::Exited:
        break;
    }
    co_return process;
}

asio::awaitable<Status> Connection::shutdown(std::chrono::milliseconds patience)
{
    const auto self = shared_from_this();
    if (m_error)
        co_return tl::unexpected(*m_error);
    send(FrameType::Shutdown, takeId(), {});
    const auto deadline = std::chrono::steady_clock::now() + patience;
    asio::steady_timer alarm(m_executor, deadline);
    alarm.async_wait([weak = weak_from_this()](const boost::system::error_code&) {
        if (const auto alive = weak.lock())
            alive->m_progress.notify();
    });
    while (!m_error && std::chrono::steady_clock::now() < deadline)
        co_await m_progress.wait();
    if (m_powerOffAnnounced)
        co_return Status{};
    if (m_error)
        co_return tl::unexpected(*m_error);
    co_return fail(Error::Code::TimedOut, "the guest did not power off in time");
}

void Connection::send(FrameType type, std::uint32_t id, std::string_view payload)
{
    if (m_error)
        return;
    if (m_out.size() > QueueLimit)
        return close(ClosedReason::Lost,
                     Error{Error::Code::Io, "the guest's agent does not take requests any more"});
    appendFrame(m_out, m_tag, type, id, payload);
    m_writeWork.notify();
}

asio::awaitable<void> Connection::sendable()
{
    while (!m_error && m_out.size() > QueueHighWater)
        co_await m_drained.wait();
}

void Connection::forget(std::uint32_t id, bool tell, std::uint32_t inFlight)
{
    if (m_processes.erase(id) == 0)
        return;
    m_strayBudget += inFlight + StrayControlBytes;
    if (tell)
        send(FrameType::Close, id, {});
}

void Connection::close(ClosedReason reason, Error error)
{
    if (m_error)
        return;
    m_error = std::move(error);
    if (!m_closeAfterWrites) {
        m_out.clear();
        boost::system::error_code ignored;
        m_socket.close(ignored);
    }
    for (const auto& [id, process] : m_processes)
        process->lost(*m_error);
    for (const auto& [id, waiting] : m_requests)
        waiting.wake->cancel();
    m_writeWork.notify();
    m_drained.notify();
    m_progress.notify();
    // Later, not from inside a call of the owner, who may want to destroy us in it.
    asio::post(m_executor, [self = shared_from_this(), reason] {
        if (const ClosedHandler handler = std::exchange(self->m_closedHandler, nullptr))
            handler(reason);
    });
}

} // namespace sallyport::guest
