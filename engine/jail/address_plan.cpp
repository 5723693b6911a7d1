#include "engine/jail/address_plan.h"

#include <fmt/format.h>

namespace sallyport::jail {
namespace {

// 100.64.0.0 + offset.
std::string address4(unsigned offset)
{
    return fmt::format("100.64.{}.{}", offset >> 8U, offset & 0xffU);
}

} // namespace

Result<Tap> addressPlan(unsigned number)
{
    if (number > MaxNumber && number != SecondProbeNumber)
        return fail(Error::Code::Invalid, fmt::format("not a sandbox number: {}", number));
    Tap tap;
    tap.number = number;
    tap.name = fmt::format("sp{}", number);
    tap.guestMac = fmt::format("52:54:00:53:{:02x}:{:02x}", number >> 8U, number & 0xffU);
    tap.gatewayMac = fmt::format("02:53:50:53:{:02x}:{:02x}", number >> 8U, number & 0xffU);
    tap.gateway4 = address4(2 * number);
    tap.guest4 = address4(2 * number + 1);
    tap.gateway6 = fmt::format("fd53:616c:6c79:{:x}::1", number);
    tap.guest6 = fmt::format("fd53:616c:6c79:{:x}::2", number);
    return tap;
}

} // namespace sallyport::jail
