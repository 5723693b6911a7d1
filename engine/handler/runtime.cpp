#include "engine/handler/runtime.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sallyport::handler {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds Tick{50};
constexpr std::size_t MostCompiled = 16;
constexpr int MostAttempts = 5;
constexpr std::chrono::seconds RetiredIdle{2};

Problem problem(std::string text)
{
    return {std::move(text), 0, 0};
}

// A line break in JSON is blank; elsewhere it has no business.
void appendLine(std::string& out, std::string_view line)
{
    for (const char c : line)
        out.push_back(c == '\n' ? ' ' : c);
    out.push_back('\n');
}

// The answer of a process that was started, once.
struct Start
{
    explicit Start(const asio::any_io_executor& executor)
        : over(executor, asio::steady_timer::time_point::max())
    {
    }
    asio::steady_timer over;
    Checked result = tl::unexpected(problem("the handlers' process said nothing"));
    bool isOver = false;

    void end(Checked checked)
    {
        if (std::exchange(isOver, true))
            return;
        result = std::move(checked);
        over.cancel();
    }
};

Checked readStart(const Frame& frame)
{
    if (frame.type == FrameType::Failed)
        return tl::unexpected(readProblem(frame.head));
    auto description = readDescription(frame.head);
    if (!description)
        return tl::unexpected(problem(description.error().text));
    return std::make_shared<const Module>(Module{std::string(frame.tail), std::move(*description)});
}

} // namespace

// Who waits for a process to be ready shares the one that is being started.
struct Runtime::Loaded
{
    std::shared_ptr<Host> host;
    std::shared_ptr<asio::steady_timer> starting;
    std::optional<Error> failure;
    bool isRetired = false;
};

Runtime::Runtime(const asio::any_io_executor& executor, RuntimeOptions options)
    : m_executor(executor)
    , m_options(std::move(options))
    , m_timer(executor)
{
}

Runtime::~Runtime()
{
    *m_alive = false;
    for (const auto& weak : m_hosts)
        if (const auto host = weak.lock())
            host->stop("the engine stops");
}

void Runtime::setModule(api::SandboxId sandbox, const std::string& source)
{
    Sandbox& entry = m_sandboxes[sandbox];
    if (entry.loaded && entry.source == source)
        return;
    entry.source = source;
    retire(std::exchange(entry.loaded, source.empty() ? nullptr : std::make_shared<Loaded>()));
}

void Runtime::setEnvironment(api::SandboxId sandbox, std::string name, const std::string& json)
{
    Sandbox& entry = m_sandboxes[sandbox];
    if (entry.name == name && entry.environment == json)
        return;
    entry.name = std::move(name);
    entry.environment = json;
    if (entry.loaded)
        retire(std::exchange(entry.loaded, std::make_shared<Loaded>()));
}

const HandlerLimits& Runtime::limits(api::SandboxId sandbox) const
{
    const auto found = m_sandboxes.find(sandbox);
    return found != m_sandboxes.end() && found->second.limits ? *found->second.limits
                                                              : m_options.limits;
}

void Runtime::setLimits(api::SandboxId sandbox, const HandlerLimits& limits)
{
    Sandbox& entry = m_sandboxes[sandbox];
    if (entry.limits == limits)
        return;
    entry.limits = limits;
    if (entry.loaded)
        retire(std::exchange(entry.loaded, std::make_shared<Loaded>()));
}

void Runtime::removeSandbox(api::SandboxId sandbox)
{
    const auto found = m_sandboxes.find(sandbox);
    if (found == m_sandboxes.end())
        return;
    const auto loaded = std::move(found->second.loaded);
    m_sandboxes.erase(found);
    if (loaded && loaded->host)
        loaded->host->stop("the sandbox is gone");
}

void Runtime::retire(const std::shared_ptr<Loaded>& loaded)
{
    if (!loaded)
        return;
    loaded->isRetired = true;
    if (loaded->host && !loaded->starting && loaded->host->calls() == 0)
        loaded->host->stop("the module was replaced");
}

std::vector<const Process*> Runtime::processes() const
{
    std::vector<const Process*> all;
    for (const auto& weak : m_hosts)
        if (const auto host = weak.lock(); host && !host->isGone())
            all.push_back(&host->process());
    return all;
}

asio::awaitable<Checked> Runtime::startWith(
    std::shared_ptr<Host> host, FrameType type, std::string head, std::string tail, Host::Line line)
{
    const auto start = std::make_shared<Start>(m_executor);
    host->run([start](const Frame& frame) { start->end(readStart(frame)); }, std::move(line),
              [start](const std::string& why) { start->end(tl::unexpected(problem(why))); });
    host->send(type, 0, 0, head, tail);
    start->over.expires_after(m_options.limits.start);
    if (!start->isOver)
        co_await start->over.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!start->isOver)
        start->end(tl::unexpected(problem("the module takes too long to load")));
    co_return start->result;
}

asio::awaitable<Checked> Runtime::compile(std::string source)
{
    ProcessOptions options{m_options.program, 0, false};
    auto process = Process::start(options);
    if (!process)
        co_return tl::unexpected(problem(process.error().text));
    HandlerLimits limits = m_options.limits;
    limits.processorTime = {};
    limits.memoryBytes *= 4; // the compiler is larger than any module
    const auto host = std::make_shared<Host>(m_executor, std::move(*process), limits);
    watch(host);
    const auto alive = m_alive;
    Checked checked = co_await startWith(host, FrameType::Compile, {}, std::move(source), nullptr);
    host->stop("the check is over");
    co_return checked;
}

asio::awaitable<Checked> Runtime::check(std::string source)
{
    if (source.size() > m_options.limits.sourceBytes)
        co_return tl::unexpected(
            problem(fmt::format("a module has at most {} bytes", m_options.limits.sourceBytes)));
    const auto same = [&](const auto& each) { return each.first == source; };
    const auto found = std::find_if(m_compiled.begin(), m_compiled.end(), same);
    if (found != m_compiled.end())
        co_return found->second;
    const auto alive = m_alive;
    Checked checked = co_await compile(source);
    if (checked && *alive) {
        if (m_compiled.size() >= MostCompiled)
            m_compiled.erase(m_compiled.begin());
        m_compiled.emplace_back(std::move(source), *checked);
    }
    co_return checked;
}

Result<std::shared_ptr<Host>> Runtime::spawn(const HandlerLimits& limits)
{
    auto process = Process::start(
        {m_options.program, static_cast<int>(limits.processorTime.count()), limits.isFast});
    if (!process)
        return tl::unexpected(process.error());
    auto host = std::make_shared<Host>(m_executor, std::move(*process), limits);
    watch(host);
    return host;
}

std::string Runtime::initHead(const Sandbox& sandbox, const HandlerLimits& limits)
{
    nlohmann::json settings;
    settings["containerId"] = sandbox.name;
    settings["env"] = nlohmann::json::parse(sandbox.environment, nullptr, false);
    settings["mostLines"] = limits.consoleLines;
    return settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

asio::awaitable<tl::expected<std::shared_ptr<Host>, Problem>> Runtime::startApart(
    api::SandboxId sandbox, std::string source, std::function<void(const LogLine&)> line)
{
    const auto alive = m_alive;
    const Checked module = co_await check(std::move(source));
    if (!module)
        co_return tl::unexpected(module.error());
    if (!*alive)
        co_return tl::unexpected(problem("the engine stops"));
    const auto known = m_sandboxes.find(sandbox);
    const Sandbox settings = known == m_sandboxes.end() ? Sandbox() : known->second;
    const HandlerLimits limits = settings.limits.value_or(m_options.limits);
    auto host = spawn(limits);
    if (!host)
        co_return tl::unexpected(problem(host.error().text));
    const Checked started =
        co_await startWith(*host, FrameType::Init, initHead(settings, limits), (*module)->code,
                           [line](const Frame& frame) { line(readLine(frame.head)); });
    if (!started) {
        (*host)->stop("it did not start");
        co_return tl::unexpected(started.error());
    }
    co_return std::move(*host);
}

asio::awaitable<Result<std::shared_ptr<Host>>>
Runtime::startHost(std::shared_ptr<Loaded> loaded, Sandbox sandbox, api::SandboxId id)
{
    const auto alive = m_alive;
    const Checked module = co_await check(sandbox.source);
    if (!module)
        co_return fail(Error::Code::Invalid, "the module is wrong: " + problemText(module.error()));
    if (!*alive)
        co_return fail(Error::Code::Unavailable, "the engine stops");
    const HandlerLimits limits = sandbox.limits.value_or(m_options.limits);
    auto spawned = spawn(limits);
    if (!spawned)
        co_return tl::unexpected(spawned.error());
    const std::shared_ptr<Host> host = std::move(*spawned);
    loaded->host = host;
    const auto line = [this, alive, id](const Frame& frame) {
        if (*alive && m_line)
            m_line(id, readLine(frame.head));
    };
    const Checked started =
        co_await startWith(host, FrameType::Init, initHead(sandbox, limits), (*module)->code, line);
    if (!started) {
        host->stop("it did not start");
        co_return fail(Error::Code::Unavailable,
                       "the module did not start: " + problemText(started.error()));
    }
    co_return host;
}

asio::awaitable<Result<std::shared_ptr<Host>>>
Runtime::hostFor(std::shared_ptr<Loaded> loaded, Sandbox sandbox, api::SandboxId id)
{
    for (;;) {
        if (loaded->starting) {
            const auto starting = loaded->starting;
            co_await starting->async_wait(asio::as_tuple(asio::use_awaitable));
            if (loaded->failure)
                co_return tl::unexpected(*loaded->failure);
            continue;
        }
        if (loaded->host && !loaded->host->isGone())
            co_return loaded->host;
        const auto starting =
            std::make_shared<asio::steady_timer>(m_executor, asio::steady_timer::time_point::max());
        loaded->starting = starting;
        loaded->failure.reset();
        auto started = co_await startHost(loaded, std::move(sandbox), id);
        if (!started)
            loaded->failure = started.error();
        loaded->starting = nullptr;
        starting->cancel();
        co_return started;
    }
}

asio::awaitable<Result<std::shared_ptr<Host>>> Runtime::currentHost(api::SandboxId sandbox)
{
    const auto alive = m_alive;
    Error error{Error::Code::Unavailable, "the handlers' process has ended"};
    for (int attempt = 0; attempt < MostAttempts && *alive; ++attempt) {
        const auto found = m_sandboxes.find(sandbox);
        if (found == m_sandboxes.end() || !found->second.loaded)
            co_return fail(Error::Code::NotFound, "the sandbox has no handler module");
        const auto loaded = found->second.loaded;
        if (loaded->host && !loaded->host->isGone() && !loaded->starting)
            co_return loaded->host;
        auto host = co_await hostFor(loaded, found->second, sandbox);
        if (host && !(*host)->isGone())
            co_return host;
        if (!host)
            error = host.error();
        // A module that was replaced meanwhile is no reason to refuse.
        if (!host && !loaded->isRetired)
            break;
    }
    co_return tl::unexpected(error);
}

asio::awaitable<Result<Call>>
Runtime::begin(api::SandboxId sandbox, CallPeer& peer, const CallHead& head)
{
    auto host = co_await currentHost(sandbox);
    if (!host)
        co_return tl::unexpected(host.error());
    const std::size_t most = limits(sandbox).callsAtOnce;
    if ((*host)->calls() >= most)
        co_return fail(Error::Code::TooLarge,
                       fmt::format("more than {} requests wait for handlers", most));
    arm();
    co_return beginIn(std::move(*host), peer, head);
}

Call Runtime::beginIn(std::shared_ptr<Host> host, CallPeer& peer, const CallHead& head)
{
    Call call;
    call.host = std::move(host);
    call.id = call.host->begin(peer);
    std::string text;
    appendLine(text, head.kind);
    appendLine(text, head.name);
    appendLine(text, head.method);
    appendLine(text, head.url);
    if (head.hasBody)
        call.body = call.host->newBody();
    appendLine(text, call.body != 0 ? std::to_string(call.body) : std::string());
    appendLine(text, head.claimedProcess);
    appendLine(text, head.params);
    text.pop_back();
    for (const auto& [name, value] : head.fields) {
        text.append("\n").append(name).append("\n");
        appendLatin1AsUtf8(text, value);
    }
    call.host->send(FrameType::Call, 0, call.id, text);
    return call;
}

void Runtime::watch(const std::shared_ptr<Host>& host)
{
    std::erase_if(m_hosts, [](const auto& weak) { return weak.expired(); });
    m_hosts.push_back(host);
    arm();
}

void Runtime::arm()
{
    if (std::exchange(m_isArmed, true))
        return;
    m_timer.expires_after(Tick);
    m_timer.async_wait([this, alive = m_alive](const boost::system::error_code&) {
        if (!*alive)
            return;
        m_isArmed = false;
        sweep();
    });
}

void Runtime::sweep()
{
    const auto now = std::chrono::steady_clock::now();
    bool isBusy = false;
    const auto alive = m_alive;
    const auto hosts = m_hosts;
    for (const auto& weak : hosts) {
        const auto host = weak.lock();
        if (!host || host->isGone())
            continue;
        isBusy = true;
        host->check(now);
        if (!*alive)
            return;
    }
    for (auto& [id, sandbox] : m_sandboxes) {
        const auto host = sandbox.loaded ? sandbox.loaded->host : nullptr;
        if (host && !sandbox.loaded->starting && host->calls() == 0 &&
            now - host->idleSince() > sandbox.limits.value_or(m_options.limits).idle)
            host->stop("it was idle");
    }
    for (const auto& weak : hosts) {
        const auto host = weak.lock();
        if (!host || host->isGone() || host->calls() > 0 ||
            now - host->idleSince() < (host->isUsed() ? RetiredIdle : m_options.limits.start))
            continue;
        const auto isCurrent = [&](const auto& each) {
            return each.second.loaded && each.second.loaded->host == host;
        };
        // A module that was replaced goes when its last call has.
        if (std::none_of(m_sandboxes.begin(), m_sandboxes.end(), isCurrent))
            host->stop("the module was replaced");
    }
    if (isBusy)
        arm();
}

} // namespace sallyport::handler
