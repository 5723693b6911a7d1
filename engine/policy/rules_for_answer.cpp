#include "engine/policy/rules.h"

#include <fmt/format.h>
#include <libpsl.h>

#include "engine/policy/host.h"
#include "engine/policy/path_glob.h"

namespace sallyport::policy {
namespace {

constexpr std::int64_t MinuteMs = 60'000;

// What all rules of the answer have in common.
api::Rule baseRule(const api::Question& question, const api::Answer& answer, UnixMillis now)
{
    api::Rule rule;
    if (answer.scope == api::Scope::Sandbox)
        rule.sandbox = question.sandbox;
    rule.action = answer.action;
    rule.origin = api::RuleOrigin::Answer;
    rule.createdAt = now;
    if (answer.action == api::Action::Deny)
        rule.reason = answer.reason;
    if (answer.lifetime == api::Lifetime::Minutes15)
        rule.expiresAt = now + 15 * MinuteMs;
    else if (answer.lifetime == api::Lifetime::Hour)
        rule.expiresAt = now + 60 * MinuteMs;
    rule.untilStop = answer.lifetime == api::Lifetime::UntilStop;
    rule.match.host = question.host;
    // An allow opens the very door that was asked for: "allow this host" on an HTTPS request does
    // not open its SSH port. A deny of a host means the host.
    const bool isNarrow = answer.action == api::Action::Allow ||
                          answer.reach == api::Reach::MethodAndPath ||
                          answer.reach == api::Reach::MethodAndHost;
    if (isNarrow) {
        rule.match.scheme = question.scheme;
        if (question.port != 0)
            rule.match.port = question.port;
    }
    return rule;
}

Result<std::vector<api::Rule>> forPath(const api::Question& question, const api::Rule& base)
{
    if (question.scheme == "tcp" || question.path.empty())
        return fail(Error::Code::Invalid, "this connection has no path: choose the host");
    const std::vector<std::string> patterns = patternsForPrefix(question.path);
    if (patterns.empty())
        return fail(Error::Code::Refused,
                    "servers may read this path in more than one way, or it is too long for a "
                    "rule: answer for this request, or for the host");
    std::vector<api::Rule> rules;
    for (const std::string& pattern : patterns) {
        rules.push_back(base);
        rules.back().match.method = question.method;
        rules.back().match.path = pattern;
    }
    return rules;
}

Result<std::vector<api::Rule>> forDomain(const Host& host, const api::Rule& base)
{
    if (host.isLiteral())
        return fail(Error::Code::Refused, "an address has no domain: choose the host");
    Result<std::string> domain = registrableDomain(host.name);
    if (!domain)
        return tl::unexpected(domain.error());
    std::vector<api::Rule> rules(2, base);
    rules[0].match.host = "*." + *domain;
    rules[1].match.host = *domain;
    return rules;
}

} // namespace

Result<std::vector<api::Rule>>
rulesForAnswer(const api::Question& question, const api::Answer& answer, UnixMillis now)
{
    const Result<Host> host = parseHost(question.host);
    if (!host)
        return tl::unexpected(host.error());
    if (answer.lifetime == api::Lifetime::Once || answer.reach == api::Reach::ThisRequest)
        return std::vector<api::Rule>{};

    const api::Rule base = baseRule(question, answer, now);
    Result<std::vector<api::Rule>> rules = std::vector<api::Rule>{base};
    if (answer.reach == api::Reach::MethodAndPath)
        rules = forPath(question, base);
    else if (answer.reach == api::Reach::MethodAndHost && question.scheme != "tcp")
        rules->front().match.method = question.method;
    else if (answer.reach == api::Reach::Domain)
        rules = forDomain(*host, base);
    if (!rules)
        return rules;
    for (const api::Rule& rule : *rules) {
        if (Status status = validateRule(rule); !status)
            return tl::unexpected(status.error());
    }
    return rules;
}

Result<std::string> registrableDomain(std::string_view canonicalName)
{
    const std::string name(canonicalName);
    const psl_ctx_t* const list = psl_builtin(); // compiled into the library: reads no file
    const char* const domain =
        list != nullptr ? psl_registrable_domain(list, name.c_str()) : nullptr;
    if (domain == nullptr)
        return fail(
            Error::Code::Refused,
            fmt::format("{} has no domain that belongs to one owner: choose the host", name));
    return std::string(domain);
}

} // namespace sallyport::policy
