// Everything that a guest may send on an HTTP/2 connection after the preface, through the session
// that serves it.
#include <cstdint>
#include <memory>

#include "engine/egress/h2_session.h"
#include "engine/egress/refusal.h"
#include "session_world.h"

using namespace sallyport;
using namespace sallyport::egress;

namespace {

boost::asio::awaitable<void> session(fuzz::SessionWorld& world)
{
    const auto served = std::make_shared<H2Session>(
        world.stream(), world.deadlines, world.limits, world.context.get_executor(),
        [&](GuestRequest& request) { return world.serve(request); },
        [&](GuestRequest& request, const HeadFault& fault) {
            fuzz::require(fault.status >= 400 && !fault.text.empty());
            sendRefusal(request, protocolRefusal(fault.status, fault.text));
        });
    co_await served->run();
    fuzz::require(served->isDead() && served->streamCount() == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    bytes.append(reinterpret_cast<const char*>(data), size);
    fuzz::SessionWorld world(bytes);
    world.run(session(world));
    return 0;
}
