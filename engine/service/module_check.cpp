#include "engine/service/module_check.h"

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
    if (result.declared.empty() && result.handlers.empty())
        problem("the module declares no handler: no outbound, outboundByHost or outboundHandlers");
    return result;
}

} // namespace sallyport::service
