#include "engine/egress/resolver.h"

#include <memory>
#include <optional>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

constexpr std::size_t Threads = 8;

std::optional<policy::Address> addressOf(const sockaddr* address)
{
    const auto view = [](const void* bytes, std::size_t size) {
        return policy::Address::fromBytes({static_cast<const std::uint8_t*>(bytes), size});
    };
    if (address->sa_family == AF_INET)
        return view(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    if (address->sa_family == AF_INET6)
        return view(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    return std::nullopt;
}

Result<std::vector<policy::Address>> askSystem(const std::string& name)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
    if (error != 0)
        return fail(Error::Code::Unavailable,
                    "the name " + name + " can't be resolved: " + ::gai_strerror(error));
    std::vector<policy::Address> addresses;
    for (const addrinfo* each = found; each; each = each->ai_next)
        if (const auto address = addressOf(each->ai_addr))
            addresses.push_back(*address);
    ::freeaddrinfo(found);
    return addresses;
}

struct Job
{
    explicit Job(const asio::any_io_executor& executor)
        : done(executor)
    {
    }
    asio::steady_timer done;
    std::optional<Result<std::vector<policy::Address>>> result;
};

} // namespace

Resolver::Resolver(std::size_t most, Lookup lookup)
    : m_most(most)
    , m_lookup(lookup ? std::move(lookup) : Lookup(askSystem))
    , m_threads(Threads)
{
}

Resolver::~Resolver()
{
    m_threads.stop();
    m_threads.join();
}

asio::awaitable<Result<std::vector<policy::Address>>>
Resolver::resolve(std::string name, std::chrono::milliseconds limit)
{
    if (*m_running >= m_most)
        co_return fail(Error::Code::Unavailable, "too many names are being resolved at once");
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto job = std::make_shared<Job>(executor);
    job->done.expires_after(limit);
    ++*m_running;
    asio::post(m_threads, [lookup = m_lookup, name, job, executor, running = m_running] {
        auto result = lookup(name);
        asio::post(executor, [job, running, result = std::move(result)]() mutable {
            --*running;
            job->result = std::move(result);
            job->done.cancel();
        });
    });
    co_await job->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!job->result)
        co_return fail(Error::Code::TimedOut,
                       "the name " + name + " can't be resolved: no answer in time");
    co_return std::move(*job->result);
}

} // namespace sallyport::egress
