#include "app/sallyctl/rule_options.h"

#include <CLI/CLI.hpp>

#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"

namespace sallyport::ctl {
namespace {

Status setLifetime(api::Rule& rule, const std::string& text, UnixMillis now)
{
    rule.untilStop = text == "until-stop";
    rule.expiresAt.reset();
    if (rule.untilStop || text == "always")
        return {};
    const auto millis = durationFromText(text);
    if (!millis)
        return fail("--for", Error{Error::Code::Invalid, "'" + text +
                                                             "' is neither until-stop, always, "
                                                             "nor a time such as 15m or 2h"});
    rule.expiresAt = now + *millis;
    return {};
}

} // namespace

void RuleOptions::addTo(CLI::App& command)
{
    command.add_option("--port", port, "Only this port; 0: any")->check(CLI::Range(0, 65535));
    command.add_option("--scheme", scheme, "http, https, tcp or udp; empty: any but udp");
    command.add_option("--method", method, "GET, POST, …; empty: any");
    command.add_option("--path", path, "Glob: * within a part, ** across parts; empty: any");
    command.add_option("--for", lifetime, "always, until-stop, or a time such as 15m, 2h, 3d");
    command.add_option("--reason", reason, "For deny: what the guest reads");
    command.add_option("--note", note, "Your own words");
}

Status RuleOptions::applyTo(api::Rule& rule, UnixMillis now) const
{
    if (action) {
        const auto parsed = enumFromText<api::Action>(*action);
        if (!parsed)
            return tl::unexpected<Error>(parsed.error());
        rule.action = *parsed;
    }
    if (port)
        rule.match.port = *port == 0 ? std::optional<int>() : port;
    const auto set = [](std::string& member, const std::optional<std::string>& value) {
        if (value)
            member = *value;
    };
    set(rule.match.host, host);
    set(rule.match.scheme, scheme);
    set(rule.match.method, method);
    set(rule.match.path, path);
    set(rule.reason, reason);
    set(rule.note, note);
    return lifetime ? setLifetime(rule, *lifetime, now) : Status();
}

std::string matchText(const api::Match& match)
{
    std::string out = match.method.empty() ? "" : match.method + " ";
    if (!match.scheme.empty())
        out += match.scheme + "://";
    out += match.host;
    if (match.port)
        out += ":" + std::to_string(*match.port);
    return out + match.path;
}

std::string lifetimeText(const api::Rule& rule, UnixMillis now)
{
    if (rule.untilStop)
        return "until stop";
    if (!rule.expiresAt)
        return "always";
    return *rule.expiresAt > now ? durationText(*rule.expiresAt - now) : "expired";
}

} // namespace sallyport::ctl
