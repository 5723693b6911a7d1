#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/handler/runtime.h"

namespace sallyport::service {

// A hook of a module's class (onStart, onStop), run when that happens to its sandbox. It may change
// its sandbox's handlers and hosts; there is no request, so it can't fetch. Network thread.
class HookCall final : public handler::CallPeer, public std::enable_shared_from_this<HookCall>
{
public:
    using Operate =
        std::function<Result<std::string>(const std::string& name, const std::string& json)>;
    using Line = std::function<void(const handler::LogLine& line)>;

    HookCall(handler::Runtime& runtime, api::SandboxId sandbox, Operate operate, Line line);
    ~HookCall() override;

    // Returns when the hook has ended, however: what went wrong is a line.
    [[nodiscard]] boost::asio::awaitable<void> run(std::string hook);

    void onFrame(const handler::Frame& frame) override;
    void onLost(const std::string& reason, bool isToBlame) override;
    [[nodiscard]] bool isWaiting() const override { return false; }

private:
    void end();

    handler::Runtime& m_runtime;
    api::SandboxId m_sandbox;
    Operate m_operate;
    Line m_line;
    handler::Call m_call;
    bool m_isRunning = false;
    std::shared_ptr<boost::asio::steady_timer> m_over;
};

} // namespace sallyport::service
