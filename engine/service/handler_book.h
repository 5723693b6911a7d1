#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// What the check of a module found out. With problems it is not put in force.
struct CheckedModule
{
    std::vector<api::ModuleProblem> problems;
    std::vector<std::string> handlers;  // names that setOutboundHandler and setOutboundByHost may use
    std::vector<api::Handler> declared; // what it puts on the ladder: outbound, outboundByHost
    api::ModuleSettings settings;       // what its class says besides
};

// Who stands on the handler rungs of each sandbox, and each sandbox's module. A change is checked, stored and announced at
// once; the next request obeys. Network thread only.
class HandlerBook
{
public:
    struct Listener
    {
        // The handlers of the sandbox's ladder, for the policy.
        std::function<void(api::SandboxId, const std::vector<api::Handler>&)> onHandlersChanged;
        // What the class of the module in force says.
        std::function<void(api::SandboxId, const api::ModuleSettings&)> onSettingsChanged;
        std::function<void(api::SandboxId)> onChanged; // handlers or module: for whoever shows them
    };
    // Compiles a module in the runtime, without running any of it for a request.
    using Check = std::function<boost::asio::awaitable<CheckedModule>(api::SandboxId, std::string source)>;

    // A handler that is to be set. `params` is a JSON text.
    struct Wanted
    {
        std::string name;
        std::string params = "{}";
    };

    static constexpr std::size_t MostHandlers = 500;       // of a sandbox, set at run time
    static constexpr std::size_t MostBytes = 256 * 1024;   // of their parameters together
    static constexpr std::size_t MostSourceBytes = 256 * 1024;

    // As they were stored. `store` outlives the book.
    HandlerBook(store::Store& store, std::map<api::SandboxId, std::vector<api::Handler>> handlers,
                std::vector<store::StoredModule> modules);

    void setListener(Listener listener) { m_listener = std::move(listener); }
    // Without one every module is refused.
    void setCheck(Check check) { m_check = std::move(check); }

    [[nodiscard]] const std::vector<api::Handler>& of(api::SandboxId sandbox) const;
    void removeSandbox(api::SandboxId sandbox);

    // Each is refused as a whole where a name, a parameter or a pattern is wrong. Unset is null: no catch-all.
    [[nodiscard]] Status setOutboundHandler(api::SandboxId sandbox, const std::optional<Wanted>& handler);
    // Whether such a handler could be set now.
    [[nodiscard]] Status check(api::SandboxId sandbox, const Wanted& handler) const;
    [[nodiscard]] Status setOutboundByHost(api::SandboxId sandbox, std::string_view host, const Wanted& handler);
    [[nodiscard]] Status
    setOutboundByHosts(api::SandboxId sandbox, const std::vector<std::pair<std::string, Wanted>>& handlers);
    [[nodiscard]] Status removeOutboundByHost(api::SandboxId sandbox, std::string_view host);

    [[nodiscard]] api::Module module(api::SandboxId sandbox) const;
    // The text of the module in force; empty without one.
    [[nodiscard]] std::string moduleInForce(api::SandboxId sandbox) const;
    // Of the module in force.
    [[nodiscard]] api::ModuleSettings settings(api::SandboxId sandbox) const;
    // Conflict where another save began meanwhile, NotFound where the sandbox went.
    [[nodiscard]] boost::asio::awaitable<Result<api::Module>> saveModule(api::SandboxId sandbox, std::string source);

private:
    [[nodiscard]] Result<api::Handler> make(api::SandboxId sandbox, std::string_view host, const Wanted& wanted) const;
    [[nodiscard]] Status replace(api::SandboxId sandbox, std::vector<api::Handler> handlers);
    void putInForce(api::SandboxId sandbox, const CheckedModule& checked);

    store::Store& m_store;
    Listener m_listener;
    Check m_check;
    std::map<api::SandboxId, std::vector<api::Handler>> m_handlers;
    std::map<api::SandboxId, store::StoredModule> m_modules;
    std::map<api::SandboxId, std::uint64_t> m_saves; // the latest of each sandbox that is under way
    std::uint64_t m_lastSave = 0;
};

} // namespace sallyport::service
