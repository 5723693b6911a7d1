#pragma once

// Whether the names of one request agree: what the guest asked the resolver for, the SNI of its
// TLS and the Host or :authority of the request. If they do not, one name would meet the ladder and
// another would be served (domain fronting). Pure.

#include <optional>
#include <string>
#include <string_view>

#include "engine/policy/host.h"

#include <tl/expected.hpp>

namespace sallyport::egress {

// Where a connection was going before it was caught.
struct Destination
{
    std::string name;        // asked of the resolver, canonical; empty for a literal address
    policy::Address address; // as the guest dialled it
    int port = 0;

    // What the ladder sees: the name, or the address where there is none.
    [[nodiscard]] policy::Host host() const
    {
        return name.empty() ? policy::Host(address) : policy::Host(name);
    }
};

// The host that a TLS client named, checked against the destination. The error is a sentence.
[[nodiscard]] tl::expected<policy::Host, std::string> agreeOnSni(const Destination& destination,
                                                                 std::string_view sni);

// `sni` is the name in TLS, empty without. `authority` is the Host header or :authority, empty
// where an HTTP/1.0 client sent none.
[[nodiscard]] tl::expected<policy::Host, std::string> agreeOnRequest(const Destination& destination,
                                                                     std::string_view sni,
                                                                     std::string_view authority,
                                                                     std::string_view scheme,
                                                                     bool tls);

} // namespace sallyport::egress
