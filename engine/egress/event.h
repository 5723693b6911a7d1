#pragma once

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::egress {

namespace asio = boost::asio;

// Lets one coroutine wait until another says go. A set() before the wait is not lost. One waiter at
// a time; network thread only. Built on a timer that never fires, so that the io_context owns what
// waits and frees it at its end.
class Event
{
public:
    explicit Event(const asio::any_io_executor& executor)
        : m_timer(executor, asio::steady_timer::time_point::max())
    {
    }

    void set()
    {
        m_isSet = true;
        if (m_waiting)
            m_timer.cancel();
    }

    [[nodiscard]] asio::awaitable<void> wait()
    {
        while (!m_isSet) {
            m_waiting = true;
            const auto [error] = co_await m_timer.async_wait(asio::as_tuple(asio::use_awaitable));
            m_waiting = false;
            static_cast<void>(error); // set() cancels: that is the wake-up
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none)
                co_return;
        }
        m_isSet = false;
    }

private:
    asio::steady_timer m_timer;
    bool m_isSet = false;
    bool m_waiting = false;
};

} // namespace sallyport::egress
