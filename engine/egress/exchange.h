#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "engine/egress/capped_source.h"
#include "engine/egress/credential_use.h"
#include "engine/egress/event.h"
#include "engine/egress/guest_request.h"
#include "engine/egress/log_row.h"
#include "engine/egress/origin.h"
#include "engine/egress/refusal.h"
#include "engine/egress/sandbox_door.h"
#include "engine/policy/handler_index.h"

namespace sallyport::egress {

class HandlerCall;

// The way of one HTTP request: names, ladder, the person, the upstream, both bodies, the log row.
// Knows no protocol version. Lives in the coroutine that serves the request.
class Exchange final : public Recheckable
{
public:
    // `executor` is where all of this runs.
    Exchange(SandboxDoor& door, const Origin& origin, GuestRequest& request);

    ~Exchange() override;

    [[nodiscard]] asio::awaitable<void> run();
    // For a head that could not be read: answers and logs it.
    void refuseHead(const HeadFault& fault);

    void cutIfDenied() override;
    void charge() override;

private:
    [[nodiscard]] bool namesAgree();
    void describeRequest();
    // Whether the request may pass on to the upstream; refused or answered otherwise.
    [[nodiscard]] asio::awaitable<bool> decide();
    // The one place where a handler takes the request over: it answers, or fetches.
    [[nodiscard]] asio::awaitable<void> handle();
    // The same for a handler of the sandbox's module.
    [[nodiscard]] asio::awaitable<void> callHandler();
    void respond(const policy::RespondHandler& handler);
    // The handler that decided, where it is this built-in one.
    template <typename Handler> [[nodiscard]] const Handler* builtIn() const;
    [[nodiscard]] asio::awaitable<bool> askPerson();
    // Whether its credentials are in their places; refused otherwise.
    [[nodiscard]] asio::awaitable<bool> fitOut();
    void refuseLeak(const CredentialUse::Leak& leak);

    // What a built-in handler changes of the request that goes on.
    void applyHandler();
    [[nodiscard]] asio::awaitable<void> forward();
    // Connects, sends, and reads the answer's head. True when m_answer holds it.
    [[nodiscard]] asio::awaitable<bool> reachUpstream();
    [[nodiscard]] asio::awaitable<Status> readAnswerHead();
    [[nodiscard]] asio::awaitable<void> relayAnswer();
    [[nodiscard]] asio::awaitable<void> switchProtocols();
    [[nodiscard]] UpstreamTarget target() const;

    [[nodiscard]] bool bodyIsTooLarge();
    // The body that goes on: screened, and counted where it has a limit.
    [[nodiscard]] BodySource& upload();
    void startUpload(BodySource& body);
    void startPump(BodySource& body, BodySink& to, std::int64_t& bytes);
    [[nodiscard]] asio::awaitable<void> stopUpload();
    // The upstream takes no more of the body. What the guest still sends ends here, and is looked
    // into like the rest: a leak is told of also where it could not have left any more.
    [[nodiscard]] asio::awaitable<void> screenRest();

    void refuse(const Refusal& refusal);
    void refuseProtocol(int status, std::string_view reason);
    [[nodiscard]] asio::awaitable<void> failUpstream(const UpstreamFailure& failure);
    [[nodiscard]] asio::awaitable<void> failUpstream(Error error);
    // The guest has gone, or something under way failed.
    [[nodiscard]] asio::awaitable<void> endCut(std::string error);

    SandboxDoor& m_door;
    const Origin& m_origin;
    CredentialUse m_request; // the guest's, with credentials in their places
    LogRow m_log;
    policy::Request m_policyRequest;
    policy::Decision m_decision;
    std::string m_host;                       // the authority that goes upstream
    std::optional<RequestHead> m_changedHead; // by a handler
    std::unique_ptr<UpstreamRequest> m_upstream;
    std::weak_ptr<HandlerCall> m_handlerCall;
    ResponseHead m_answer;
    std::uint32_t m_resetCode = 0;        // by which an HTTP/2 upstream ended its answer
    std::string m_cut;                    // why the exchange was ended from outside
    std::int64_t m_mostUpload = 0;        // bytes; 0: any
    std::optional<CappedSource> m_capped; // the body, where uploads have a limit
    bool m_isContinued = false;           // the client was told to send its body
    std::int64_t m_unsent = 0;            // bytes of the body that ended here
    std::int64_t m_charged = 0;           // of the bytes of the row

    // The upload runs beside the answer; it is over before this object goes.
    bool m_uploading = false;
    std::optional<PumpEnd> m_uploadEnd;
    asio::cancellation_signal m_stopUpload;
    Event m_uploadOver;
};

} // namespace sallyport::egress
