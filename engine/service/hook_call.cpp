#include "engine/service/hook_call.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::service {
namespace asio = boost::asio;

using handler::FrameType;
using handler::LogLine;

HookCall::HookCall(handler::Runtime& runtime, api::SandboxId sandbox, Operate operate, Line line)
    : m_runtime(runtime)
    , m_sandbox(sandbox)
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
        m_call.host->send(FrameType::FetchFailed, frame.id, frame.call,
                          "fetch() outside of a request");
        break;
    case FrameType::Op: {
        const auto done = m_operate(std::string(frame.head), std::string(frame.tail));
        if (done)
            m_call.host->send(FrameType::OpReply, frame.id, frame.call, *done);
        else
            m_call.host->send(FrameType::OpFailed, frame.id, frame.call, done.error().text);
        break;
    }
    default:
        break;
    }
}

void HookCall::onLost(const std::string& reason, bool)
{
    m_isRunning = false;
    m_line({LogLine::Level::Error, reason, 0, 0});
    if (m_over)
        m_over->cancel();
}

} // namespace sallyport::service
