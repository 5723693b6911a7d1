#include "engine/policy/ladder.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/policy/handler_index.h"

namespace sallyport::policy {
namespace {

// A rule with what it is sorted by. One that can't be compiled sorts last.
struct Shown
{
    api::Rule rule;
    RuleEntry entry;
};

void sortAsTheyWin(std::vector<Shown>& shown)
{
    std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
        return isMoreSpecific(a.entry, b.entry);
    });
}

std::vector<api::Rule> rulesOf(std::vector<Shown> shown)
{
    sortAsTheyWin(shown);
    std::vector<api::Rule> rules;
    rules.reserve(shown.size());
    for (Shown& each : shown)
        rules.push_back(std::move(each.rule));
    return rules;
}

std::vector<Shown>
select(const api::Sandbox& sandbox, const std::vector<api::Rule>& rules, api::Action action)
{
    std::vector<Shown> shown;
    for (const api::Rule& rule : rules) {
        if (rule.action != action || !appliesTo(rule, sandbox.id))
            continue;
        Result<RuleEntry> entry = compileRule(rule);
        shown.push_back({rule, entry ? std::move(*entry) : RuleEntry{}});
    }
    return shown;
}

void addHosts(const api::Sandbox& sandbox,
              const std::vector<std::string>& hosts,
              api::Action action,
              std::vector<Shown>& shown)
{
    for (const std::string& host : hosts) {
        api::Rule rule;
        rule.sandbox = sandbox.id;
        rule.action = action;
        rule.match.host = host;
        Result<RuleEntry> entry = compileHostEntry(host);
        shown.push_back({std::move(rule), entry ? std::move(*entry) : RuleEntry{}});
    }
}

std::size_t inForce(const std::vector<api::Rule>& rules, UnixMillis now)
{
    return static_cast<std::size_t>(
        std::count_if(rules.begin(), rules.end(), [now](const api::Rule& rule) {
            return rule.enabled && !isExpired(rule, now);
        }));
}

std::string counted(std::size_t count, std::string_view one, std::string_view many)
{
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

api::LadderStep step(api::Step which, std::string title, std::string text)
{
    api::LadderStep step;
    step.step = which;
    step.title = std::move(title);
    step.text = std::move(text);
    return step;
}

// Ports of this machine that handlers lead to: they pass the floor as well.
std::string redirections(const std::vector<api::Handler>& handlers)
{
    std::string text;
    for (const api::Handler& handler : handlers) {
        const HandlerEntry entry = compileHandler(handler);
        const auto* redirect =
            entry.builtIn ? std::get_if<RedirectToHandler>(&*entry.builtIn) : nullptr;
        if (redirect == nullptr || redirect->port == 0)
            continue;
        text += text.empty() ? " Open by a handler: " : ", ";
        text += fmt::format("127.0.0.1:{}{} for {}", redirect->port,
                            redirect->name.empty() ? "" : fmt::format(" ({})", redirect->name),
                            handler.host.empty() ? "every host" : handler.host);
    }
    return text.empty() ? text : text + '.';
}

api::LadderStep floorStep(const api::Sandbox& sandbox, const std::vector<api::Handler>& handlers)
{
    std::string text = "This machine, private and link-local networks, multicast and cloud "
                       "metadata are denied.";
    if (!sandbox.grants.empty()) {
        text += " Open by a grant:";
        for (std::size_t i = 0; i < sandbox.grants.size(); ++i)
            text += (i == 0 ? " " : ", ") + sandbox.grants[i];
        text += '.';
    }
    return step(api::Step::Floor, "Floor", text + redirections(handlers));
}

api::LadderStep
deniedStep(const api::Sandbox& sandbox, const std::vector<api::Rule>& rules, UnixMillis now)
{
    std::vector<Shown> shown = select(sandbox, rules, api::Action::Deny);
    addHosts(sandbox, sandbox.deniedHosts, api::Action::Deny, shown);
    api::LadderStep result = step(api::Step::Denied, "Denied", "");
    result.rules = rulesOf(std::move(shown));
    const std::size_t count = inForce(result.rules, now);
    result.text = count == 0 ? "No host is denied so far."
                             : fmt::format("What matches {} is denied, whatever is allowed below.",
                                           counted(count, "denied host or deny rule",
                                                   "denied hosts and deny rules"));
    return result;
}

api::LadderStep gateStep(const api::Sandbox& sandbox)
{
    api::LadderStep result =
        step(api::Step::Gate, "Gate", "Open: the sandbox has no list of allowed hosts.");
    if (!sandbox.allowedHosts)
        return result;
    std::vector<Shown> shown;
    addHosts(sandbox, *sandbox.allowedHosts, api::Action::Allow, shown);
    result.rules = rulesOf(std::move(shown));
    result.text =
        sandbox.allowedHosts->empty()
            ? "Closed: the list of allowed hosts is empty, so everything is denied."
            : "Hosts that are not on this list are denied. Those on it are allowed, unless a step "
              "below decides otherwise.";
    return result;
}

api::LadderStep handlerStep(const std::vector<api::Handler>& handlers)
{
    api::LadderStep result = step(api::Step::Handler, "Handlers", "");
    std::vector<std::string> problems;
    for (const auto& entry : HandlerIndex(handlers, problems).inOrder())
        result.handlers.push_back(entry->slot);
    if (result.handlers.empty())
        result.text = "This sandbox has no outbound handlers.";
    else
        result.text = "Those of a host come first, the most specific wins; then the one for every "
                      "host. What a handler decides is decided.";
    return result;
}

api::LadderStep
ruleStep(const api::Sandbox& sandbox, const std::vector<api::Rule>& rules, UnixMillis now)
{
    api::LadderStep result = step(api::Step::Rule, "Rules", "");
    result.rules = rulesOf(select(sandbox, rules, api::Action::Allow));
    const std::size_t count = inForce(result.rules, now);
    result.text = count == 0 ? "No rule allows anything."
                             : fmt::format("{} in force; the most specific match wins.",
                                           counted(count, "rule is", "rules are"));
    return result;
}

api::LadderStep defaultStep(const api::Sandbox& sandbox)
{
    std::string text = "What nothing above decided is denied.";
    if (sandbox.defaultAction == api::DefaultAction::Ask)
        text = "What nothing above decided is held, and you are asked.";
    else if (sandbox.defaultAction == api::DefaultAction::Allow)
        text = "What nothing above decided is allowed.";
    return step(api::Step::Default, "Default", std::move(text));
}

} // namespace

std::vector<api::LadderStep> describeLadder(const api::Sandbox& sandbox,
                                            const std::vector<api::Rule>& rules,
                                            UnixMillis now,
                                            const std::vector<api::Handler>& handlers)
{
    return {floorStep(sandbox, handlers), deniedStep(sandbox, rules, now), gateStep(sandbox),
            handlerStep(handlers),        ruleStep(sandbox, rules, now),   defaultStep(sandbox)};
}

std::string_view stepName(api::Step step)
{
    switch (step) {
    case api::Step::Floor:
        return "floor";
    case api::Step::Denied:
        return "denied";
    case api::Step::Gate:
        return "gate";
    case api::Step::Handler:
        return "handler";
    case api::Step::Rule:
        return "rule";
    case api::Step::Default:
        return "default";
    case api::Step::Answer:
        return "answer";
    case api::Step::Protocol:
        return "protocol";
    case api::Step::Credential:
        return "credential";
    }
    return "default";
}

} // namespace sallyport::policy
