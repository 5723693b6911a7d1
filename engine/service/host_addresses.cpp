#include "engine/service/host_addresses.h"

#include <algorithm>
#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "engine/base/log.h"

namespace sallyport::service
{
namespace
{

std::optional<policy::Address> addressOf(const sockaddr* address)
{
    const auto bytesAt = [](const void* start, std::size_t count) {
        return policy::Address::fromBytes({static_cast<const std::uint8_t*>(start), count});
    };
    if (address == nullptr)
        return std::nullopt;
    // The types that getifaddrs(3) documents behind its sockaddr pointers.
    if (address->sa_family == AF_INET)
        return bytesAt(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    if (address->sa_family == AF_INET6)
        return bytesAt(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    return std::nullopt;
}

} // namespace

std::vector<policy::Address> hostAddresses()
{
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) {
        log::warning("policy", "this machine's own addresses can't be read; public ones are not part of the floor");
        return {};
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    std::vector<policy::Address> addresses;
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next)
        if (auto address = addressOf(entry->ifa_addr))
            addresses.push_back(*address);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return addresses;
}

} // namespace sallyport::service
