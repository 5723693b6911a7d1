#include "engine/policy/module_policy.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/policy/pattern.h"

namespace sallyport::policy {
namespace {

using Hosts = std::vector<std::string>;

bool holds(const Hosts& hosts, const std::string& host)
{
    const auto pattern = Pattern::parse(host);
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& each) {
        const auto other = Pattern::parse(each);
        return pattern && other && other->text() == pattern->text();
    });
}

std::string listed(const Hosts& hosts)
{
    constexpr std::size_t MostShown = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(hosts.size(), MostShown); ++i)
        text += (i == 0 ? "" : ", ") + hosts[i];
    if (hosts.size() > MostShown)
        text += fmt::format(" and {} more", hosts.size() - MostShown);
    return text.empty() ? "nothing" : text;
}

bool isClosedByModule(const api::Sandbox& own, const api::ModuleSettings& module)
{
    return module.enableInternet == false && own.defaultAction != api::DefaultAction::Deny;
}

} // namespace

api::Sandbox withModule(api::Sandbox own, const api::ModuleSettings& module)
{
    for (const std::string& host : module.deniedHosts)
        if (!holds(own.deniedHosts, host))
            own.deniedHosts.push_back(host);
    if (!own.allowedHosts)
        own.allowedHosts = module.allowedHosts;
    if (isClosedByModule(own, module))
        own.defaultAction = api::DefaultAction::Deny;
    return own;
}

void nameModule(Decision& decision, const api::Sandbox& own, const api::ModuleSettings& module)
{
    if (decision.step == api::Step::Denied && !decision.rule &&
        holds(module.deniedHosts, decision.ruleText) && !holds(own.deniedHosts, decision.ruleText))
        decision.reason += ", which the module's class says";
    else if (decision.step == api::Step::Gate && !own.allowedHosts && module.allowedHosts)
        decision.reason += " of the module's class";
    else if (decision.step == api::Step::Default && isClosedByModule(own, module))
        decision.reason += ", since the module's class says enableInternet = false";
}

void describeModule(std::vector<api::LadderStep>& steps,
                    const api::Sandbox& own,
                    const api::ModuleSettings& module)
{
    for (api::LadderStep& step : steps) {
        switch (step.step) {
        case api::Step::Denied:
            if (!module.deniedHosts.empty())
                step.text +=
                    fmt::format(" The module's class denies {}.", listed(module.deniedHosts));
            break;
        case api::Step::Gate:
            if (module.allowedHosts && !own.allowedHosts)
                step.text += fmt::format(" The list is that of the module's class: {}.",
                                         listed(*module.allowedHosts));
            else if (module.allowedHosts)
                step.text += " It replaces the list of the module's class.";
            break;
        case api::Step::Handler:
            if (module.interceptHttps == false)
                step.text += " The module's class says interceptHttps = false, which is not "
                             "followed: HTTPS is opened, unless the handler `tunnel` is set.";
            break;
        case api::Step::Default:
            if (module.enableInternet == false)
                step.text += " The module's class says enableInternet = false.";
            else if (module.enableInternet && own.defaultAction != api::DefaultAction::Allow)
                step.text += " The module's class says enableInternet = true, which does not open "
                             "what you keep closed.";
            break;
        default:
            break;
        }
    }
}

int secondsOf(std::string_view text)
{
    constexpr int Most = 7 * 24 * 3600;
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const int seconds = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
    if (error != std::errc{} || number <= 0 || seconds == 0 || number > Most / seconds)
        return 0;
    return number * seconds;
}

} // namespace sallyport::policy
