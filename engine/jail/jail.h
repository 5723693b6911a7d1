#pragma once

// The engine's side of the jail: finds or starts the supervisor (sallyport-jail), and asks it for
// taps, listening sockets and the like over its control socket (protocol.h).
//
// The supervisor outlives the engine. It keeps the taps, the guests, the listening sockets (new
// connections of guests wait in their backlogs while no engine runs) and the secrets; a new engine
// adopts it by connecting. When the supervisor dies, the kernel kills all that runs in the jail.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/address_plan.h"

namespace sallyport::jail {

struct JailOptions
{
    std::filesystem::path binary;    // sallyport-jail
    std::filesystem::path directory; // Paths::jailDirectory(); at most 40 bytes long, since sockets
                                     // lie below it (sun_path is 108)
    std::filesystem::path images;    // visible read-only to the guests' QEMU, at the same path
    std::filesystem::path disks;     // visible writable, at the same path
    std::chrono::milliseconds startDeadline{15000};
};

// Sockets made inside the jail for one tap: bound to it (SO_BINDTODEVICE), so what arrives on them
// came from that sandbox and no other. Non-blocking. They are duplicates: the supervisor keeps its
// own, and closing these loses nothing. (RFC 1122 addresses: getsockname() of an accepted
// connection is the address that the guest dialled.)
struct TapSockets
{
    UniqueFd tcp4; // listening, IP_TRANSPARENT: all TCP of the guest, whatever address and port
    UniqueFd tcp6; // the same for IPv6 (IPV6_V6ONLY)
    UniqueFd dns4; // UDP port 53, whatever address was asked; see dns_socket.h
    UniqueFd dns6;
};

// Sockets of one UDP port that is open for a tap, like those for DNS (dns_socket.h). What arrives is
// refused by the jail from the moment on in which they are closed.
struct UdpSockets
{
    UniqueFd udp4;
    UniqueFd udp6;
};

// What the jail's packet filter refused or dropped on one tap since it was added.
struct TapCounters
{
    std::uint64_t caughtTcp = 0; // packets given to the TCP listeners
    std::uint64_t caughtDns = 0; // and datagrams to open ports
    std::uint64_t refused = 0; // answered by ICMP administratively prohibited (UDP, ICMP, the rest)
    std::uint64_t spoofed = 0; // dropped: not from the guest's own address
    std::uint64_t dropped = 0; // dropped without an answer: multicast, broadcast, floods
};

// One statement that the self-test made about the jail.
struct Proof
{
    std::string what; // "TCP over IPv6 is caught by the listener"
    bool holds = false;
    std::string detail; // what was seen instead, where it does not hold
};

// Thread-safe. All calls block, at most for CallDeadline unless they say otherwise; call them from
// a worker thread. After the supervisor's death every call fails with Unavailable.
class Jail
{
public:
    static constexpr std::chrono::milliseconds CallDeadline{5000};

    // Connects to a living supervisor of this directory, else starts one and waits until it is
    // ready (namespaces, rules, libvirtd's socket), at most options.startDeadline. Fails with the
    // supervisor's own words when it could not start; runDoctor() (doctor.h) says more. An adopted
    // supervisor keeps the images and disks directories it was started with: Conflict if they
    // differ.
    [[nodiscard]] static Result<std::unique_ptr<Jail>> startOrAdopt(const JailOptions& options);
    // The same without starting one: NotFound when none lives.
    [[nodiscard]] static Result<std::unique_ptr<Jail>> adopt(const JailOptions& options);

    ~Jail(); // leaves the supervisor running
    Jail(const Jail&) = delete;
    Jail& operator=(const Jail&) = delete;

    // Whether startOrAdopt found it running.
    [[nodiscard]] bool wasAdopted() const;
    // The supervisor's process id in the caller's pid namespace.
    [[nodiscard]] pid_t pid() const;
    [[nodiscard]] bool isAlive() const;
    // Becomes readable when the supervisor has died (a pidfd, borrowed; poll it).
    [[nodiscard]] int deathFd() const;

    // For Hypervisor::open(): "qemu+unix:///session?socket=…".
    [[nodiscard]] std::string libvirtUri() const;
    // The one directory that the jail and its surroundings both see writable, at the same path:
    // channel sockets and console logs go here. Wiped when a supervisor starts.
    [[nodiscard]] std::filesystem::path runDirectory() const;

    // Makes the tap, its addresses, rules and sockets. Adding one that exists gives it again.
    [[nodiscard]] Result<Tap> addTap(unsigned number);
    // Ends all connections through it and forgets its secret. Removing none is fine.
    [[nodiscard]] Status removeTap(unsigned number);
    // The taps that exist, in ascending order: what a new engine finds.
    [[nodiscard]] Result<std::vector<Tap>> taps();
    [[nodiscard]] Result<TapSockets> sockets(unsigned number);

    // Catches the datagrams that the guest sends to this port, whatever address they go to; until
    // then they are refused. Opening one again gives new sockets; the former hear no more where
    // they have been closed. Not 53. At most MaxUdpPorts of a tap.
    static constexpr std::size_t MaxUdpPorts = 64;
    [[nodiscard]] Result<UdpSockets> openUdp(unsigned number, std::uint16_t port);
    [[nodiscard]] Status closeUdp(unsigned number, std::uint16_t port);
    // Answers a datagram that was caught as the packet filter would have: ICMP administratively
    // prohibited, to the guest's port, about what it sent to `asked` (an address as text).
    [[nodiscard]] Status refuseUdp(unsigned number,
                                   std::uint16_t guestPort,
                                   const std::string& asked,
                                   std::uint16_t port);

    // One blob for each tap (the sandbox's CA key and certificate), at most MaxSecretBytes. Kept in
    // the supervisor's memory only: locked, excluded from core dumps. Gone with forgetSecret(),
    // removeTap() or the supervisor. Out of reach for anything inside the jail.
    static constexpr std::size_t MaxSecretBytes = 16 * 1024;
    [[nodiscard]] Status keepSecret(unsigned number, std::string_view secret);
    [[nodiscard]] Result<std::string> fetchSecret(unsigned number); // NotFound when there is none
    [[nodiscard]] Status forgetSecret(unsigned number);

    // A connected TCP socket to a port of the guest (IPv4), non-blocking. TimedOut after the
    // deadline; Unavailable when the guest refuses.
    [[nodiscard]] Result<UniqueFd>
    connectToGuest(unsigned number, std::uint16_t port, std::chrono::milliseconds deadline);

    // Proves the jail with packets of its own, before a guest runs. Takes about 0.2 s, at most 10
    // s. Ok when all proofs hold; else Refused, with what failed. `proofs`, if given, gets them
    // all.
    [[nodiscard]] Status selfTest(std::vector<Proof>* proofs = nullptr);
    [[nodiscard]] Result<TapCounters> counters(unsigned number);

    // A pidfd of the QEMU that runs the named domain: for Hypervisor::setProcessLookup().
    [[nodiscard]] Result<UniqueFd> domainProcess(std::string_view domain);

    // Ends libvirtd, which the supervisor then starts again; guests go on. For one that hangs.
    [[nodiscard]] Status restartLibvirtd();

    // A queue of the tap itself: who holds it is the guest. For tests and tools, while no QEMU has
    // it. Frames are Ethernet, without a virtio header.
    [[nodiscard]] Result<UniqueFd> openTap(unsigned number);

    // Ends the supervisor, and with it every guest. Waits until it is gone (at most CallDeadline).
    [[nodiscard]] Status quit();

private:
    struct Private;
    explicit Jail(std::unique_ptr<Private> state);
    std::unique_ptr<Private> m;
};

} // namespace sallyport::jail
