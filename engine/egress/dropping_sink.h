#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/egress/body.h"
#include "engine/egress/limits.h"

namespace sallyport::egress {

// Takes so many bytes of a body to nowhere.
class DroppingSink final : public BodySink
{
public:
    explicit DroppingSink(std::uint64_t most)
        : m_left(most)
    {
    }
    void close() { m_left = 0; }

    void put(std::string_view piece) override
    {
        m_left -= piece.size() < m_left ? piece.size() : m_left;
    }
    void finish(const Fields*) override {}
    bool isFull() const override { return false; }
    boost::asio::awaitable<void> flush() override { co_return; }
    bool isBroken() const override { return m_left == 0; }

private:
    std::uint64_t m_left;
};

// Where the rest of a body goes that is only looked into: as much and as long as the limits say.
// When the time is over `stop`, which ends what is read from, is emitted; it outlives this.
class Drain
{
public:
    Drain(boost::asio::io_context& context,
          const DoorLimits& limits,
          boost::asio::cancellation_signal& stop)
        : m_sink(std::make_shared<DroppingSink>(limits.drainBytes))
        , m_timer(context, limits.drain)
    {
        m_timer.async_wait([&stop, weak = std::weak_ptr(m_sink)](const boost::system::error_code&) {
            const auto sink = weak.lock();
            if (!sink)
                return; // it is over, and perhaps `stop` has gone too
            sink->close();
            stop.emit(boost::asio::cancellation_type::all);
        });
    }
    [[nodiscard]] DroppingSink& sink() const { return *m_sink; }

private:
    std::shared_ptr<DroppingSink> m_sink;
    boost::asio::steady_timer m_timer;
};

} // namespace sallyport::egress
