#pragma once

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::guest {

namespace asio = boost::asio;

// "Something has changed, look again", for coroutines of one executor that run one at a time. Any
// number may wait. Wake-ups are not counted: look at the condition first, then wait, in a loop.
class Event
{
public:
    explicit Event(const asio::any_io_executor& executor)
        : m_timer(executor, asio::steady_timer::time_point::max())
    {
    }

    [[nodiscard]] asio::awaitable<void> wait()
    {
        co_await m_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    void notify() { m_timer.cancel(); }

private:
    asio::steady_timer m_timer;
};

} // namespace sallyport::guest
