#include "engine/egress/readiness.h"

#include <array>
#include <cerrno>
#include <stdexcept>

#include <sys/epoll.h>

#include <boost/asio/post.hpp>

namespace sallyport::egress {

namespace {

constexpr int EventsATurn = 128;

std::uint64_t nameOf(std::uint32_t slot, std::uint32_t age)
{
    return (std::uint64_t{age} << 32U) | slot;
}

} // namespace

// ---- Socket

Status Readiness::Socket::start(Readiness& readiness, int fd)
{
    std::uint32_t slot = 0;
    if (readiness.m_free.empty()) {
        slot = static_cast<std::uint32_t>(readiness.m_slots.size());
        readiness.m_slots.emplace_back();
    } else {
        slot = readiness.m_free.back();
        readiness.m_free.pop_back();
    }
    Slot& mine = readiness.m_slots[slot];
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = nameOf(slot, mine.age);
    if (::epoll_ctl(readiness.m_epoll.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) {
        const int error = errno;
        readiness.m_free.push_back(slot);
        return failErrno("watch a socket", error);
    }
    mine.socket = this;
    m_readiness = &readiness;
    m_slot = slot;
    ++readiness.m_watched;
    return {};
}

// Closing the socket takes it from the kernel's list.
void Readiness::Socket::stop()
{
    if (m_readiness == nullptr)
        return;
    cancelAll();
    Readiness& readiness = *std::exchange(m_readiness, nullptr);
    Slot& mine = readiness.m_slots[m_slot];
    mine.socket = nullptr;
    ++mine.age;
    readiness.m_free.push_back(m_slot);
    // Nothing is left that could come: the context must be free to end.
    if (--readiness.m_watched == 0 && readiness.m_armed) {
        boost::system::error_code ignored;
        readiness.m_epoll.cancel(ignored);
    }
}

void Readiness::Socket::put(Place& place, std::unique_ptr<Waiter> waiter, For what)
{
    if (m_readiness == nullptr)
        throw std::logic_error("a wait for a socket that is not watched");
    if (place.waiter)
        throw std::logic_error("two waits in one direction of a socket");
    place.waiter = std::move(waiter);
    place.what = what;
    ++m_readiness->m_waiting;
    if (isReady(what))
        m_readiness->post(take(place));
    else
        m_readiness->arm();
}

std::unique_ptr<Readiness::Waiter> Readiness::Socket::take(Place& place)
{
    if (place.waiter) {
        --m_readiness->m_waiting;
        place.waiter->settle();
    }
    return std::move(place.waiter);
}

std::unique_ptr<Readiness::Waiter> Readiness::Socket::takeReady(Place& place)
{
    return place.waiter && isReady(place.what) ? take(place) : nullptr;
}

void Readiness::Socket::cancel(Place& place)
{
    if (!place.waiter)
        return;
    // Who cancels is in the midst of something: what waits goes on from the loop.
    asio::post(m_readiness->m_context, [waiter = take(place)] { waiter->complete(false); });
}

void Readiness::Socket::cancelAll()
{
    cancel(m_reader);
    cancel(m_writer);
}

// ---- Readiness

Readiness::Readiness(asio::execution_context& context)
    : asio::execution_context::service(context)
    , m_context(static_cast<asio::io_context&>(context))
    , m_epoll(m_context)
{
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        throw std::runtime_error("the kernel gives no epoll descriptor");
    m_epoll.assign(epoll);
}

void Readiness::shutdown()
{
    // Destroying what waits destroys coroutines, and with them sockets of the table.
    std::vector<std::unique_ptr<Waiter>> waiters;
    for (const Slot& slot : m_slots)
        if (slot.socket != nullptr) {
            waiters.push_back(slot.socket->take(slot.socket->m_reader));
            waiters.push_back(slot.socket->take(slot.socket->m_writer));
        }
    waiters.clear();
}

void Readiness::post(std::unique_ptr<Waiter> waiter)
{
    asio::post(m_context, [going = std::move(waiter)] { going->complete(true); });
}

void Readiness::arm()
{
    if (std::exchange(m_armed, true))
        return;
    m_epoll.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           m_armed = false;
                           if (!error)
                               dispatch();
                           if (m_waiting > 0)
                               arm();
                       });
}

void Readiness::dispatch()
{
    std::array<epoll_event, EventsATurn> events;
    const int count = ::epoll_wait(m_epoll.native_handle(), events.data(), EventsATurn, 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        serve(event.data.u64, event.events);
    }
}

void Readiness::serve(std::uint64_t name, std::uint32_t events)
{
    const auto slot = static_cast<std::uint32_t>(name);
    const auto age = static_cast<std::uint32_t>(name >> 32U);
    Socket* const socket = m_slots[slot].age == age ? m_slots[slot].socket : nullptr;
    if (socket == nullptr)
        return;
    const bool over = (events & (EPOLLERR | EPOLLHUP)) != 0;
    socket->m_ending = socket->m_ending || over || (events & EPOLLRDHUP) != 0;
    socket->m_mayRead = socket->m_mayRead || socket->m_ending || (events & EPOLLIN) != 0;
    socket->m_mayWrite = socket->m_mayWrite || over || (events & EPOLLOUT) != 0;
    // Either may destroy the socket.
    const std::unique_ptr<Waiter> reader = socket->takeReady(socket->m_reader);
    std::unique_ptr<Waiter> writer = socket->takeReady(socket->m_writer);
    if (writer && reader)
        post(std::move(writer));
    if (reader)
        reader->complete(true);
    else if (writer)
        writer->complete(true);
}

} // namespace sallyport::egress
