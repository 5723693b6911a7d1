// A message on the resolver's port, as a guest may send it.
#include <cstdlib>

#include "engine/dns/resolver.h"

using namespace sallyport::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static constexpr std::size_t MostUdpBytes = 1232;
    const std::span<const std::uint8_t> query(data, size);
    AddressPool pool;
    const Reply udp = answer(query, Transport::Udp, pool, {});
    const Reply tcp = answer(query, Transport::Tcp, pool, {});
    if (udp.bytes.size() > MostUdpBytes || udp.bytes.empty() != tcp.bytes.empty() ||
        udp.rcode != tcp.rcode || pool.size() > 1)
        std::abort();
    if (!udp.bytes.empty()) {
        if (udp.bytes.size() < 12 || udp.bytes[0] != data[0] || udp.bytes[1] != data[1] ||
            (udp.bytes[2] & 0x80U) == 0)
            std::abort();
        // A reply is never answered, or two resolvers would talk for ever.
        if (!answer(udp.bytes, Transport::Udp, pool, {}).bytes.empty())
            std::abort();
    }
    return 0;
}
