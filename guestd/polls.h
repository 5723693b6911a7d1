#pragma once

#include <cstddef>
#include <vector>

#include <poll.h>

namespace sallyport::guestd {

// The descriptors of one round of poll(2). Who adds one keeps the slot to ask for what happened.
class Polls
{
public:
    static constexpr std::size_t NoSlot = static_cast<std::size_t>(-1);

    void clear() { m_fds.clear(); }
    std::size_t add(int fd, short events)
    {
        m_fds.push_back({fd, events, 0});
        return m_fds.size() - 1;
    }
    // -1: for ever.
    void wait(int milliseconds)
    {
        if (::poll(m_fds.data(), m_fds.size(), milliseconds) <= 0)
            for (pollfd& fd : m_fds)
                fd.revents = 0;
    }
    // What poll(2) reported; 0 without a slot.
    [[nodiscard]] short events(std::size_t slot) const
    {
        return slot < m_fds.size() ? m_fds[slot].revents : short{0};
    }
    [[nodiscard]] bool happened(std::size_t slot) const { return events(slot) != 0; }

private:
    std::vector<pollfd> m_fds;
};

[[nodiscard]] long long monotonicMilliseconds();

} // namespace sallyport::guestd
