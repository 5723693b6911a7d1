#pragma once

// What the engine and the jail's supervisor say to each other: one request, one reply, each a
// packet of a SOCK_SEQPACKET Unix socket. A packet is one line of JSON, a line feed, and then raw
// bytes (a secret, else nothing); descriptors travel beside it (SCM_RIGHTS). Pure.
//
//   {"verb":"addTap","number":7}            {"ok":true}
//   {"verb":"sockets","number":7}           {"ok":true} + 4 descriptors
//   {"verb":"fetchSecret","number":7}       {"ok":true} LF bytes
//   {"verb":"addTap","number":70000}        {"error":"invalid","text":"not a sandbox number:
//   70000"}

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/base/result.h"

namespace sallyport::jail {

// Raised when an old engine and a new supervisor would misunderstand each other.
inline constexpr int ProtocolVersion = 1;
inline constexpr std::size_t MaxPacketBytes = 32UL * 1024;
inline constexpr std::size_t MaxDescriptors = 4;

enum class Verb
{
    Hello, // version, uptime, taps, directories
    AddTap,
    RemoveTap,
    Sockets, // tcp4, tcp6, dns4, dns6
    OpenUdp, // udp4, udp6 of one port
    CloseUdp,
    RefuseUdp, // bytes: the guest's port, a blank, the address that it sent to
    KeepSecret,
    FetchSecret,
    ForgetSecret,
    Connect, // a TCP socket to the guest, connecting
    SelfTest,
    Counters,
    DomainProcess, // pidfd of a domain's QEMU
    OpenTap,
    RestartLibvirtd,
    Quit,
};

[[nodiscard]] std::string_view verbName(Verb verb);

struct Request
{
    Verb verb = Verb::Hello;
    unsigned number = 0;
    std::uint16_t port = 0;
    std::string domain;
    std::string_view bytes; // borrowed from the packet or from the caller
};

struct Reply
{
    nlohmann::json body;    // an object; the members depend on the verb
    std::string_view bytes; // borrowed from the packet
};

[[nodiscard]] std::string encodeRequest(const Request& request);
[[nodiscard]] Result<Request> decodeRequest(std::string_view packet);

// `body` is an object or null. The packet says "ok".
[[nodiscard]] std::string encodeReply(const nlohmann::json& body, std::string_view bytes = {});
[[nodiscard]] std::string encodeFailure(const Error& error);
// The reply, or the failure that it carries.
[[nodiscard]] Result<Reply> decodeReply(std::string_view packet);

} // namespace sallyport::jail
