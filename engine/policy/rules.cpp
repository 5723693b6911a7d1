#include "engine/policy/rules.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/policy/parsed_match.h"

namespace sallyport::policy {
namespace {

constexpr std::size_t MostReasonBytes = 500;
constexpr std::size_t MostNoteBytes = 2000;
constexpr std::size_t MostMethodBytes = 32;
constexpr int DnsPort = 53;

tl::unexpected<Error> invalid(std::string text)
{
    return fail(Error::Code::Invalid, std::move(text));
}

bool isMethodCharacter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int usualPort(std::string_view scheme)
{
    return scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
}

} // namespace

Result<ParsedMatch> parseMatch(const api::Match& match)
{
    Result<Pattern> host = Pattern::parse(match.host);
    if (!host)
        return fail("host", host.error());
    if (match.port && (*match.port < 1 || *match.port > 65535))
        return invalid("port: must be 1 to 65535, or unset for any");
    if (match.port && host->port() && *match.port != *host->port())
        return invalid(fmt::format("port: the host pattern says {}, the port field {}",
                                   *host->port(), *match.port));
    static constexpr std::array<std::string_view, 5> Schemes = {"", "http", "https", "tcp", "udp"};
    if (std::find(Schemes.begin(), Schemes.end(), match.scheme) == Schemes.end())
        return invalid("scheme: must be http, https, tcp or udp, or empty for any (udp has to be named)");
    if (match.method.size() > MostMethodBytes ||
        !std::all_of(match.method.begin(), match.method.end(), isMethodCharacter))
        return invalid("method: must be in capital letters, as in GET, or empty for any");
    Result<PathGlob> path = PathGlob::parse(match.path);
    if (!path)
        return tl::unexpected(path.error());
    if (match.scheme == "tcp" && (!match.method.empty() || !match.path.empty()))
        return invalid("scheme: tcp connections have no method and no path");
    if (match.scheme == "udp" && (!match.method.empty() || !match.path.empty()))
        return invalid("scheme: datagrams have no method and no path");
    // The jail catches datagrams by port, so it has to know which.
    if (match.scheme == "udp" && !match.port && !host->port())
        return invalid("port: a rule for udp names one");
    if (match.scheme == "udp" && match.port.value_or(host->port().value_or(0)) == DnsPort)
        return invalid("port: queries to UDP port 53 are answered by the sandbox's own resolver");
    return ParsedMatch{std::move(*host), std::move(*path)};
}

Status validateTexts(const api::Rule& rule)
{
    if (rule.untilStop && !rule.sandbox)
        return invalid("a rule for all sandboxes can't end when one of them stops: give it a time, "
                       "or none");
    if (rule.reason.size() > MostReasonBytes)
        return invalid(fmt::format("reason: at most {} bytes", MostReasonBytes));
    if (rule.note.size() > MostNoteBytes)
        return invalid(fmt::format("note: at most {} bytes", MostNoteBytes));
    return {};
}

Status validateRule(const api::Rule& rule)
{
    if (Result<ParsedMatch> match = parseMatch(rule.match); !match)
        return tl::unexpected(match.error());
    return validateTexts(rule);
}

std::string matchText(const api::Match& match)
{
    const Result<Pattern> host = Pattern::parse(match.host);
    return matchText(match, host ? &*host : nullptr);
}

std::string matchText(const api::Match& match, const Pattern* pattern)
{
    const bool hasPort = match.port || (pattern != nullptr && pattern->port());
    const int port = match.port ? *match.port : hasPort ? *pattern->port() : 0;
    std::string text = match.method.empty() ? "" : match.method + ' ';
    text += match.scheme.empty() ? "" : match.scheme + "://";
    text += pattern != nullptr ? pattern->hostText() : match.host;
    if (hasPort && port != usualPort(match.scheme))
        text += fmt::format(":{}", port);
    else if (!hasPort && !match.scheme.empty())
        text += ":*";
    if (!match.path.empty() && !match.path.starts_with('/'))
        text += ' ';
    return text + match.path;
}

std::string ruleText(const api::Rule& rule)
{
    return fmt::format("{} {}", rule.action == api::Action::Allow ? "allow" : "deny",
                       matchText(rule.match));
}

bool appliesTo(const api::Rule& rule, api::SandboxId sandbox)
{
    return !rule.sandbox || *rule.sandbox == sandbox;
}

bool isExpired(const api::Rule& rule, UnixMillis now)
{
    return rule.expiresAt && *rule.expiresAt <= now;
}

} // namespace sallyport::policy
