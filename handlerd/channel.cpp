#include "handlerd/channel.h"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

namespace sallyport::handlerd {

namespace {
constexpr std::size_t ReadBytes = 128 * 1024;
}

bool Channel::wait(int milliseconds) const
{
    const bool writes = !m_out.empty();
    pollfd query{m_socket, static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0};
    return ::poll(&query, 1, milliseconds) != 0;
}

bool Channel::flush()
{
    std::size_t sent = 0;
    while (sent < m_out.size()) {
        const ssize_t count = ::send(m_socket, m_out.data() + sent, m_out.size() - sent,
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            m_out.erase(0, sent);
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        sent += static_cast<std::size_t>(count);
    }
    m_out.clear();
    return true;
}

void Channel::flushAll()
{
    while (flush() && !m_out.empty()) {
        pollfd query{m_socket, POLLOUT, 0};
        ::poll(&query, 1, -1);
    }
}

bool Channel::next(handler::Frame& frame, bool& isOpen)
{
    for (;;) {
        switch (m_parser.next(m_unread, frame)) {
        case handler::FrameParser::Event::Frame:
            return true;
        case handler::FrameParser::Event::Broken:
            isOpen = false;
            return false;
        case handler::FrameParser::Event::NeedMore:
            break;
        }
        m_in.resize(ReadBytes);
        const ssize_t count = ::recv(m_socket, m_in.data(), m_in.size(), MSG_DONTWAIT);
        if (count > 0) {
            m_unread = std::string_view(m_in).substr(0, static_cast<std::size_t>(count));
            continue;
        }
        m_unread = {};
        if (count == 0 || (errno != EAGAIN && errno != EINTR))
            isOpen = false;
        return false;
    }
}

} // namespace sallyport::handlerd
