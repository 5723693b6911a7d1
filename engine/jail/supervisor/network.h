#pragma once

// Links, addresses and routes of the network namespace that this process is in (rtnetlink, by
// libnl-route), and the taps. One thread.

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/address_plan.h"

namespace sallyport::jail {

// Packets with this mark are delivered to a socket here, whatever their destination.
inline constexpr unsigned CaughtMark = 1;
inline constexpr unsigned CaughtTable = 100;

class Network
{
public:
    [[nodiscard]] static Result<Network> open();
    Network(Network&&) noexcept;
    Network& operator=(Network&&) noexcept;
    ~Network();

    // Loopback up, sysctls, and the policy routes that make tproxy work, once.
    [[nodiscard]] Status prepare();

    // A tap that the given user may open, with its addresses, a fixed neighbour entry for the guest
    // (so the guest's ARP and ND can't confuse us), and up.
    [[nodiscard]] Status addTap(const Tap& tap, uid_t owner);
    [[nodiscard]] Status removeTap(const std::string& name);

    // Names of all links, sorted.
    [[nodiscard]] Result<std::vector<std::string>> links();
    // Whether any route but those of our taps and the local ones exists: there must be none.
    [[nodiscard]] Result<std::vector<std::string>> foreignRoutes();

private:
    struct Private;
    explicit Network(std::unique_ptr<Private> state);
    std::unique_ptr<Private> m;
};

// A queue of an existing tap, non-blocking: what is written to it comes from the guest's side.
[[nodiscard]] Result<UniqueFd> openTapQueue(const std::string& name);

} // namespace sallyport::jail
