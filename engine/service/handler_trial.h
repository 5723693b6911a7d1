#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/handlers.h"
#include "engine/base/result.h"
#include "engine/egress/fetch_whole.h"
#include "engine/egress/handler_binding.h"
#include "engine/handler/runtime.h"

namespace sallyport::service {

// One made-up request in the hands of a handler, in a process of its own: what it would answer,
// fetch, ask and write. What it fetches goes out only where `send` is given; what it reads of its
// bindings it gets, by `use`; and what it asks or changes is noted and not done. Network thread.
class HandlerTrial final : public handler::CallPeer,
                           public std::enable_shared_from_this<HandlerTrial>
{
public:
    static constexpr std::size_t MostShown = std::size_t{64} * 1024;  // of a body, in the result
    static constexpr std::size_t MostBody = std::size_t{1024} * 1024; // past this it is cut

    using Answer = Result<egress::WholeAnswer>;
    using Send = std::function<boost::asio::awaitable<Answer>(egress::HandlerFetchHead head,
                                                              std::string body)>;

    using Use = std::function<boost::asio::awaitable<Result<egress::BindingReply>>(
        binding::StoreRequest request)>;

    // `head` has all but fields and body, which are the request's.
    HandlerTrial(boost::asio::any_io_executor executor,
                 api::TrialRequest request,
                 Send send,
                 Use use);
    ~HandlerTrial() override;

    [[nodiscard]] boost::asio::awaitable<api::TrialResult> run(std::shared_ptr<handler::Host> host,
                                                               handler::CallHead head);

    void onFrame(const handler::Frame& frame) override;
    void onLost(const std::string& reason, bool isToBlame) override;
    [[nodiscard]] bool isWaiting() const override { return m_sending > 0; }
    // A line of the module, before the call or beside it.
    void addLine(const handler::LogLine& line);

private:
    // A body of the handler's that comes in pieces.
    struct Incoming
    {
        std::string bytes;
        std::function<void(std::string)> done;
    };

    void onRespond(const handler::Frame& frame);
    void onFetch(const handler::Frame& frame);
    void onOperation(const handler::Frame& frame);
    void onUse(const handler::Frame& frame);
    [[nodiscard]] boost::asio::awaitable<void> read(std::uint32_t id,
                                                    binding::StoreRequest request);
    void answerUse(std::uint32_t id, egress::BindingReply reply);
    void onPull(std::uint32_t number);
    // Calls `done` with the body that a message names, when it is there.
    void gather(const egress::HandlerBodyPlace& place,
                std::string_view tail,
                std::function<void(std::string)> done);
    [[nodiscard]] boost::asio::awaitable<void> sendOut(std::uint32_t id,
                                                       std::size_t step,
                                                       egress::HandlerFetchHead head,
                                                       std::string url,
                                                       std::string body);
    void answerFetch(std::uint32_t id,
                     const egress::ResponseHead& answer,
                     const std::string& url,
                     std::string body);
    void answered(const egress::HandlerAnswer& answer, const std::string& body);
    void fail(std::string reason);
    void end();
    void reply(handler::FrameType type,
               std::uint32_t id,
               std::string_view head,
               std::string_view tail = {});

    boost::asio::any_io_executor m_executor;
    api::TrialRequest m_request;
    Send m_send;
    Use m_use;
    handler::Call m_call;
    bool m_isRunning = false;
    bool m_isAnswered = false;
    int m_sending = 0;
    std::chrono::steady_clock::time_point m_begun;
    boost::asio::steady_timer m_over;
    std::map<std::uint32_t, std::string> m_bodies; // of ours, by number; given out piece by piece
    std::map<std::uint32_t, Incoming> m_incoming;
    api::TrialResult m_result;
};

} // namespace sallyport::service
