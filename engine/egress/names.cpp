#include "engine/egress/names.h"

#include <fmt/format.h>

namespace sallyport::egress {

namespace {

tl::unexpected<std::string> disagree(std::string text)
{
    return tl::unexpected<std::string>(std::move(text));
}

std::string wentTo(const Destination& destination)
{
    return destination.name.empty() ? "the address " + destination.address.text()
                                    : destination.name;
}

} // namespace

tl::expected<policy::Host, std::string> agreeOnSni(const Destination& destination,
                                                   std::string_view sni)
{
    const policy::Host host = destination.host();
    if (sni.empty())
        return host;
    const auto named = policy::parseHost(sni);
    if (!named)
        return disagree(fmt::format("the TLS name is no host name: {}", named.error().text));
    if (*named != host)
        return disagree(fmt::format("the connection went to {}, but TLS names {}",
                                    wentTo(destination), named->text()));
    return host;
}

tl::expected<policy::Host, std::string> agreeOnRequest(const Destination& destination,
                                                       std::string_view sni,
                                                       std::string_view authority,
                                                       std::string_view scheme,
                                                       bool tls)
{
    auto host = agreeOnSni(destination, sni);
    if (!host)
        return host;
    if (!scheme.empty() && scheme != (tls ? "https" : "http"))
        return disagree(fmt::format("the request says {} on a connection {} TLS", scheme,
                                    tls ? "with" : "without"));
    if (authority.empty())
        return host;
    const auto asked = policy::parseAuthority(authority);
    if (!asked)
        return disagree(fmt::format("the Host is no host name: {}", asked.error().text));
    if (asked->host != *host)
        return disagree(fmt::format("the connection went to {}, but the request is for {}",
                                    wentTo(destination), asked->host.text()));
    const int port = asked->port.value_or(tls ? 443 : 80);
    if (port != destination.port)
        return disagree(
            fmt::format("the connection went to port {}, but the request is for port {}",
                        destination.port, port));
    return host;
}

} // namespace sallyport::egress
