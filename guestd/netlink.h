#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <linux/rtnetlink.h>

#include "engine/base/unique_fd.h"

namespace sallyport::guestd {

// One rtnetlink request, built up in place.
class NetlinkRequest
{
public:
    template <typename Body>
    NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Body& body)
    {
        begin(type, flags, {reinterpret_cast<const char*>(&body), sizeof body});
    }

    void attribute(std::uint16_t type, std::string_view bytes);
    void attribute(std::uint16_t type, std::uint32_t value);

    // With its length filled in.
    [[nodiscard]] const std::string& message();

private:
    void begin(std::uint16_t type, std::uint16_t flags, std::string_view body);

    std::string m_message;
};

// A route socket. Calls block until the kernel has answered, which it does at once.
class Netlink
{
public:
    [[nodiscard]] bool open();

    // 0, or the errno the kernel answers with.
    [[nodiscard]] int execute(NetlinkRequest& request);

    struct Address
    {
        std::uint8_t family = 0;
        std::uint8_t prefix = 0;
        std::string bytes; // in network order
    };
    // The addresses of global scope on the link.
    [[nodiscard]] std::vector<Address> addresses(int link);

private:
    UniqueFd m_socket;
};

} // namespace sallyport::guestd
