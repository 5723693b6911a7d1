#pragma once

// The floor: destinations that no rule and no answer opens, only a grant in the sandbox's settings.
// Checked twice: on the request (name or literal) and on the address that is about to be dialled.
// Documentation ranges (192.0.2.0/24, 2001:db8::/32, …) are not part of it. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/policy/address.h"
#include "engine/policy/decision.h"

namespace sallyport::policy {

// An opening: "192.168.1.10:8080", "10.1.0.0/16:443", "[fd00::7]:443", "[fd00::/64]:443". A range
// does not open cloud metadata; that needs its very address.
struct Grant
{
    AddressRange range;
    int port = 0;

    [[nodiscard]] static Result<Grant> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const Grant&, const Grant&) = default;
};

// The range of the floor that holds the address, in words ("cloud metadata (169.254.169.254)",
// "private network 10.0.0.0/8"), or nullopt where it is none. IPv4 in IPv6 (mapped, NAT64, 6to4)
// is taken out and checked as such.
[[nodiscard]] std::optional<std::string> floorRange(const Address& address);

// Allow, or Deny at Step::Floor with the range in the reason. `hostAddresses` are those of this
// machine's own interfaces. Where the range is open by a grant the reason says which.
[[nodiscard]] Decision checkFloor(const Address& address,
                                  int port,
                                  const std::vector<Grant>& grants,
                                  const std::vector<Address>& hostAddresses);

// The same for names that mean this machine, its neighbours or a cloud's metadata by themselves
// ("localhost", "*.local", "metadata.google.internal"). `name` is canonical. No grant opens them:
// grant the address and use it.
[[nodiscard]] std::optional<std::string> floorName(std::string_view name);

} // namespace sallyport::policy
