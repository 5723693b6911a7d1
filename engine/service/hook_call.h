#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/binding/bindings.h"
#include "engine/binding/store_request.h"
#include "engine/handler/runtime.h"

namespace sallyport::service {

// A hook of a module's class (onStart, onStop), run when that happens to its sandbox. It may change
// its sandbox's handlers and hosts, and use its bindings; there is no request, so it can't fetch,
// and bodies that don't fit into one frame can't come or go. Network thread.
class HookCall final : public handler::CallPeer, public std::enable_shared_from_this<HookCall>
{
public:
    using Operate =
        std::function<Result<std::string>(const std::string& name, const std::string& json)>;
    using Line = std::function<void(const handler::LogLine& line)>;

    HookCall(handler::Runtime& runtime,
             api::SandboxId sandbox,
             std::shared_ptr<binding::Bindings> bindings,
             Operate operate,
             Line line);
    ~HookCall() override;

    // Returns when the hook has ended, however: what went wrong is a line.
    [[nodiscard]] boost::asio::awaitable<void> run(std::string hook);

    void onFrame(const handler::Frame& frame) override;
    void onLost(const std::string& reason, bool isToBlame) override;
    [[nodiscard]] bool isWaiting() const override { return m_using > 0; }

private:
    void onUse(const handler::Frame& frame);
    [[nodiscard]] boost::asio::awaitable<void>
    use(std::uint32_t id, binding::StoreRequest request, std::string body);
    void reply(handler::FrameType type,
               std::uint32_t id,
               std::string_view head,
               std::string_view tail = {});
    void end();

    handler::Runtime& m_runtime;
    api::SandboxId m_sandbox;
    std::shared_ptr<binding::Bindings> m_bindings;
    Operate m_operate;
    Line m_line;
    handler::Call m_call;
    bool m_isRunning = false;
    int m_using = 0;
    std::shared_ptr<boost::asio::steady_timer> m_over;
};

} // namespace sallyport::service
