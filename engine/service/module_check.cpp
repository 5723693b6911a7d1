#include "engine/service/module_check.h"

#include <utility>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/policy/module_policy.h"
#include "engine/policy/pattern.h"

namespace sallyport::service
{

namespace
{

api::Handler declared(std::string host, std::string name)
{
    api::Handler handler;
    handler.host = std::move(host);
    handler.name = std::move(name);
    handler.kind = api::HandlerKind::JavaScript;
    handler.origin = api::HandlerOrigin::Declared;
    return handler;
}

} // namespace

CheckedModule checkedModule(const handler::Checked& checked)
{
    CheckedModule result;
    if (!checked) {
        const handler::Problem& problem = checked.error();
        result.problems.push_back({problem.text, problem.line, problem.column});
        return result;
    }
    const handler::Description& description = (*checked)->description;
    const auto problem = [&](std::string text) { result.problems.push_back({std::move(text), 0, 0}); };
    result.handlers = description.outboundHandlers;
    if (description.hasOutbound)
        result.declared.push_back(declared({}, "outbound"));
    for (const std::string& host : description.outboundByHost) {
        const auto pattern = policy::Pattern::parse(host);
        if (!pattern)
            problem("outboundByHost: " + pattern.error().text);
        else // the name is the pattern as the module has it, by which the runtime finds it again
            result.declared.push_back(declared(pattern->text(), host));
    }
    api::ModuleSettings& settings = result.settings;
    settings.allowedHosts = description.allowedHosts;
    settings.deniedHosts = description.deniedHosts.value_or(std::vector<std::string>());
    settings.hooks = description.hooks;
    settings.enableInternet = description.enableInternet;
    settings.interceptHttps = description.interceptHttps;
    for (const auto& [list, hosts] : {std::pair{"allowedHosts", settings.allowedHosts.value_or(std::vector<std::string>())},
                                      std::pair{"deniedHosts", settings.deniedHosts}})
        for (const std::string& host : hosts)
            if (const auto pattern = policy::Pattern::parse(host); !pattern)
                problem(fmt::format("{}: {}", list, pattern.error().text));
    if (!description.sleepAfter.empty()) {
        settings.sleepAfterSeconds = policy::secondsOf(description.sleepAfter);
        if (settings.sleepAfterSeconds == 0)
            problem(fmt::format("sleepAfter: {} is no time such as 30s, 10m, 1h or a number of seconds, of at most a week",
                                text::elide(description.sleepAfter, 100)));
    }
    const bool saysSomething = settings.allowedHosts || !settings.deniedHosts.empty() || settings.enableInternet ||
                               settings.interceptHttps || settings.sleepAfterSeconds > 0 || !settings.hooks.empty();
    if (result.declared.empty() && result.handlers.empty() && !saysSomething)
        problem("the module declares no handler: no outbound, outboundByHost or outboundHandlers; and no setting");
    return result;
}

} // namespace sallyport::service
