#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/api/await.h"

namespace sallyport::api {

template <typename Value, typename Call>
[[nodiscard]] boost::asio::awaitable<Value> runOn(boost::asio::thread_pool& workers,
                                                  std::shared_ptr<Call> call)
{
    std::function<void(std::function<void(Value)>)> start =
        [&workers, call](std::function<void(Value)> done) {
            boost::asio::post(workers, [call, done = std::move(done)] { done((*call)()); });
        };
    auto pending = api::awaitCallback<Value>(std::move(start));
    co_return co_await std::move(pending);
}

// Runs a blocking call on a worker thread and resumes the awaiting coroutine on its own executor.
// What the call captures must live until then. It can't be cancelled: the calls that we make this
// way are bounded by themselves.
//
// Pass a closure that captures by reference only: what it refers to lives in the awaiting
// coroutine. (g++ 12 destroys a closure twice that is a temporary of a co_await expression; without
// owning captures that is harmless.)
template <typename Call>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Call>>
offload(boost::asio::thread_pool& workers, Call&& call)
{
    using Owned = std::decay_t<Call>;
    return runOn<std::invoke_result_t<Call>, Owned>(
        workers, std::make_shared<Owned>(std::forward<Call>(call)));
}

} // namespace sallyport::api
