#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::sandbox
{

// Runs a blocking call on a worker thread and resumes the awaiting coroutine on its own executor. What the call captures
// must live until then. It can't be cancelled: the calls that we make this way are bounded by themselves.
template <typename Call>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Call>> offload(boost::asio::thread_pool& workers, Call call)
{
    using Value = std::invoke_result_t<Call>;
    co_return co_await boost::asio::co_spawn(
        workers,
        [call = std::move(call)]() mutable -> boost::asio::awaitable<Value> { co_return call(); },
        boost::asio::use_awaitable);
}

} // namespace sallyport::sandbox
