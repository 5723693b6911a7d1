#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/base/result.h"
#include "engine/policy/address.h"

namespace sallyport::egress {

// Resolves the names of upstreams as the host does, after the ladder has said yes. getaddrinfo()
// blocks, so it runs on threads of its own: a name server that does not answer one guest must not
// hold up the others.
class Resolver
{
public:
    // Blocking; called on the threads of this object.
    using Lookup = std::function<Result<std::vector<policy::Address>>(const std::string& name)>;

    // `most` lookups at a time; further ones fail. An empty `lookup` asks the system.
    explicit Resolver(std::size_t most, Lookup lookup = {});
    // Waits for lookups that run.
    ~Resolver();

    void setMost(std::size_t most) { m_most = most; }
    // Addresses in the order in which to try them. Network thread.
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<policy::Address>>>
    resolve(std::string name, std::chrono::milliseconds limit);

private:
    std::size_t m_most;
    Lookup m_lookup;
    std::shared_ptr<std::size_t> m_running = std::make_shared<std::size_t>(0); // network thread
    boost::asio::thread_pool m_threads;
};

} // namespace sallyport::egress
