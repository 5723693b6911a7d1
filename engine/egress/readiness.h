#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "engine/base/result.h"

namespace sallyport::egress {

namespace asio = boost::asio;

// Which sockets can be read and written, as the kernel tells by edges: each socket is announced
// once, what is known of it is kept, and waiting for it costs no system call, where Asio's waits
// cost one each. One for each io_context, on whose thread all of this runs.
class Readiness final : public asio::execution_context::service
{
public:
    // What waits: a coroutine's handler of any type. Destroying it ends the coroutine.
    class Waiter
    {
    public:
        Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        virtual ~Waiter() = default;
        // Can't be cancelled any more.
        virtual void settle() = 0;
        // Goes on. The waiter is used up.
        virtual void complete(bool ready) = 0;
    };

    // What is known of one socket.
    class Socket
    {
    public:
        Socket() = default;
        Socket(const Socket&) = delete;
        Socket& operator=(const Socket&) = delete;
        ~Socket() { stop(); }

        // `fd` is watched until stop(), which comes before it is closed.
        [[nodiscard]] Status start(Readiness& readiness, int fd);
        // What waits goes on with false, soon.
        void stop();
        void cancelRead() { cancel(m_reader); }
        void cancelAll();

        // False: reading would block, for sure.
        [[nodiscard]] bool mayRead() const { return m_mayRead; }
        // The other side has ended, or the connection is lost: no later edge tells of it.
        [[nodiscard]] bool isEnding() const { return m_ending; }
        void readBlocked() { m_mayRead = false; }
        void writeBlocked() { m_mayWrite = false; }

        enum class For
        {
            Reading,
            Writing,
        };
        // One waiter for reading and one for writing; each may wait for either.
        template <typename Handler> void wait(bool reader, For what, Handler handler);

    private:
        friend class Readiness;
        struct Place
        {
            std::unique_ptr<Waiter> waiter;
            For what = For::Reading;
        };

        [[nodiscard]] bool isReady(For what) const
        {
            return what == For::Reading ? m_mayRead : m_mayWrite;
        }
        void put(Place& place, std::unique_ptr<Waiter> waiter, For what);
        void cancel(Place& place);
        [[nodiscard]] std::unique_ptr<Waiter> take(Place& place);
        [[nodiscard]] std::unique_ptr<Waiter> takeReady(Place& place);

        Readiness* m_readiness = nullptr;
        std::uint32_t m_slot = 0;
        Place m_reader;
        Place m_writer;
        bool m_mayRead = false;
        bool m_mayWrite = false;
        bool m_ending = false;
    };

    // As Asio asks it of a service.
    using key_type = Readiness;
    static inline asio::execution_context::id id;
    explicit Readiness(asio::execution_context& context);

private:
    // Events name a place in the table and its age, so that one of a socket that has gone since is
    // known by it.
    struct Slot
    {
        Socket* socket = nullptr;
        std::uint32_t age = 0;
    };

    template <typename Handler> class WaiterOf;

    void shutdown() override;
    void arm();
    void dispatch();
    void serve(std::uint64_t name, std::uint32_t events);
    void post(std::unique_ptr<Waiter> waiter);

    asio::io_context& m_context;
    asio::posix::stream_descriptor m_epoll;
    std::vector<Slot> m_slots;
    std::vector<std::uint32_t> m_free;
    std::size_t m_watched = 0;
    std::size_t m_waiting = 0;
    bool m_armed = false;
};

template <typename Handler> class Readiness::WaiterOf final : public Waiter
{
public:
    explicit WaiterOf(Handler handler)
        : m_handler(std::move(handler))
    {
    }
    void settle() override { asio::get_associated_cancellation_slot(m_handler).clear(); }
    void complete(bool ready) override { std::move(m_handler)(ready); }

private:
    Handler m_handler;
};

template <typename Handler> void Readiness::Socket::wait(bool reader, For what, Handler handler)
{
    Place& place = reader ? m_reader : m_writer;
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
        slot.assign([this, &place](asio::cancellation_type) { cancel(place); });
    put(place, std::make_unique<WaiterOf<Handler>>(std::move(handler)), what);
}

} // namespace sallyport::egress
