#include "engine/service/hook_call.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/egress/handler_binding.h"
#include "engine/egress/handler_body.h"
#include "engine/egress/handler_message.h"

namespace sallyport::service {
namespace asio = boost::asio;

using handler::FrameType;
using handler::LogLine;

HookCall::HookCall(handler::Runtime& runtime,
                   api::SandboxId sandbox,
                   std::shared_ptr<binding::Bindings> bindings,
                   Operate operate,
                   Line line)
    : m_runtime(runtime)
    , m_sandbox(sandbox)
    , m_bindings(std::move(bindings))
    , m_operate(std::move(operate))
    , m_line(std::move(line))
{
}

HookCall::~HookCall()
{
    end();
}

asio::awaitable<void> HookCall::run(std::string hook)
{
    const auto keep = shared_from_this();
    handler::CallHead head;
    head.kind = "hook";
    head.name = std::move(hook);
    m_over = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                  asio::steady_timer::time_point::max());
    const auto over = m_over;
    auto begun = co_await m_runtime.begin(m_sandbox, *this, head);
    if (!begun) {
        m_line({LogLine::Level::Error, begun.error().text, 0, 0});
        co_return;
    }
    m_call = std::move(*begun);
    m_isRunning = true;
    co_await over->async_wait(asio::as_tuple(asio::use_awaitable));
}

void HookCall::end()
{
    if (std::exchange(m_isRunning, false))
        m_call.host->end(m_call.id);
    if (m_over)
        m_over->cancel();
}

void HookCall::onFrame(const handler::Frame& frame)
{
    const auto keep = shared_from_this();
    switch (frame.type) {
    case FrameType::Done:
        end();
        break;
    case FrameType::CallFailed: {
        const handler::Problem problem = handler::readProblem(frame.head);
        m_line({LogLine::Level::Error, problem.text, problem.line, problem.column});
        end();
        break;
    }
    case FrameType::Console:
        m_line(handler::readLine(frame.head));
        break;
    case FrameType::Fetch:
        reply(FrameType::FetchFailed, frame.id, "fetch() outside of a request");
        break;
    case FrameType::Use:
        onUse(frame);
        break;
    case FrameType::Op: {
        const auto done = m_operate(std::string(frame.head), std::string(frame.tail));
        if (done)
            reply(FrameType::OpReply, frame.id, *done);
        else
            reply(FrameType::OpFailed, frame.id, done.error().text);
        break;
    }
    default:
        break;
    }
}

void HookCall::reply(FrameType type, std::uint32_t id, std::string_view head, std::string_view tail)
{
    if (m_isRunning)
        m_call.host->send(type, id, m_call.id, head, tail);
}

void HookCall::onUse(const handler::Frame& frame)
{
    using Kind = egress::HandlerBodyPlace::Kind;
    egress::HandlerBodyPlace place;
    auto request = egress::readHandlerUse(frame.head, place);
    if (!request || (place.kind != Kind::None && place.kind != Kind::Bytes)) {
        reply(FrameType::OpFailed, frame.id,
              request ? "a hook stores no streams" : request.error().text);
        return;
    }
    const auto executor = m_call.host->executor();
    asio::co_spawn(executor, use(frame.id, std::move(*request), std::string(frame.tail)),
                   [](const std::exception_ptr&) {});
}

asio::awaitable<void>
HookCall::use(std::uint32_t id, binding::StoreRequest request, std::string body)
{
    const auto keep = shared_from_this();
    ++m_using;
    auto working = egress::useBinding(m_bindings, m_sandbox, std::move(request),
                                      std::make_shared<egress::WholeBody>(std::move(body)));
    const auto got = co_await std::move(working);
    --m_using;
    if (!got)
        reply(FrameType::OpFailed, id, got.error().text);
    else if (got->body)
        reply(FrameType::OpFailed, id, "a hook reads at most 64 KiB at once: name a range");
    else
        reply(FrameType::OpReply, id, egress::handlerJson(got->json), got->bytes);
}

void HookCall::onLost(const std::string& reason, bool)
{
    m_isRunning = false;
    m_line({LogLine::Level::Error, reason, 0, 0});
    if (m_over)
        m_over->cancel();
}

} // namespace sallyport::service
