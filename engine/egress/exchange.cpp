#include "engine/egress/exchange.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "engine/egress/binding_exchange.h"
#include "engine/egress/dropping_sink.h"
#include "engine/egress/handler_call.h"
#include "engine/egress/hold.h"
#include "engine/egress/masking.h"
#include "engine/egress/switched_row.h"
#include "engine/egress/websocket.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::egress {

namespace {

void change(Fields& fields, const policy::HeaderChanges& changes)
{
    for (const auto& [name, value] : changes) {
        fields.remove(name);
        if (value)
            fields.add(name, *value);
    }
}

std::string serviceHost(const std::string& service)
{
    return service + '.' + std::string(policy::ServiceDomain);
}

} // namespace

Exchange::Exchange(SandboxDoor& door, const Origin& origin, GuestRequest& request)
    : m_door(door)
    , m_origin(origin)
    , m_request(door, request)
    , m_log(door)
    , m_uploadOver(door.context->context.get_executor())
{
    m_door.running.push_back(*this);
}

Exchange::~Exchange()
{
    m_cut = "over"; // nothing is left to be ended
    charge();
}

asio::awaitable<void> Exchange::run()
{
    m_log.describe(m_request.head(), m_origin.destination, m_origin.tls);
    if (namesAgree()) {
        describeRequest();
        const bool passes = !bodyIsTooLarge() && co_await decide();
        const bool isReady = passes && co_await fitOut();
        if (isReady)
            co_await forward();
    }
    m_request.onHangUp(nullptr, false);
    co_await m_request.answer().flush();
}

void Exchange::refuseHead(const HeadFault& fault)
{
    m_log.describe(m_request.head(), m_origin.destination, m_origin.tls);
    refuseProtocol(fault.status, fault.text);
}

bool Exchange::namesAgree()
{
    const RequestHead& head = m_request.head();
    if (head.method == "CONNECT") {
        refuseProtocol(405, "this is no proxy to be asked by CONNECT: connect to the host itself");
        return false;
    }
    const auto host = agreeOnRequest(m_origin.destination, m_origin.sni, head.authority,
                                     head.scheme, m_origin.tls);
    if (!host) {
        refuseProtocol(421, host.error());
        return false;
    }
    return true;
}

void Exchange::describeRequest()
{
    const RequestHead& head = m_request.head();
    const Destination& destination = m_origin.destination;
    m_policyRequest.protocol = m_log.row().protocol;
    m_policyRequest.scheme = m_log.row().scheme;
    m_policyRequest.method = head.method;
    m_policyRequest.host = destination.host();
    m_policyRequest.port = destination.port;
    m_policyRequest.path = head.path;
    m_policyRequest.contentType = head.fields.find("content-type").value_or("");
    m_policyRequest.isUpgrade = !head.upgrade.empty();
    if (head.framing.kind == BodyKind::Length)
        m_policyRequest.bodyBytes = static_cast<std::int64_t>(head.framing.length);
    m_host = head.authority;
    if (m_host.empty()) {
        m_host = m_policyRequest.host.urlText();
        if (destination.port != (m_origin.tls ? 443 : 80))
            m_host += ":" + std::to_string(destination.port);
    }
}

// Where the head says so; a body of unknown length is counted as it comes.
bool Exchange::bodyIsTooLarge()
{
    const std::int64_t most = m_door.context->gatekeeper.mostUploadBytes(m_door.id);
    if (most == 0 || m_request.head().framing.kind == BodyKind::None)
        return false;
    m_mostUpload = most;
    if (m_policyRequest.bodyBytes.value_or(0) <= most)
        return false;
    refuseProtocol(413, CappedSource::text(most));
    return true;
}

BodySource& Exchange::upload()
{
    if (m_mostUpload == 0)
        return m_request.body();
    if (!m_capped)
        m_capped.emplace(m_request.body(), m_mostUpload);
    return *m_capped;
}

asio::awaitable<bool> Exchange::decide()
{
    if (const auto leak = m_request.leakInHead(
            {m_policyRequest.host, m_policyRequest.port, m_origin.tls})) {
        refuseLeak(*leak);
        co_return false;
    }
    m_decision = m_door.context->gatekeeper.decide(m_door.id, m_policyRequest);
    m_log.decided(m_decision);
    switch (m_decision.verdict) {
    case policy::Verdict::Ask:
        co_return co_await askPerson();
    case policy::Verdict::Allow:
        m_log.row().verdict = api::Action::Allow;
        m_log.write();
        m_log.noteHandler(m_decision);
        co_return true;
    case policy::Verdict::Handle:
        co_await handle();
        co_return false;
    case policy::Verdict::Deny:
        break;
    }
    refuse(deniedRefusal(m_decision));
    m_log.refused(m_decision.step, m_decision.reason, m_decision.status);
    co_return false;
}

template <typename Handler> const Handler* Exchange::builtIn() const
{
    if (!m_decision.handler || !m_decision.handler->builtIn)
        return nullptr;
    return std::get_if<Handler>(&*m_decision.handler->builtIn);
}

asio::awaitable<void> Exchange::handle()
{
    if (const auto* handler = builtIn<policy::RespondHandler>()) {
        respond(*handler);
        co_return;
    }
    const auto* kv = builtIn<policy::KvHandler>();
    const auto* objects = builtIn<policy::ObjectsHandler>();
    if (kv != nullptr || objects != nullptr) {
        m_log.write();
        BindingExchange exchange(m_door, m_request, m_log, m_policyRequest.host.name);
        auto answering = kv != nullptr ? exchange.run(*kv) : exchange.run(*objects);
        co_await std::move(answering);
        co_return;
    }
    if (m_decision.handler && m_decision.handler->slot.kind == api::HandlerKind::JavaScript) {
        co_await callHandler();
        co_return;
    }
    const std::string reason =
        policy::handlerName(m_decision.handler->slot) + " is missing, so nothing passes";
    refuse(deniedRefusal(m_decision.step, m_decision.ruleText, reason));
    m_log.refused(m_decision.step, reason, 403);
}

asio::awaitable<void> Exchange::callHandler()
{
    const auto call = std::make_shared<HandlerCall>(
        m_door.shared_from_this(),
        HandlerCall::Request{m_origin, m_request, m_log, m_policyRequest, m_decision, m_host});
    m_handlerCall = call;
    co_await call->run();
    m_upstream = call->takeSwitched(m_answer);
    if (!m_upstream)
        co_return;
    m_request.onHangUp([this] { m_upstream->abort(); }, false);
    co_await switchProtocols();
    m_request.onHangUp(nullptr, false);
}

void Exchange::respond(const policy::RespondHandler& handler)
{
    ResponseHead head;
    head.status = handler.status;
    for (const auto& [name, value] : handler.headers)
        head.fields.add(name, value);
    if (handler.status != 204 && handler.status != 304) {
        head.fields.add("Content-Length", std::to_string(handler.body.size()));
        head.framing = {BodyKind::Length, handler.body.size()};
    }
    api::Row& row = m_log.row();
    row.verdict = api::Action::Allow;
    row.status = handler.status;
    if (m_request.head().method != "HEAD")
        row.responseBytes = static_cast<std::int64_t>(handler.body.size());
    for (const Field field : head.fields)
        m_log.detail().responseHeaders.emplace_back(field.name, field.value);
    sendWhole(m_request, std::move(head), handler.body);
    m_log.end(api::RowState::Done);
}

asio::awaitable<bool> Exchange::askPerson()
{
    api::Row& row = m_log.row();
    row.state = api::RowState::Held;
    m_log.write();
    m_log.write(); // with its headers: the person may look at them before answering
    const AskOutcome outcome = co_await hold(
        m_door, m_policyRequest, m_decision, m_log.id(),
        [&](std::function<void()> gone) { m_request.onHangUp(std::move(gone), true); });
    row.heldMs = outcome.heldMs;
    if (m_request.isGone() || m_door.closing) {
        m_request.abort();
        m_log.end(api::RowState::Withdrawn, "the client hung up before an answer");
        co_return false;
    }
    if (outcome.kind == AskOutcome::Kind::Pending) {
        refuse(pendingRefusal(m_policyRequest.host.text()));
        m_log.refused(m_decision.step, "nobody answered in time; the question stays open", 403);
        co_return false;
    }
    if (outcome.kind == AskOutcome::Kind::Allowed && outcome.decideAgain) {
        row.state = api::RowState::Open;
        co_return co_await decide();
    }
    row.step = api::Step::Answer;
    row.rule = outcome.rule;
    if (outcome.kind == AskOutcome::Kind::Denied) {
        const std::string reason =
            outcome.reason.empty() ? "the person denied this request" : outcome.reason;
        refuse(deniedRefusal(api::Step::Answer, {}, reason));
        m_log.refused(api::Step::Answer, reason, 403);
        co_return false;
    }
    row.state = api::RowState::Open;
    row.verdict = api::Action::Allow;
    row.reason = "allowed by the person";
    m_log.write();
    co_return true;
}

asio::awaitable<bool> Exchange::fitOut()
{
    // Where a handler leads it elsewhere, what counts is who gets it.
    const UpstreamTarget to = target();
    const auto problem = co_await m_request.fitOut({to.host, to.port, to.tls});
    m_log.row().credentials = m_request.used();
    if (!problem)
        co_return true;
    if (m_request.leakInBody()) { // which was read for a signature
        refuseLeak(*m_request.leakInBody());
        co_return false;
    }
    refuse(deniedRefusal(api::Step::Credential, {}, *problem));
    m_log.refused(api::Step::Credential, *problem, 403);
    co_return false;
}

void Exchange::refuseLeak(const CredentialUse::Leak& leak)
{
    m_log.withhold();
    m_log.row().credentials = leak.credential;
    const bool isAnswered = m_request.isHeadSent();
    if (isAnswered)
        m_request.abort();
    else
        refuse(deniedRefusal(api::Step::Credential, {}, leak.text));
    m_log.refused(api::Step::Credential, leak.text, isAnswered ? m_log.row().status : 403);
    m_door.context->gatekeeper.alarm({nowUnixMillis(), m_door.id, m_door.name, leak.credential,
                                      m_policyRequest.host.text(), m_log.id(), leak.text});
}

void Exchange::refuse(const Refusal& refusal)
{
    sendRefusal(m_request, refusal);
}

void Exchange::refuseProtocol(int status, std::string_view reason)
{
    refuse(protocolRefusal(status, reason));
    m_log.refused(api::Step::Protocol, std::string(reason), status);
}

UpstreamTarget Exchange::target() const
{
    const auto* const redirect = builtIn<policy::RedirectToHandler>();
    if (redirect != nullptr && redirect->service.empty())
        return {policy::Host(*policy::Address::parse("127.0.0.1")), redirect->port, false,
                UpstreamProtocol::Http1, true};
    UpstreamTarget target{m_policyRequest.host, m_policyRequest.port, m_origin.tls,
                          UpstreamProtocol::Http1};
    if (redirect != nullptr && !policy::isVirtualName(target.host.name))
        target.host = policy::Host(serviceHost(redirect->service));
    target.upgrades = !m_request.head().upgrade.empty();
    target.webSocket = isWebSocket(m_request.head().upgrade);
    if (m_origin.http2 && (!target.webSocket || !m_origin.tls))
        target.protocol =
            m_origin.tls ? UpstreamProtocol::Http2OrHttp1 : UpstreamProtocol::Http2Plain;
    return target;
}

void Exchange::applyHandler()
{
    if (const auto* headers = builtIn<policy::SetHeadersHandler>(); headers != nullptr) {
        m_changedHead = m_request.head();
        change(m_changedHead->fields, headers->request);
    }
    if (const auto* redirect = builtIn<policy::RedirectToHandler>();
        redirect != nullptr && !redirect->keepHost) {
        m_host = "localhost:" + std::to_string(redirect->port);
        if (redirect->port == 0 && m_door.context->bindings)
            m_host =
                m_door.context->bindings->authorityAt(m_door.id, target().host.name, target().port);
        m_changedHead = m_request.head();
        if (m_changedHead->fields.has("host"))
            change(m_changedHead->fields, {{"Host", m_host}});
    }
}

asio::awaitable<void> Exchange::forward()
{
    applyHandler();
    const bool answered = co_await reachUpstream();
    if (answered && m_answer.status == 101)
        co_await switchProtocols();
    else if (answered)
        co_await relayAnswer();
    co_await stopUpload();
    m_request.onHangUp(nullptr, false);
}

asio::awaitable<bool> Exchange::reachUpstream()
{
    const bool hasBody = m_request.head().framing.kind != BodyKind::None;
    for (bool fresh = false;; fresh = true) {
        auto opened = co_await m_door.upstreams.request(target(), fresh);
        if (m_request.isGone() || !m_cut.empty()) {
            co_await endCut("the client hung up");
            co_return false;
        }
        if (!opened) {
            co_await failUpstream(opened.error());
            co_return false;
        }
        m_upstream = std::move(*opened);
        m_log.row().upstreamAddress = m_upstream->address();
        m_log.detail().upstreamTls = m_upstream->tlsText();
        m_request.onHangUp([this] { m_upstream->abort(); }, false);
        m_upstream->sendHead(m_changedHead ? *m_changedHead : m_request.head(), m_host);
        if (hasBody)
            startUpload(upload());
        else if (m_request.head().upgrade.empty())
            m_upstream->body().finish(nullptr);
        co_await m_upstream->body().flush();
        const Status head = co_await readAnswerHead();
        if (head) {
            if (const auto* headers = builtIn<policy::SetHeadersHandler>())
                change(m_answer.fields, headers->response);
            co_return true;
        }
        // A kept connection can be closed by the other side while the request is on its way.
        if (!fresh && !hasBody && m_upstream->isSafeToRetry())
            continue;
        co_await stopUpload();
        co_await failUpstream(head.error());
        co_return false;
    }
}

asio::awaitable<Status> Exchange::readAnswerHead()
{
    for (std::size_t interim = 0;; ++interim) {
        const Status head = co_await m_upstream->readHead(m_answer);
        if (!head)
            co_return head;
        m_request.seeAnswer(m_answer);
        if (m_answer.status == 101 && m_request.head().upgrade.empty())
            co_return fail(Error::Code::Invalid, "the upstream switched protocols unasked");
        if (m_answer.status >= 200 || m_answer.status == 101)
            co_return head;
        if (interim >= m_door.context->limits.interimHeads)
            co_return fail(Error::Code::Invalid, "the upstream sent too many interim answers");
        m_isContinued = m_isContinued || m_answer.status == 100;
        m_request.sendInterim(m_answer);
        co_await m_request.answer().flush();
    }
}

asio::awaitable<void> Exchange::relayAnswer()
{
    api::Row& row = m_log.row();
    row.status = m_answer.status;
    m_log.detail().responseHeaders = maskedFields(m_answer.fields);
    // How long the upstream's connection lives is no business of the guest's.
    m_answer.keepAlive = true;
    m_request.sendHead(m_answer);
    const PumpEnd end = co_await pump(m_upstream->answer(), m_request.answer(), row.responseBytes);
    if (end == PumpEnd::Complete) {
        // An answer can be complete before the request is; the upload goes on as long as the
        // upstream takes it.
        while (m_uploading)
            co_await m_uploadOver.wait();
        co_await screenRest();
        if (m_request.leakInBody())
            refuseLeak(*m_request.leakInBody());
        else
            m_log.end(api::RowState::Done);
        co_return;
    }
    const std::string fault = m_upstream->answer().fault();
    m_resetCode = m_upstream->resetCode();
    m_upstream->abort();
    co_await stopUpload();
    co_await endCut(end == PumpEnd::SinkBroken || m_request.isGone()
                        ? "the client hung up"
                        : "the upstream's answer was cut off: " + fault);
}

asio::awaitable<void> Exchange::switchProtocols()
{
    api::Row& row = m_log.row();
    row.status = m_answer.status;
    m_log.detail().responseHeaders = maskedFields(m_answer.fields);
    m_request.onHangUp(nullptr, false);
    m_request.sendHead(m_answer);
    m_request.startRaw();
    m_upstream->startRaw();
    co_await m_request.answer().flush();
    m_log.write();
    SwitchedRow watch(m_door, m_log, isWebSocket(m_request.head().upgrade));
    WatchedSource fromGuest(m_request.body(), watch, true);
    WatchedSource fromUpstream(m_upstream->answer(), watch, false);
    startUpload(fromGuest);
    const PumpEnd end = co_await pump(fromUpstream, m_request.answer(), row.responseBytes);
    std::string fault = end == PumpEnd::SourceFailed ? fromUpstream.fault() : std::string();
    if (end == PumpEnd::Complete) {
        while (m_uploading)
            co_await m_uploadOver.wait();
    } else {
        co_await stopUpload();
        m_request.abort();
    }
    watch.finish();
    m_log.end(api::RowState::Done, m_cut.empty() ? std::move(fault) : m_cut);
}

void Exchange::startUpload(BodySource& body)
{
    startPump(body, m_upstream->body(), m_log.row().requestBytes);
}

void Exchange::startPump(BodySource& body, BodySink& to, std::int64_t& bytes)
{
    m_uploading = true;
    m_uploadEnd.reset();
    const auto over = [this](const std::exception_ptr& error, PumpEnd end) {
        m_uploading = false;
        m_uploadEnd = error ? PumpEnd::SinkBroken : end;
        // Half a body must not look like a whole one.
        if (m_uploadEnd == PumpEnd::SourceFailed)
            m_upstream->abort();
        m_uploadOver.set();
    };
    asio::co_spawn(m_door.context->context.get_executor(), pump(body, to, bytes),
                   asio::bind_cancellation_slot(m_stopUpload.slot(), over));
}

asio::awaitable<void> Exchange::stopUpload()
{
    if (!m_uploading)
        co_return;
    // The upstream has answered and wants no more of the body, or is lost.
    m_upstream->abort();
    m_stopUpload.emit(asio::cancellation_type::all);
    while (m_uploading)
        co_await m_uploadOver.wait();
}

asio::awaitable<void> Exchange::screenRest()
{
    // Who waits to be told to go on sends nothing, and his next request is no body.
    const bool isSending = !m_request.head().expectsContinue || m_isContinued;
    if (!m_request.isScreened() || m_uploadEnd != PumpEnd::SinkBroken || m_request.leakInBody() ||
        !isSending || !m_cut.empty() || m_door.closing)
        co_return;
    const Drain drain(m_door.context->context, m_door.context->limits, m_stopUpload);
    startPump(upload(), drain.sink(), m_unsent);
    while (m_uploading)
        co_await m_uploadOver.wait();
}

asio::awaitable<void> Exchange::failUpstream(const UpstreamFailure& failure)
{
    m_log.row().upstreamAddress = failure.address;
    if (failure.kind == UpstreamFailure::Kind::Refused) {
        const policy::Decision& decision = *failure.decision;
        m_log.row().rule = decision.rule;
        refuse(deniedRefusal(decision.step, decision.ruleText, failure.text));
        m_log.refused(decision.step, failure.text, 403);
        co_return;
    }
    const bool timedOut = failure.kind == UpstreamFailure::Kind::TimedOut;
    co_await failUpstream(Error{timedOut ? Error::Code::TimedOut : Error::Code::Io, failure.text});
}

asio::awaitable<void> Exchange::failUpstream(Error error)
{
    if (m_request.isGone() || !m_cut.empty()) {
        co_await endCut("the client hung up");
        co_return;
    }
    if (m_request.leakInBody()) {
        refuseLeak(*m_request.leakInBody());
        co_return;
    }
    if (m_capped && m_capped->isOver()) {
        refuseProtocol(413, CappedSource::text(m_mostUpload));
        co_return;
    }
    if (m_uploadEnd == PumpEnd::SourceFailed) {
        const std::string fault = m_request.body().fault();
        m_log.row().error = fault;
        refuseProtocol(400, "the body of the request was cut off or malformed: " + fault);
        co_return;
    }
    const Refusal refusal = upstreamRefusal(error.code == Error::Code::TimedOut, error.text);
    refuse(refusal);
    m_log.row().status = refusal.status;
    co_await m_request.answer().flush();
    co_await screenRest();
    if (m_request.leakInBody())
        refuseLeak(*m_request.leakInBody());
    else
        m_log.end(api::RowState::Failed, error.text);
}

asio::awaitable<void> Exchange::endCut(std::string error)
{
    co_await screenRest();
    if (m_request.leakInBody()) {
        refuseLeak(*m_request.leakInBody());
        co_return;
    }
    m_request.abort(m_resetCode);
    m_log.end(api::RowState::Failed, m_cut.empty() ? std::move(error) : m_cut);
}

void Exchange::charge()
{
    const api::Row& row = m_log.row();
    const std::int64_t moved = row.requestBytes + row.responseBytes - m_charged;
    if (moved <= 0)
        return;
    m_charged += moved;
    auto over = m_door.context->gatekeeper.spend(m_door.id, m_policyRequest.host,
                                                 m_policyRequest.port, moved);
    const auto call = m_handlerCall.lock();
    if (!over || (!m_upstream && !call) || !m_cut.empty())
        return;
    m_cut = "cut: " + *over;
    if (m_upstream)
        m_upstream->abort();
    else
        call->cut(m_cut);
}

void Exchange::cutIfDenied()
{
    const auto call = m_handlerCall.lock();
    if ((!m_upstream && !call) || !m_cut.empty())
        return;
    const policy::Decision now = m_door.context->gatekeeper.peek(m_door.id, m_policyRequest);
    if (now.verdict != policy::Verdict::Deny)
        return;
    m_cut = "cut: " + now.reason;
    if (m_upstream)
        m_upstream->abort();
    else
        call->cut(m_cut);
}

} // namespace sallyport::egress
