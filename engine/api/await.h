#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::api {

// Lets a coroutine wait for a function that answers by callback on a thread of its own (the store,
// the log): `auto page = co_await awaitCallback<Result<RowPage>>([&](auto done) {
// log.list(query, std::move(done)); });`. The coroutine goes on on its own executor. `done` must be
// called exactly once, from any thread.
template <typename T>
[[nodiscard]] boost::asio::awaitable<T>
awaitCallback(std::function<void(std::function<void(T)>)> start)
{
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
        [start = std::move(start)](auto handler) {
            const auto executor = boost::asio::get_associated_executor(handler);
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            start([shared, work = boost::asio::make_work_guard(executor)](T value) {
                boost::asio::post(work.get_executor(),
                                  [shared, value = std::move(value)]() mutable {
                                      (std::move(*shared))(std::move(value));
                                  });
            });
        },
        boost::asio::use_awaitable);
}

} // namespace sallyport::api
