// Everything that a guest may send on an HTTP/1 connection, through the session that serves it.
#include <cstdint>

#include "engine/egress/h1_session.h"
#include "engine/egress/refusal.h"
#include "session_world.h"

using namespace sallyport;
using namespace sallyport::egress;

namespace {

boost::asio::awaitable<void> session(fuzz::SessionWorld& world)
{
    H1Session served(world.stream(), world.limits);
    bool refused = false;
    co_await served.run(
        [&](GuestRequest& request) -> boost::asio::awaitable<void> {
            // What follows a refused head could be anything.
            fuzz::require(!refused);
            return world.serve(request);
        },
        [&](GuestRequest& request, const HeadFault& fault) {
            fuzz::require(!refused && fault.status >= 400 && !fault.text.empty());
            refused = true;
            sendRefusal(request, protocolRefusal(fault.status, fault.text));
        });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::SessionWorld world({reinterpret_cast<const char*>(data), size});
    world.run(session(world));
    return 0;
}
