#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

namespace sallyport::egress {

// Coarse deadlines for many connections by one timer: setting one costs a store, where a timer of
// its own for every wait would cost a heap operation. Granularity a quarter of a second. Network
// thread only.
class Deadlines
{
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds Tick{250};

    // Something looked at each tick, while it is linked.
    class Watched
    {
    public:
        Watched() = default;
        Watched(const Watched&) = delete;
        Watched& operator=(const Watched&) = delete;

    protected:
        virtual ~Watched() = default;
        // May destroy this object and others, and add new ones.
        virtual void tick(Clock::time_point now) = 0;

    private:
        friend class Deadlines;
        boost::intrusive::list_member_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
            m_hook;
    };

    explicit Deadlines(const boost::asio::any_io_executor& executor);

    // The object unlinks itself when it is destroyed.
    void watch(Watched& object);

private:
    using List =
        boost::intrusive::list<Watched,
                               boost::intrusive::member_hook<
                                   Watched,
                                   boost::intrusive::list_member_hook<
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                                   &Watched::m_hook>,
                               boost::intrusive::constant_time_size<false>>;

    void arm();
    void sweep();

    boost::asio::steady_timer m_timer;
    List m_watched;
    bool m_armed = false;
    // The timer's handler outlives this object when the loop still runs.
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace sallyport::egress
