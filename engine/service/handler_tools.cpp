// handlers.try
#include <algorithm>

#include "engine/egress/fetch_whole.h"
#include "engine/policy/handler_index.h"
#include "engine/service/engine.h"
#include "engine/service/handler_trial.h"
#include "engine/service/module_check.h"

namespace sallyport::service {
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace {

constexpr std::size_t MostRequestBody = std::size_t{256} * 1024;
constexpr std::size_t MostRequestHeaders = 200;

// "https://host[:port]/path?query", as policy sees it.
Result<policy::Request> policyRequest(const api::TrialRequest& trial)
{
    std::string head = trial.method + "\n" + trial.url + "\n";
    for (const auto& [name, value] : trial.headers)
        head.append("\n").append(name).append("\n").append(value);
    const auto read = egress::readHandlerFetch(head);
    if (!read)
        return fail(Error::Code::Invalid, "the request: " + read.error().text);
    policy::Request request;
    request.protocol = "http/1.1";
    request.scheme = read->tls ? "https" : "http";
    request.method = read->method;
    request.host = read->host;
    request.port = read->port;
    request.path = read->path;
    request.contentType = std::string(read->fields.find("content-type").value_or(""));
    if (!trial.body.empty())
        request.bodyBytes = static_cast<std::int64_t>(trial.body.size());
    return request;
}

// What was decided without any code of a module.
api::TrialResult decided(const policy::Decision& decision)
{
    api::TrialResult result;
    result.step = decision.step;
    result.reason = decision.reason;
    if (decision.handler)
        result.handler = decision.handler->slot.name;
    switch (decision.verdict) {
    case policy::Verdict::Allow:
        result.verdict = "allowed";
        break;
    case policy::Verdict::Ask:
        result.verdict = "asked";
        break;
    case policy::Verdict::Deny:
        result.verdict = "denied";
        result.status = decision.status;
        break;
    case policy::Verdict::Handle:
        result.verdict = "answered";
        break;
    }
    const auto* respond = decision.handler && decision.handler->builtIn
                              ? std::get_if<policy::RespondHandler>(&*decision.handler->builtIn)
                              : nullptr;
    if (respond != nullptr && decision.verdict == policy::Verdict::Handle) {
        result.status = respond->status;
        result.headers = respond->headers;
        result.body = respond->body;
        result.bodyBytes = static_cast<std::int64_t>(respond->body.size());
    }
    return result;
}

// Names are ours.
template <typename Use> void forEachText(Json& value, const Use& use)
{
    if (value.is_string())
        use(value.get_ref<std::string&>());
    else if (value.is_structured())
        for (Json& inner : value)
            forEachText(inner, use);
}

Status checkTrial(const api::TrialRequest& trial)
{
    if (trial.body.size() > MostRequestBody)
        return fail(Error::Code::TooLarge, "the body of a trial's request has at most 256 KiB");
    if (trial.headers.size() > MostRequestHeaders)
        return fail(Error::Code::TooLarge, "a trial's request has at most 200 headers");
    return {};
}

} // namespace

asio::awaitable<Result<api::TrialResult>> Engine::tryHandler(api::SandboxId sandbox,
                                                             api::TrialRequest request,
                                                             std::optional<std::string> draft,
                                                             bool isToSend)
{
    if (const Status good = checkTrial(request); !good)
        co_return tl::unexpected(good.error());
    const auto asked = policyRequest(request);
    if (!asked)
        co_return tl::unexpected(asked.error());
    const std::string source = draft ? *draft : m_handlers->moduleInForce(sandbox);
    std::vector<api::Handler> handlers = m_handlers->of(sandbox);
    api::ModuleSettings settings = m_handlers->settings(sandbox);
    if (draft && !source.empty()) {
        const CheckedModule checked = checkedModule(co_await m_runtime->check(source));
        if (!checked.problems.empty()) {
            api::TrialResult result;
            result.verdict = "failed";
            result.reason = checked.problems.front().text;
            result.problems = checked.problems;
            co_return result;
        }
        std::erase_if(handlers, [](const api::Handler& each) {
            return each.origin == api::HandlerOrigin::Declared;
        });
        handlers.insert(handlers.end(), checked.declared.begin(), checked.declared.end());
        settings = checked.settings;
    }
    const policy::Decision decision = m_book->peekWith(sandbox, handlers, settings, *asked);
    if (decision.verdict != policy::Verdict::Handle ||
        decision.handler->slot.kind != api::HandlerKind::JavaScript)
        co_return decided(decision);

    const api::Handler slot = decision.handler->slot;
    HandlerTrial::Send send;
    if (isToSend)
        send = [this, sandbox](egress::HandlerFetchHead head, std::string body) {
            return m_door->fetchWhole(sandbox, std::move(head), std::move(body),
                                      HandlerTrial::MostBody);
        };
    handler::CallHead head;
    const bool isDeclared = slot.origin == api::HandlerOrigin::Declared;
    head.kind = !isDeclared ? "named" : slot.host.empty() ? "outbound" : "host";
    head.name = slot.name;
    head.method = asked->method;
    head.url = request.url;
    head.params = isDeclared && slot.params == "{}" ? std::string() : slot.params;
    HandlerTrial::Use use = [this, sandbox](binding::StoreRequest wanted) {
        return egress::useBinding(m_bindings->bindings(), sandbox, std::move(wanted), nullptr);
    };
    const auto trial = std::make_shared<HandlerTrial>(m_loop.get_executor(), std::move(request),
                                                      std::move(send), std::move(use));
    co_await m_keeper->freshenEnvironment(sandbox);
    const auto begun = std::chrono::steady_clock::now();
    auto starting = m_runtime->startApart(
        sandbox, source, [weak = std::weak_ptr(trial)](const handler::LogLine& line) {
            if (const auto alive = weak.lock())
                alive->addLine(line);
        });
    const auto host = co_await std::move(starting);
    const double startMs =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
    api::TrialResult result;
    if (host) {
        result = co_await trial->run(*host, std::move(head));
        (*host)->stop("the trial is over");
    } else {
        result.verdict = "failed";
        result.reason = host.error().text;
        result.problems.push_back({host.error().text, host.error().line, host.error().column});
    }
    result.handler = isDeclared && slot.host.empty() ? "outbound" : slot.name;
    result.step = api::Step::Handler;
    result.startMs = startMs;
    co_return result;
}

void Engine::bindHandlerTools()
{
    m_server->registerMethod("handlers.try", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        auto request = api::member<api::TrialRequest>(parameters, "request");
        auto source = api::optionalMember<std::string>(parameters, "source");
        const auto send = api::optionalMember<bool>(parameters, "send");
        if (!id || !request)
            co_return tl::unexpected(!id ? id.error() : request.error());
        if (!source || !send)
            co_return tl::unexpected(!source ? source.error() : send.error());
        if (m_trials >= MostTrials)
            co_return fail(Error::Code::TooLarge,
                           "several trials run already; try again when they are over");
        ++m_trials;
        auto trying =
            tryHandler(*id, std::move(*request), std::move(*source), send->value_or(false));
        const auto result = co_await std::move(trying);
        --m_trials;
        if (!result)
            co_return tl::unexpected(result.error());
        Json shown = api::toJson(*result);
        forEachText(shown, [&](std::string& text) { text = withoutValues(*id, std::move(text)); });
        co_return shown;
    });
}

} // namespace sallyport::service
