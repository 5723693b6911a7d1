#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace sallyport::test {

// Runs a coroutine, and whatever else the context has, until it returns. Throws what it throws, and
// runtime_error when it takes too long.
template <typename T>
T await(boost::asio::io_context& io,
        boost::asio::awaitable<T> work,
        std::chrono::milliseconds patience = std::chrono::seconds(60))
{
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr error, T value) {
        thrown = error;
        result = std::move(value);
    });
    const auto until = std::chrono::steady_clock::now() + patience;
    io.restart();
    while (!result) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("the coroutine did not end in time");
        if (io.run_one_until(until) == 0)
            io.restart();
    }
    if (thrown)
        std::rethrow_exception(thrown);
    return std::move(*result);
}

} // namespace sallyport::test
