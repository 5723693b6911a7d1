#include "guestd/port.h"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "guestd/files.h"

namespace sallyport::guestd {

namespace {

// Whether the kernel sends SIGIO when the other end opens the port. poll(2) can't wait for that: it
// reports the hang-up at once, again and again.
void setSignalDriven(int fd, bool on)
{
    ::fcntl(fd, F_SETOWN, ::getpid());
    ::fcntl(fd, F_SETFL, O_NONBLOCK | (on ? O_ASYNC : 0));
}

} // namespace

Port::Port(UniqueFd port, Kind kind)
    : m_fd(static_cast<UniqueFd&&>(port))
    , m_kind(kind)
{
    ::fcntl(m_fd.get(), F_SETFL, O_NONBLOCK);
}

void Port::prepare(Polls& polls, bool mayRead)
{
    m_slot = Polls::NoSlot;
    if (!m_connected)
        lookForEngine();
    if (!m_connected || m_ended)
        return;
    const int events = (mayRead ? POLLIN : 0) | (queued() > 0 ? POLLOUT : 0);
    m_slot = polls.add(m_fd.get(), static_cast<short>(events));
}

bool Port::read(const Polls& polls, std::string_view& bytes)
{
    if (!m_connected || (polls.events(m_slot) & (POLLIN | POLLHUP | POLLERR)) == 0)
        return false;
    const ssize_t n = ::read(m_fd.get(), m_in, sizeof m_in);
    if (n > 0) {
        bytes = {m_in, static_cast<std::size_t>(n)};
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        lose();
    return false;
}

void Port::begin(const guest::Nonce& nonce)
{
    m_out.clear();
    m_written = 0;
    m_inSession = true;
    m_tag = guest::frameTag(nonce);
    guest::appendSync(m_out, nonce);
}

void Port::send(guest::FrameType type, std::uint32_t id, std::string_view payload)
{
    if (m_inSession)
        guest::appendFrame(m_out, m_tag, type, id, payload);
}

void Port::flush()
{
    while (m_connected && queued() > 0) {
        const ssize_t n = ::write(m_fd.get(), m_out.data() + m_written, queued());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; // full, or gone: the next poll tells
        m_written += static_cast<std::size_t>(n);
    }
    constexpr std::size_t WorthMoving = 64 * 1024;
    if (queued() == 0 || m_written >= WorthMoving) {
        m_out.erase(0, m_written);
        m_written = 0;
    }
}

void Port::lose()
{
    m_connected = false;
    m_inSession = false;
    m_out = {};
    m_written = 0;
    if (m_kind == Kind::Socket)
        m_ended = true;
    else
        setSignalDriven(m_fd.get(), true);
}

void Port::lookForEngine()
{
    pollfd poll{m_fd.get(), POLLIN, 0};
    if (m_kind == Kind::Socket || ::poll(&poll, 1, 0) < 0 || (poll.revents & POLLHUP) != 0)
        return;
    setSignalDriven(m_fd.get(), false);
    m_connected = true;
}

UniqueFd openPort(int milliseconds)
{
    constexpr int StepMilliseconds = 5;
    const std::string root = "/sys/class/virtio-ports";
    for (int waited = 0; waited <= milliseconds; waited += StepMilliseconds) {
        DIR* const directory = ::opendir(root.c_str());
        while (const dirent* entry = directory != nullptr ? ::readdir(directory) : nullptr) {
            const std::string name = entry->d_name;
            const std::string label = readFile(root + "/" + name + "/name", 256);
            if (std::string_view(label).substr(0, label.find('\n')) != guest::PortName)
                continue;
            UniqueFd port(::open(("/dev/" + name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
            if (port.isOpen()) {
                ::closedir(directory);
                return port;
            }
        }
        if (directory != nullptr)
            ::closedir(directory);
        const timespec step{0, StepMilliseconds * 1'000'000};
        ::nanosleep(&step, nullptr);
    }
    return {};
}

} // namespace sallyport::guestd
