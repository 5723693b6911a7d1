#include "engine/service/handler_book.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/text.h"
#include "engine/policy/built_in.h"
#include "engine/policy/pattern.h"

namespace sallyport::service
{
namespace asio = boost::asio;

namespace
{

bool isCatchAllAtRunTime(const api::Handler& handler)
{
    return handler.origin == api::HandlerOrigin::RunTime && handler.host.empty();
}

bool isHostAtRunTime(const api::Handler& handler)
{
    return handler.origin == api::HandlerOrigin::RunTime && !handler.host.empty();
}

Result<std::string> canonicalPattern(std::string_view host)
{
    const auto pattern = policy::Pattern::parse(host);
    if (!pattern)
        return tl::unexpected(pattern.error());
    return pattern->text();
}

} // namespace

HandlerBook::HandlerBook(store::Store& store, std::map<api::SandboxId, std::vector<api::Handler>> handlers,
                         std::vector<store::StoredModule> modules)
    : m_store(store)
    , m_handlers(std::move(handlers))
{
    for (store::StoredModule& module : modules)
        m_modules.emplace(module.module.sandbox, std::move(module));
}

const std::vector<api::Handler>& HandlerBook::of(api::SandboxId sandbox) const
{
    static const std::vector<api::Handler> none;
    const auto found = m_handlers.find(sandbox);
    return found == m_handlers.end() ? none : found->second;
}

void HandlerBook::removeSandbox(api::SandboxId sandbox)
{
    m_handlers.erase(sandbox);
    m_modules.erase(sandbox);
    m_saves.erase(sandbox);
}

// A name of the module comes before a built-in one: code that defines its own `allowHosts` means that.
Status HandlerBook::check(api::SandboxId sandbox, const Wanted& handler) const
{
    const auto made = make(sandbox, {}, handler);
    return made ? Status() : tl::unexpected(made.error());
}

Result<api::Handler> HandlerBook::make(api::SandboxId sandbox, std::string_view host, const Wanted& wanted) const
{
    api::Handler handler;
    handler.name = wanted.name;
    handler.params = wanted.params;
    handler.setAt = nowUnixMillis();
    if (wanted.params.size() > policy::MostParameterBytes)
        return fail(Error::Code::TooLarge, fmt::format("params: longer than {} bytes", policy::MostParameterBytes));
    if (!host.empty()) {
        auto pattern = canonicalPattern(host);
        if (!pattern)
            return tl::unexpected(pattern.error());
        handler.host = std::move(*pattern);
    }
    const auto module = m_modules.find(sandbox);
    if (module != m_modules.end()) {
        const auto& names = module->second.module.handlers;
        if (std::find(names.begin(), names.end(), wanted.name) != names.end()) {
            handler.kind = api::HandlerKind::JavaScript;
            return handler;
        }
    }
    auto builtIn = policy::parseBuiltIn(wanted.name, wanted.params);
    if (builtIn)
        return handler;
    if (builtIn.error().code == Error::Code::NotFound && module != m_modules.end() && !module->second.module.handlers.empty())
        return fail(Error::Code::NotFound,
                    fmt::format("{}; the module has {}", builtIn.error().text, fmt::join(module->second.module.handlers, ", ")));
    if (builtIn.error().code == Error::Code::NotFound)
        return tl::unexpected(builtIn.error());
    return fail(wanted.name, builtIn.error());
}

Status HandlerBook::replace(api::SandboxId sandbox, std::vector<api::Handler> handlers)
{
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const api::Handler& handler : handlers) {
        count += handler.origin == api::HandlerOrigin::RunTime ? 1 : 0;
        bytes += handler.params.size() + handler.name.size() + handler.host.size();
    }
    if (count > MostHandlers || bytes > MostBytes)
        return fail(Error::Code::TooLarge, fmt::format("a sandbox has at most {} handlers, with {} KiB of parameters in all",
                                                       MostHandlers, MostBytes / 1024));
    m_handlers[sandbox] = std::move(handlers);
    m_store.saveHandlers(sandbox, m_handlers[sandbox]);
    if (m_listener.onHandlersChanged)
        m_listener.onHandlersChanged(sandbox, m_handlers[sandbox]);
    if (m_listener.onChanged)
        m_listener.onChanged(sandbox);
    return {};
}

Status HandlerBook::setOutboundHandler(api::SandboxId sandbox, const std::optional<Wanted>& handler)
{
    std::vector<api::Handler> handlers = of(sandbox);
    std::erase_if(handlers, isCatchAllAtRunTime);
    if (handler) {
        auto made = make(sandbox, {}, *handler);
        if (!made)
            return tl::unexpected(made.error());
        handlers.push_back(std::move(*made));
    }
    return replace(sandbox, std::move(handlers));
}

Status HandlerBook::setOutboundByHost(api::SandboxId sandbox, std::string_view host, const Wanted& handler)
{
    if (host.empty())
        return fail(Error::Code::Invalid, "the host pattern is empty; \"*\" is every host");
    auto made = make(sandbox, host, handler);
    if (!made)
        return tl::unexpected(made.error());
    std::vector<api::Handler> handlers = of(sandbox);
    std::erase_if(handlers, [&](const api::Handler& each) { return isHostAtRunTime(each) && each.host == made->host; });
    handlers.push_back(std::move(*made));
    return replace(sandbox, std::move(handlers));
}

Status HandlerBook::setOutboundByHosts(api::SandboxId sandbox, const std::vector<std::pair<std::string, Wanted>>& wanted)
{
    std::vector<api::Handler> handlers = of(sandbox);
    std::erase_if(handlers, isHostAtRunTime);
    for (const auto& [host, handler] : wanted) {
        if (host.empty())
            return fail(Error::Code::Invalid, "the host pattern is empty; \"*\" is every host");
        auto made = make(sandbox, host, handler);
        if (!made)
            return fail(text::elide(host, 100), made.error());
        for (const api::Handler& each : handlers)
            if (isHostAtRunTime(each) && each.host == made->host)
                return fail(Error::Code::Invalid, fmt::format("{} is named twice", made->host));
        handlers.push_back(std::move(*made));
    }
    return replace(sandbox, std::move(handlers));
}

Status HandlerBook::removeOutboundByHost(api::SandboxId sandbox, std::string_view host)
{
    const auto pattern = canonicalPattern(host);
    if (!pattern)
        return tl::unexpected(pattern.error());
    std::vector<api::Handler> handlers = of(sandbox);
    const auto removed =
        std::erase_if(handlers, [&](const api::Handler& each) { return isHostAtRunTime(each) && each.host == *pattern; });
    if (removed == 0)
        return fail(Error::Code::NotFound, fmt::format("no handler was set for {} at run time", *pattern));
    return replace(sandbox, std::move(handlers));
}

api::Module HandlerBook::module(api::SandboxId sandbox) const
{
    const auto found = m_modules.find(sandbox);
    if (found != m_modules.end())
        return found->second.module;
    api::Module none;
    none.sandbox = sandbox;
    return none;
}

std::string HandlerBook::moduleInForce(api::SandboxId sandbox) const
{
    const auto found = m_modules.find(sandbox);
    return found == m_modules.end() ? std::string() : found->second.good;
}

api::ModuleSettings HandlerBook::settings(api::SandboxId sandbox) const
{
    const auto found = m_modules.find(sandbox);
    return found == m_modules.end() ? api::ModuleSettings() : found->second.settings;
}

asio::awaitable<Result<api::Module>> HandlerBook::saveModule(api::SandboxId sandbox, std::string source)
{
    if (source.size() > MostSourceBytes)
        co_return fail(Error::Code::TooLarge, fmt::format("the module is longer than {} KiB", MostSourceBytes / 1024));
    const std::uint64_t number = m_saves[sandbox] = ++m_lastSave;
    if (source.empty()) {
        m_modules.erase(sandbox);
        m_store.removeModule(sandbox);
        putInForce(sandbox, {});
        co_return module(sandbox);
    }
    CheckedModule checked;
    if (m_check) {
        auto checking = m_check(sandbox, source);
        checked = co_await std::move(checking);
    } else {
        checked.problems.push_back({"this engine has no runtime for handlers in JavaScript: the module is kept, and not run", 0, 0});
    }
    const auto latest = m_saves.find(sandbox);
    if (latest == m_saves.end())
        co_return fail(Error::Code::NotFound, "the sandbox was removed while its module was being checked");
    if (latest->second != number)
        co_return fail(Error::Code::Conflict, "the module was saved once more while this text was being checked; the later one counts");
    store::StoredModule& stored = m_modules[sandbox];
    stored.module.sandbox = sandbox;
    stored.module.source = std::move(source);
    stored.module.savedAt = nowUnixMillis();
    stored.module.problems = checked.problems;
    stored.module.inForce = checked.problems.empty();
    if (stored.module.inForce) {
        stored.good = stored.module.source;
        stored.module.handlers = checked.handlers;
        stored.settings = checked.settings;
    }
    m_store.saveModule(stored);
    if (stored.module.inForce)
        putInForce(sandbox, checked);
    else if (m_listener.onChanged)
        m_listener.onChanged(sandbox);
    co_return stored.module;
}

// Declared handlers are the module's; those set at run time stay, and deny where their name is gone.
void HandlerBook::putInForce(api::SandboxId sandbox, const CheckedModule& checked)
{
    std::vector<api::Handler> handlers = of(sandbox);
    std::erase_if(handlers, [](const api::Handler& each) { return each.origin == api::HandlerOrigin::Declared; });
    for (api::Handler declared : checked.declared) {
        declared.origin = api::HandlerOrigin::Declared;
        declared.setAt = nowUnixMillis();
        handlers.push_back(std::move(declared));
    }
    if (m_listener.onSettingsChanged)
        m_listener.onSettingsChanged(sandbox, checked.settings);
    static_cast<void>(replace(sandbox, std::move(handlers)));
}

} // namespace sallyport::service
