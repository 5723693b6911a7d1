#pragma once

// The way in: each sandbox's module, checked and run. Network thread only.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/handler/host.h"
#include "engine/handler/limits.h"
#include "engine/handler/module.h"

namespace sallyport::handler {

struct RuntimeOptions
{
    std::string program; // path of sallyport-handlerd
    HandlerLimits limits;
};

// What a handler is told of a request.
struct CallHead
{
    // Which handler: "outbound"; "host" and the pattern as the module has it; "named" and a name.
    std::string kind;
    std::string name;
    std::string method;
    std::string url;
    bool hasBody = false;
    std::string claimedProcess;
    std::string params; // JSON; empty: none
    std::vector<std::pair<std::string_view, std::string_view>> fields;
};

// A call that has begun. `body` is the number of the request's body, 0 without one.
struct Call
{
    std::shared_ptr<Host> host;
    std::uint32_t id = 0;
    std::uint32_t body = 0;
};

class Runtime
{
public:
    // A line of the handlers' log that no request caused.
    using Line = std::function<void(api::SandboxId, const LogLine&)>;

    Runtime(const boost::asio::any_io_executor& executor, RuntimeOptions options);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    void setLine(Line line) { m_line = std::move(line); }
    // The sandbox's own, else those of the options.
    [[nodiscard]] const HandlerLimits& limits(api::SandboxId sandbox) const;
    // In force from the next call on.
    void setLimits(api::SandboxId sandbox, const HandlerLimits& limits);

    // Compiles and runs a module to see what it declares, in a process of its own that is gone
    // afterwards. The error is a problem of the module.
    [[nodiscard]] boost::asio::awaitable<Checked> check(std::string source);

    // The module in force from the next call on; empty: none. Calls that run go on with theirs.
    void setModule(api::SandboxId sandbox, const std::string& source);
    // What `env` holds, as a JSON object; new processes see it. `name` is ctx.containerId.
    void setEnvironment(api::SandboxId sandbox, std::string name, const std::string& json);
    void removeSandbox(api::SandboxId sandbox);

    // Begins a call as soon as a process runs the module. The peer must live until it has ended the
    // call or lost it.
    [[nodiscard]] boost::asio::awaitable<Result<Call>>
    begin(api::SandboxId sandbox, CallPeer& peer, const CallHead& head);

    // A process of its own that runs this text as the sandbox would, for a trial. Whoever asked
    // stops it. The error is a problem of the module.
    [[nodiscard]] boost::asio::awaitable<tl::expected<std::shared_ptr<Host>, Problem>> startApart(
        api::SandboxId sandbox, std::string source, std::function<void(const LogLine&)> line);
    // Begins a call in this process.
    [[nodiscard]] static Call
    beginIn(std::shared_ptr<Host> host, CallPeer& peer, const CallHead& head);

    // Processes alive; for tests and figures.
    [[nodiscard]] std::vector<const Process*> processes() const;

private:
    struct Loaded; // a module as it runs for one sandbox
    struct Sandbox
    {
        std::string source;
        std::string name;
        std::string environment = "{}";
        std::optional<HandlerLimits> limits;
        std::shared_ptr<Loaded> loaded;
    };
    using Compiled = Result<std::shared_ptr<const Module>>;

    [[nodiscard]] boost::asio::awaitable<Result<std::shared_ptr<Host>>>
    hostFor(std::shared_ptr<Loaded> loaded, Sandbox sandbox, api::SandboxId id);
    // The process for the sandbox's module as it is now.
    [[nodiscard]] boost::asio::awaitable<Result<std::shared_ptr<Host>>>
    currentHost(api::SandboxId sandbox);
    [[nodiscard]] boost::asio::awaitable<Result<std::shared_ptr<Host>>>
    startHost(std::shared_ptr<Loaded> loaded, Sandbox sandbox, api::SandboxId id);
    [[nodiscard]] Result<std::shared_ptr<Host>> spawn(const HandlerLimits& limits);
    [[nodiscard]] static std::string initHead(const Sandbox& sandbox, const HandlerLimits& limits);
    [[nodiscard]] boost::asio::awaitable<Checked> compile(std::string source);
    // Sends the first frame to a new process and waits for its answer.
    [[nodiscard]] boost::asio::awaitable<Checked> startWith(std::shared_ptr<Host> host,
                                                            FrameType type,
                                                            std::string head,
                                                            std::string tail,
                                                            Host::Line line);
    void watch(const std::shared_ptr<Host>& host);
    void arm();
    void sweep();
    void retire(const std::shared_ptr<Loaded>& loaded);

    boost::asio::any_io_executor m_executor;
    RuntimeOptions m_options;
    Line m_line;
    std::map<api::SandboxId, Sandbox> m_sandboxes;
    std::vector<std::weak_ptr<Host>> m_hosts;
    // Modules that were compiled, by their text; the last few.
    std::vector<std::pair<std::string, std::shared_ptr<const Module>>> m_compiled;
    boost::asio::steady_timer m_timer;
    bool m_isArmed = false;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace sallyport::handler
