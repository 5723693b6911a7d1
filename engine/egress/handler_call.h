#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "engine/binding/store_request.h"
#include "engine/egress/credential_use.h"
#include "engine/egress/handler_body.h"
#include "engine/egress/handler_fetch.h"
#include "engine/egress/log_row.h"
#include "engine/egress/origin.h"
#include "engine/handler/runtime.h"
#include "engine/policy/handler_index.h"

namespace sallyport::egress {

// One request in the hands of a handler: the call, the fetches that the handler makes, the bodies
// both ways, the answer. The exchange runs it; what the handler left to waitUntil() lives on after
// run() has returned, without the guest's request. Network thread.
class HandlerCall final : public handler::CallPeer,
                          public std::enable_shared_from_this<HandlerCall>
{
public:
    // What the exchange has; all but the door live until run() returns.
    struct Request
    {
        const Origin& origin;
        CredentialUse& guest;
        LogRow& log;
        const policy::Request& policy;
        const policy::Decision& decision;
        std::string authority; // of the request, as it would go upstream
    };
    HandlerCall(std::shared_ptr<SandboxDoor> door, const Request& request);
    ~HandlerCall() override;

    // Answers the guest, or refuses.
    [[nodiscard]] asio::awaitable<void> run();

    // After run(): the upstream that switched protocols, where the handler passed that on. The
    // answer has not been sent then.
    [[nodiscard]] std::unique_ptr<UpstreamRequest> takeSwitched(ResponseHead& head);

    // Ends it from outside, for this reason.
    void cut(std::string reason);

    void onFrame(const handler::Frame& frame) override;
    void onLost(const std::string& reason, bool isToBlame) override;
    [[nodiscard]] bool isWaiting() const override;

private:
    struct Source // a body that the handler may read or pass on, by its number
    {
        std::shared_ptr<BodySource> body;
        Framing framing;
        std::shared_ptr<HandlerFetch> fetch; // whose answer it is; else null
        bool isGuests = false;               // of the guest's request, which outlives it
        bool isBusy = false;                 // somebody reads it
        bool isPassedOn = false;             // as a whole: pulling it is over
    };
    struct Reply
    {
        HandlerAnswer head;
        std::string bytes;
    };

    [[nodiscard]] handler::CallHead callHead() const;
    void onRespond(const handler::Frame& frame);
    void onFetch(const handler::Frame& frame);
    void onOperation(const handler::Frame& frame);
    void onUse(const handler::Frame& frame);
    void onPull(std::uint32_t number);
    void addLine(const handler::LogLine& line);

    // The steps of run().
    [[nodiscard]] asio::awaitable<void> begin();
    [[nodiscard]] asio::awaitable<void> answer();
    [[nodiscard]] asio::awaitable<void> relay(ResponseHead head, std::shared_ptr<BodySource> body);
    // Returns when nothing of ours reads the guest's request any more.
    [[nodiscard]] asio::awaitable<void> stopUsingGuest();
    [[nodiscard]] asio::awaitable<void> letGoOfGuest();
    void refuse();

    // A body that a message of the handler's names. False: it names none that can be used.
    [[nodiscard]] bool findBody(const HandlerBodyPlace& place,
                                std::string_view bytes,
                                std::shared_ptr<BodySource>& body,
                                Framing& framing);
    [[nodiscard]] bool isGuests(const std::shared_ptr<BodySource>& body) const;
    [[nodiscard]] RequestHead upstreamHead(const HandlerFetchHead& fetch, const Framing& framing) const;
    [[nodiscard]] UpstreamTarget targetOf(const HandlerFetchHead& fetch) const;
    // The protocol to switch to: the guest's wish, where the handler passes it on.
    [[nodiscard]] std::string upgradeOf(const HandlerFetchHead& fetch) const;
    [[nodiscard]] bool isOwnHost(const HandlerFetchHead& fetch) const;
    [[nodiscard]] asio::awaitable<void> runFetch(std::shared_ptr<HandlerFetch> fetch,
                                                 std::uint32_t id,
                                                 std::shared_ptr<BodySource> body,
                                                 RequestHead head,
                                                 bool isOwnRow);
    // The row of a fetch, as the log may show it.
    [[nodiscard]] LogRow fetchRow(const HandlerFetchHead& to, const RequestHead& head) const;
    // It would have carried a credential to somebody else.
    void logLeak(LogRow& row, const CredentialUse::Leak& leak, const policy::Host& host) const;
    // With placeholders for the values that a handler may know.
    [[nodiscard]] std::string hidden(std::string text) const;
    void fetchEnded(const std::shared_ptr<HandlerFetch>& fetch, std::uint32_t id);
    void fetchFailed(std::uint32_t id, const HandlerFetch::Failure& failure);
    [[nodiscard]] asio::awaitable<void> sendContinue();
    [[nodiscard]] asio::awaitable<void> sendPiece(std::uint32_t number);
    [[nodiscard]] asio::awaitable<void> askPerson(std::uint32_t id, std::string json);
    [[nodiscard]] asio::awaitable<void> operate(std::uint32_t id, std::string name, std::string json);
    [[nodiscard]] asio::awaitable<void> useBinding(std::uint32_t id,
                                                   binding::StoreRequest request,
                                                   std::shared_ptr<BodySource> body,
                                                   int& waits);
    // A body that the handler may read from now on; its number.
    [[nodiscard]] std::uint32_t offer(Source source);
    // Starts a coroutine that this object outlives. One that uses the guest's request is stopped
    // before run() returns, the others when the call is over.
    void start(asio::awaitable<void> work, bool usesGuest);
    void stopWork(bool ofGuestOnly);

    void send(handler::FrameType type, std::uint32_t id, std::string_view head,
              std::string_view tail = {});
    void endCall();

    std::shared_ptr<SandboxDoor> m_door;
    std::optional<Request> m_request; // unset once run() has returned
    std::string m_handlerName;
    std::optional<api::RowId> m_row;
    handler::Call m_call;
    bool m_isOver = true;      // the call is not running: not yet begun, ended or lost
    bool m_isCallDone = false; // the handler has nothing more to do
    std::optional<Reply> m_reply;
    std::string m_failure; // why the request is refused
    bool m_isBlamed = true; // m_failure is this call's own doing
    std::string m_cut;
    Event m_news;
    std::shared_ptr<HandlerFetch> m_answering; // whose answer is passed on

    std::map<std::uint32_t, Source> m_sources;
    std::map<std::uint32_t, std::shared_ptr<HandlerBody>> m_handlerBodies;
    std::map<std::uint32_t, std::shared_ptr<HandlerFetch>> m_fetches; // whose head has not come
    std::vector<std::weak_ptr<HandlerFetch>> m_allFetches;
    std::optional<HandlerFetch::Failure> m_fetchFailure; // the last
    bool m_ownHostFetched = false;
    int m_fetchCount = 0;
    int m_useCount = 0;
    int m_waitingFor = 0; // operations and pieces under way
    int m_storing = 0;    // bodies of the handler's
    bool m_hasAsked = false;
    bool m_isAnswering = false;
    bool m_isDenied = false; // by the person, whom the handler asked

    struct Work
    {
        asio::cancellation_signal stop;
        bool usesGuest = false;
    };
    std::vector<std::shared_ptr<Work>> m_work;
    Event m_workOver;
    std::shared_ptr<HandlerCall> m_self; // keeps itself after run(), until the call is over
};

} // namespace sallyport::egress
