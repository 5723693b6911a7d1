#include "engine/jail/control_channel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int Backlog = 8;

Result<sockaddr_un> socketAddress(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof address.sun_path)
        return fail(Error::Code::Invalid, "the path of a socket is too long: " + text);
    std::copy(text.begin(), text.end(), std::begin(address.sun_path));
    return address;
}

Result<UniqueFd> newSocket()
{
    UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.isOpen())
        return failErrno("create a control socket", errno);
    // A packet has to fit whole.
    const int size = static_cast<int>(2 * MaxPacketBytes);
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return socket;
}

const sockaddr* generic(const sockaddr_un& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

void takeDescriptors(const msghdr& message, std::vector<UniqueFd>& out)
{
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            out.emplace_back(descriptor);
        }
    }
}

} // namespace

bool waitFor(int descriptor, short events, milliseconds wait)
{
    const auto end = steady_clock::now() + wait;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        pollfd entry{descriptor, events, 0};
        const int ready =
            ::poll(&entry, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

Result<UniqueFd> connectControl(const std::filesystem::path& path)
{
    const auto address = socketAddress(path);
    auto socket = newSocket();
    if (!address || !socket)
        return tl::unexpected(address ? socket.error() : address.error());
    if (::connect(socket->get(), generic(*address), sizeof *address) == 0)
        return socket;
    if (errno == ENOENT || errno == ECONNREFUSED)
        return fail(Error::Code::NotFound, "no jail runs at " + path.string());
    return failErrno("connect to " + path.string(), errno);
}

Result<UniqueFd> bindControl(const std::filesystem::path& path)
{
    const auto address = socketAddress(path);
    auto socket = newSocket();
    if (!address || !socket)
        return tl::unexpected(address ? socket.error() : address.error());
    (void)::unlink(path.c_str());
    const mode_t before = ::umask(0177);
    const int bound = ::bind(socket->get(), generic(*address), sizeof *address);
    const int bindError = errno;
    ::umask(before);
    if (bound != 0)
        return failErrno("bind " + path.string(), bindError);
    return socket;
}

Status listenControl(int socket)
{
    if (::listen(socket, Backlog) != 0)
        return failErrno("listen on the control socket", errno);
    return {};
}

Status
sendPacket(int socket, std::string_view packet, std::span<const int> descriptors, milliseconds wait)
{
    if (packet.size() > MaxPacketBytes || descriptors.size() > MaxDescriptors)
        return fail(Error::Code::TooLarge, "a control packet is too large");
    iovec part{const_cast<char*>(packet.data()), packet.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(MaxDescriptors * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
    }
    const auto end = steady_clock::now() + wait;
    for (;;) {
        if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return {};
        if (errno == EINTR)
            continue;
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
            return fail(Error::Code::Unavailable, "the other end of the control socket is gone");
        if (errno != EAGAIN)
            return failErrno("send on the control socket", errno);
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        if (left.count() <= 0 || !waitFor(socket, POLLOUT, left))
            return fail(Error::Code::TimedOut, "the control socket takes no packet");
    }
}

Result<Packet> receivePacket(int socket, std::span<char> buffer, milliseconds wait)
{
    if (!waitFor(socket, POLLIN, wait))
        return fail(Error::Code::TimedOut, "no packet on the control socket in time");
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(MaxDescriptors * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0 && errno != ECONNRESET)
        return failErrno("receive on the control socket", errno);
    if (size <= 0)
        return fail(Error::Code::Unavailable, "the other end of the control socket is gone");
    Packet packet;
    packet.size = static_cast<std::size_t>(size);
    takeDescriptors(message, packet.descriptors);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return fail(Error::Code::TooLarge, "a control packet is too large");
    return packet;
}

} // namespace sallyport::jail
