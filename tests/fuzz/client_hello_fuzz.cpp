// The first bytes of a connection, as a guest may send them.
#include <cstdlib>

#include "engine/tls/client_hello.h"

using namespace sallyport::tls;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::span<const std::uint8_t> bytes(data, size);
    const HelloResult whole = parseClientHello(bytes);
    if (whole.state == HelloState::Invalid && whole.problem.empty())
        std::abort();
    if (whole.state == HelloState::NeedMore && size >= MostClientHelloBytes)
        std::abort();
    if (whole.hello.sni.size() > 255 || whole.hello.alpn.size() > 32)
        std::abort();
    // What is complete was a good beginning before, and fragments change nothing.
    const HelloResult half = parseClientHello(bytes.first(size / 2));
    if (whole.state == HelloState::Complete && half.state == HelloState::Invalid)
        std::abort();
    if (half.state == HelloState::Complete &&
        (whole.state != HelloState::Complete || whole.hello.sni != half.hello.sni))
        std::abort();
    return 0;
}
