#include "engine/guest/agent.h"

#include <cerrno>

#include <boost/asio/this_coro.hpp>
#include <sys/random.h>

#include "engine/base/text.h"

namespace sallyport::guest {

namespace {

constexpr std::chrono::seconds Patience{30};
constexpr std::size_t EntropyBytes = 64;
constexpr std::size_t MostShown = 300;

std::uint64_t unixNanoseconds()
{
    using namespace std::chrono;
    return static_cast<std::uint64_t>(
        duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count());
}

Status fillEntropy(std::string& entropy)
{
    if (!entropy.empty())
        return {};
    entropy.resize(EntropyBytes);
    if (::getrandom(entropy.data(), entropy.size(), 0) != static_cast<ssize_t>(entropy.size()))
        return failErrno("cannot get random bytes", errno);
    return {};
}

// Done's payload to a status.
Status outcome(std::string_view doing, const Result<std::string>& payload)
{
    if (!payload)
        return fail(doing, payload.error());
    OutcomeMessage message;
    if (!decode(*payload, message))
        return fail(Error::Code::Io, std::string(doing) + ": the guest's answer makes no sense");
    if (message.errorNumber == 0)
        return {};
    return fail(Error::Code::Io, std::string(doing) + ": " +
                                     text::elide(text::escapeControls(message.text), MostShown));
}

} // namespace

asio::awaitable<Result<std::unique_ptr<Agent>>> Agent::connect(std::filesystem::path channelSocket,
                                                               std::chrono::milliseconds deadline)
{
    auto connection = std::make_shared<Connection>(co_await asio::this_coro::executor);
    std::unique_ptr<Agent> agent(new Agent(connection)); // closes it, however this ends
    const Status opened = co_await connection->open(std::move(channelSocket),
                                                    std::chrono::steady_clock::now() + deadline);
    if (!opened)
        co_return tl::unexpected(opened.error());
    co_return agent;
}

Agent::~Agent()
{
    m_connection->setClosedHandler(nullptr);
    m_connection->close(ClosedReason::Lost,
                        Error{Error::Code::Unavailable, "the sandbox is not connected any more"});
}

asio::awaitable<Status> Agent::configure(GuestConfig config)
{
    const auto connection = m_connection;
    if (Status filled = fillEntropy(config.entropy); !filled)
        co_return filled;
    if (config.unixNanoseconds == 0)
        config.unixNanoseconds = unixNanoseconds();
    co_return outcome("set up the guest",
                      co_await connection->request(FrameType::Configure, encode(config),
                                                   FrameType::Done, Patience));
}

asio::awaitable<Status> Agent::setTime()
{
    const auto connection = m_connection;
    co_return outcome("set the guest's clock",
                      co_await connection->request(FrameType::SetTime, encodeU64(unixNanoseconds()),
                                                   FrameType::Done, Patience));
}

asio::awaitable<Result<GuestStats>> Agent::stats()
{
    const auto connection = m_connection;
    const Result<std::string> payload =
        co_await connection->request(FrameType::StatsRequest, {}, FrameType::Stats, Patience);
    if (!payload)
        co_return tl::unexpected(payload.error());
    GuestStats stats;
    if (!decode(*payload, stats))
        co_return fail(Error::Code::Io, "the guest's statistics make no sense");
    co_return stats;
}

asio::awaitable<Result<std::shared_ptr<Process>>> Agent::exec(ExecSpec spec)
{
    const auto connection = m_connection;
    co_return co_await connection->exec(std::move(spec), Patience);
}

asio::awaitable<Status> Agent::shutdown(std::chrono::milliseconds patience)
{
    const auto connection = m_connection;
    co_return co_await connection->shutdown(patience);
}

void Agent::setClosedHandler(std::function<void(ClosedReason)> handler)
{
    m_connection->setClosedHandler(std::move(handler));
}

} // namespace sallyport::guest
