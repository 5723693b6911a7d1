#include "engine/egress/handler_call.h"

#include <algorithm>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/egress/handler_binding.h"
#include "engine/egress/hold.h"
#include "engine/egress/masking.h"
#include "engine/egress/refusal.h"
#include "engine/egress/websocket.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::egress {

using handler::FrameType;

namespace {

api::LineLevel levelOf(handler::LogLine::Level level)
{
    using Level = handler::LogLine::Level;
    switch (level) {
    case Level::Debug:
        return api::LineLevel::Debug;
    case Level::Warning:
        return api::LineLevel::Warning;
    case Level::Error:
        return api::LineLevel::Error;
    case Level::Info:
        break;
    }
    return api::LineLevel::Info;
}

// Answers that have no body whatever their fields say (RFC 9110, 6.4.1).
bool hasNoBody(int status)
{
    return status == 204 || status == 304 || status < 200;
}

constexpr std::size_t MostReason = 1000;

} // namespace

HandlerCall::HandlerCall(std::shared_ptr<SandboxDoor> door, const Request& request)
    : m_door(std::move(door))
    , m_request(request)
    , m_handlerName(request.decision.handler->slot.name)
    , m_news(m_door->context->context.get_executor())
    , m_workOver(m_door->context->context.get_executor())
{
    if (m_handlerName.empty())
        m_handlerName = request.decision.handler->slot.host;
    if (m_handlerName.empty())
        m_handlerName = "outbound";
}

HandlerCall::~HandlerCall()
{
    if (!m_isOver)
        m_call.host->end(m_call.id);
}

handler::CallHead HandlerCall::callHead() const
{
    const RequestHead& head = m_request->guest.head();
    const api::Handler& slot = m_request->decision.handler->slot;
    handler::CallHead call;
    const bool isDeclared = slot.origin == api::HandlerOrigin::Declared;
    call.kind = !isDeclared ? "named" : slot.host.empty() ? "outbound" : "host";
    call.name = slot.name;
    call.method = head.method;
    call.url = m_request->origin.tls ? "https://" : "http://";
    call.url += m_request->authority;
    call.url += head.path == "*" ? "/" : head.path;
    call.hasBody = head.framing.kind != BodyKind::None;
    call.claimedProcess = m_request->policy.claimedProcess;
    call.params = slot.params == "{}" && isDeclared ? std::string() : slot.params;
    for (const Field field : head.fields)
        call.fields.emplace_back(field.name, field.value);
    return call;
}

asio::awaitable<void> HandlerCall::run()
{
    const auto keep = shared_from_this();
    m_request->log.write();
    m_row = m_request->log.id();
    m_request->guest.onHangUp([this] { cut("the client hung up"); }, false);
    // A call whose process ended by another's doing, before this one had done anything, is made
    // once more.
    for (int attempt = 0; attempt < 2; ++attempt) {
        m_failure.clear();
        co_await begin();
        const bool mayRepeat = !m_failure.empty() && !m_isBlamed && m_fetchCount == 0 &&
                               m_useCount == 0 && !m_hasAsked && m_cut.empty() && m_work.empty();
        if (!mayRepeat)
            break;
    }
    if (m_reply && m_cut.empty()) {
        co_await answer();
    } else {
        co_await stopUsingGuest();
        refuse();
    }
    co_await letGoOfGuest();
}

asio::awaitable<void> HandlerCall::begin()
{
    handler::Runtime* runtime = m_door->context->handlers;
    if (runtime == nullptr) {
        m_failure = "no handlers can run here";
        co_return;
    }
    const auto keep = shared_from_this();
    if (Gatekeeper& gatekeeper = m_door->context->gatekeeper;
        !gatekeeper.isEnvironmentFresh(m_door->id))
        co_await gatekeeper.freshenEnvironment(m_door->id);
    auto begun = co_await runtime->begin(m_door->id, *this, callHead());
    if (!begun) {
        m_failure = begun.error().text;
        co_return;
    }
    m_call = std::move(*begun);
    m_isOver = false;
    m_sources.clear();
    if (m_call.body != 0)
        m_sources[m_call.body] = Source{{std::shared_ptr<void>(), &m_request->guest.body()},
                                        m_request->guest.head().framing,
                                        nullptr,
                                        true};
    while (!m_reply && m_failure.empty() && m_cut.empty())
        co_await m_news.wait();
}

void HandlerCall::cut(std::string reason)
{
    if (!m_cut.empty())
        return;
    m_cut = std::move(reason);
    send(FrameType::Abort, 0, {});
    if (m_isAnswering && m_answering)
        m_answering->abort();
    for (const auto& [number, body] : m_handlerBodies)
        body->fail(m_cut);
    m_news.set();
}

void HandlerCall::refuse()
{
    LogRow& log = m_request->log;
    if (m_request->guest.isGone() || !m_cut.empty()) {
        m_request->guest.abort();
        log.end(api::RowState::Failed, m_cut.empty() ? "the client hung up" : m_cut);
        return;
    }
    m_failure = hidden(std::move(m_failure));
    const auto& failed = m_fetchFailure;
    if (failed && m_failure.find(failed->text) != std::string::npos) {
        // The handler did what it should; the other side did not.
        if (failed->refused) {
            log.row().rule = failed->refused->rule;
            sendRefusal(m_request->guest, deniedRefusal(failed->refused->step,
                                                        failed->refused->ruleText, failed->text));
            log.refused(failed->refused->step, failed->text, 403);
            return;
        }
        const Refusal refusal = upstreamRefusal(failed->timedOut, failed->text);
        sendRefusal(m_request->guest, refusal);
        log.row().verdict = api::Action::Allow;
        log.row().status = refusal.status;
        log.end(api::RowState::Failed, failed->text);
        return;
    }
    const std::string reason = fmt::format("the handler {} failed: {}", m_handlerName,
                                           m_failure.substr(0, MostReason));
    sendRefusal(m_request->guest, deniedRefusal(api::Step::Handler, m_request->decision.ruleText, reason));
    log.refused(api::Step::Handler, reason, 403);
}

// ---- What the handler says

void HandlerCall::onFrame(const handler::Frame& frame)
{
    const auto keep = shared_from_this();
    switch (frame.type) {
    case FrameType::Respond:
        onRespond(frame);
        break;
    case FrameType::CallFailed: {
        const handler::Problem problem = handler::readProblem(frame.head);
        addLine({handler::LogLine::Level::Error, problem.text, problem.line, problem.column});
        m_failure = handler::problemText(problem);
        m_isCallDone = true;
        m_news.set();
        break;
    }
    case FrameType::Fetch:
        onFetch(frame);
        break;
    case FrameType::AbortFetch:
        if (const auto found = m_fetches.find(frame.id); found != m_fetches.end())
            found->second->abort();
        break;
    case FrameType::Op:
        onOperation(frame);
        break;
    case FrameType::Use:
        onUse(frame);
        break;
    case FrameType::Console:
        addLine(handler::readLine(frame.head));
        break;
    case FrameType::Pull:
        onPull(frame.id);
        break;
    case FrameType::Cancel:
        if (const auto found = m_sources.find(frame.id);
            found != m_sources.end() && !found->second.isBusy) {
            if (found->second.fetch)
                found->second.fetch->abort();
            m_sources.erase(found);
        }
        break;
    case FrameType::Piece:
    case FrameType::PieceEnd:
    case FrameType::PieceFailed:
        if (const auto found = m_handlerBodies.find(frame.id); found != m_handlerBodies.end())
            found->second->onFrame(frame);
        break;
    case FrameType::Done:
        m_isCallDone = true;
        if (!m_request)
            endCall();
        break;
    default:
        break;
    }
}

void HandlerCall::onLost(const std::string& reason, bool isToBlame)
{
    const auto keep = shared_from_this();
    m_isOver = true;
    m_isCallDone = true;
    if (!m_reply) {
        m_isBlamed = isToBlame;
        m_failure = isToBlame ? reason : "another request ended the handlers' process: " + reason;
        if (isToBlame)
            addLine({handler::LogLine::Level::Error, reason, 0, 0});
    }
    for (const auto& [number, body] : m_handlerBodies)
        body->fail(reason);
    m_news.set();
    if (!m_request)
        endCall();
}

bool HandlerCall::isWaiting() const
{
    if (!m_fetches.empty() || m_waitingFor > 0)
        return true;
    if (m_storing == 0 && (!m_reply || !m_isAnswering))
        return false;
    // A slow client or disk is nothing the handler can help.
    return std::none_of(m_handlerBodies.begin(), m_handlerBodies.end(),
                        [](const auto& each) { return each.second->isAsking(); });
}

void HandlerCall::onRespond(const handler::Frame& frame)
{
    if (m_reply)
        return;
    auto answer = readHandlerAnswer(frame.head);
    if (!answer) {
        m_failure = answer.error().text;
    } else {
        m_isCallDone = !answer->isMoreToCome;
        m_reply = Reply{std::move(*answer), std::string(frame.tail)};
    }
    m_news.set();
}

void HandlerCall::addLine(const handler::LogLine& line)
{
    api::HandlerLine row;
    row.sandbox = m_door->id;
    row.row = m_row;
    row.handler = m_handlerName;
    row.level = levelOf(line.level);
    row.text = hidden(line.text);
    row.line = line.line;
    row.column = line.column;
    m_door->context->gatekeeper.addHandlerLine(row);
}

// ---- Bodies

void HandlerCall::onPull(std::uint32_t number)
{
    const auto found = m_sources.find(number);
    if (found == m_sources.end() || found->second.isBusy || found->second.isPassedOn) {
        send(FrameType::PieceFailed, number, "the body is gone");
        return;
    }
    found->second.isBusy = true;
    start(sendPiece(number), found->second.isGuests);
}

// The client may wait to be told that somebody reads.
asio::awaitable<void> HandlerCall::sendContinue()
{
    if (!m_request->guest.head().expectsContinue || m_isAnswering)
        co_return;
    ResponseHead interim;
    interim.status = 100;
    m_request->guest.sendInterim(interim);
    co_await m_request->guest.answer().flush();
}

asio::awaitable<void> HandlerCall::sendPiece(std::uint32_t number)
{
    Source& source = m_sources[number];
    const std::shared_ptr<BodySource> body = source.body;
    if (source.isGuests && m_request->guest.head().expectsContinue)
        co_await sendContinue();
    for (;;) {
        std::string_view piece;
        switch (body->next(piece)) {
        case BodySource::State::Piece:
            if (source.isGuests && m_request)
                m_request->log.row().requestBytes += static_cast<std::int64_t>(piece.size());
            send(FrameType::Piece, number, {}, piece);
            source.isBusy = false;
            co_return;
        case BodySource::State::End:
            send(FrameType::PieceEnd, number, {});
            source.isBusy = false;
            source.isPassedOn = true;
            co_return;
        case BodySource::State::Failed:
            send(FrameType::PieceFailed, number, body->fault());
            source.isBusy = false;
            source.isPassedOn = true;
            co_return;
        case BodySource::State::Blocked:
            ++m_waitingFor;
            co_await body->wait();
            --m_waitingFor;
            if (!m_sources.contains(number))
                co_return;
            break;
        }
    }
}

bool HandlerCall::findBody(const HandlerBodyPlace& place,
                           std::string_view bytes,
                           std::shared_ptr<BodySource>& body,
                           Framing& framing)
{
    using Kind = HandlerBodyPlace::Kind;
    body.reset();
    framing = {};
    switch (place.kind) {
    case Kind::None:
        return true;
    case Kind::Bytes:
        body = std::make_shared<WholeBody>(std::string(bytes));
        framing = {BodyKind::Length, bytes.size()};
        break;
    case Kind::Stream: {
        if (m_handlerBodies.contains(place.number))
            return false;
        const auto made = std::make_shared<HandlerBody>(m_call.host, m_call.id, place.number);
        m_handlerBodies[place.number] = made;
        body = made;
        framing = {BodyKind::Chunked, 0};
        break;
    }
    case Kind::Ref: {
        const auto found = m_sources.find(place.number);
        if (found == m_sources.end() || found->second.isBusy || found->second.isPassedOn)
            return false;
        found->second.isPassedOn = true;
        body = found->second.body;
        framing = found->second.framing;
        if (framing.kind == BodyKind::UntilClose)
            framing.kind = BodyKind::Chunked;
        return true;
    }
    }
    return true;
}

bool HandlerCall::isGuests(const std::shared_ptr<BodySource>& body) const
{
    return body && m_request && body.get() == &m_request->guest.body();
}

std::uint32_t HandlerCall::offer(Source source)
{
    const std::uint32_t number = m_call.host->newBody();
    m_sources[number] = std::move(source);
    return number;
}

// ---- Fetching

bool HandlerCall::isOwnHost(const HandlerFetchHead& fetch) const
{
    return m_request && fetch.host == m_request->policy.host &&
           fetch.port == m_request->policy.port && fetch.tls == m_request->origin.tls;
}

std::string HandlerCall::upgradeOf(const HandlerFetchHead& fetch) const
{
    using Kind = HandlerBodyPlace::Kind;
    if (!isOwnHost(fetch) || fetch.body.kind != Kind::None)
        return {};
    // HTTP/2 says it outside of the fields.
    const RequestHead& guest = m_request->guest.head();
    const bool isKept = guest.version == HttpVersion::Http2 || fetch.fields.has("upgrade");
    return isKept && fetch.method == guest.method ? guest.upgrade : std::string();
}

UpstreamTarget HandlerCall::targetOf(const HandlerFetchHead& fetch) const
{
    UpstreamTarget target{fetch.host, fetch.port, fetch.tls, UpstreamProtocol::Http1};
    target.upgrades = !upgradeOf(fetch).empty();
    target.webSocket = isWebSocket(upgradeOf(fetch));
    if (isOwnHost(fetch) && m_request->origin.http2 && (!target.webSocket || !fetch.tls))
        target.protocol =
            fetch.tls ? UpstreamProtocol::Http2OrHttp1 : UpstreamProtocol::Http2Plain;
    return target;
}

RequestHead HandlerCall::upstreamHead(const HandlerFetchHead& fetch, const Framing& framing) const
{
    RequestHead head;
    head.version = HttpVersion::Http11;
    head.method = fetch.method;
    head.scheme = fetch.tls ? "https" : "http";
    head.authority = fetch.authority;
    head.path = fetch.path;
    head.fields = fetch.fields;
    head.framing = framing;
    const auto host = head.fields.find("host");
    if (host && !sameToken(*host, fetch.authority))
        head.fields.remove("host");
    setLength(head.fields, framing.kind, framing.length);
    if (isOwnHost(fetch)) {
        const RequestHead& guest = m_request->guest.head();
        head.version = guest.version;
        head.upgrade = upgradeOf(fetch);
    }
    if (framing.kind == BodyKind::None)
        head.fields.remove("expect");
    return head;
}

void HandlerCall::onFetch(const handler::Frame& frame)
{
    const auto refuseIt = [&](std::string_view why) {
        send(FrameType::FetchFailed, frame.id, why);
    };
    const handler::HandlerLimits& limits = m_door->context->handlers->limits(m_door->id);
    if (++m_fetchCount > limits.fetches) {
        refuseIt(fmt::format("more than {} fetches for one request", limits.fetches));
        return;
    }
    auto head = readHandlerFetch(frame.head);
    if (!head) {
        refuseIt(head.error().text);
        return;
    }
    std::shared_ptr<BodySource> body;
    Framing framing;
    if (!findBody(head->body, frame.tail, body, framing)) {
        refuseIt("the body is gone: it was read or sent already");
        return;
    }
    const bool usesGuest = isGuests(body);
    if (policy::isVirtualName(head->host.name) && m_door->context->bindings)
        head->authority =
            m_door->context->bindings->authorityAt(m_door->id, head->host.name, head->port);
    RequestHead request = upstreamHead(*head, framing);
    if (!usesGuest)
        request.fields.remove("expect");
    handler::HeadLines lines(frame.head);
    static_cast<void>(lines.next());
    std::string url(lines.next().value_or(""));
    const bool isOwnRow = !isOwnHost(*head) || std::exchange(m_ownHostFetched, true);
    const auto fetch = std::make_shared<HandlerFetch>(m_door, std::move(*head), std::move(url));
    m_fetches[frame.id] = fetch;
    m_allFetches.push_back(fetch);
    start(runFetch(fetch, frame.id, std::move(body), std::move(request), isOwnRow), usesGuest);
}

asio::awaitable<void> HandlerCall::runFetch(std::shared_ptr<HandlerFetch> fetch,
                                            std::uint32_t id,
                                            std::shared_ptr<BodySource> body,
                                            RequestHead head,
                                            bool isOwnRow)
{
    std::optional<LogRow> row;
    row.emplace(fetchRow(fetch->head(), head));
    if (isOwnRow)
        row->write();
    const bool usesGuest = isGuests(body);
    const auto interim = [this, usesGuest](const ResponseHead& answer) {
        if (usesGuest && m_request && answer.status == 100)
            m_request->guest.sendInterim(answer);
    };
    const auto result =
        co_await fetch->run(targetOf(fetch->head()), std::move(head), body.get(), interim);
    if (isOwnRow)
        row->row().credentials = fetch->credentials();
    else if (m_request && !fetch->credentials().empty())
        m_request->log.row().credentials = fetch->credentials();
    if (!result) {
        if (fetch->leak())
            logLeak(*row, *fetch->leak(), fetch->head().host);
        else if (isOwnRow && result.error().refused)
            row->refused(result.error().refused->step, result.error().text, 403);
        else if (isOwnRow)
            row->end(api::RowState::Failed, result.error().text);
        fetchFailed(id, result.error());
        co_return;
    }
    if (isOwnRow) {
        row->row().status = fetch->answer().status;
        row->row().upstreamAddress = fetch->upstream()->address();
        row->detail().upstreamTls = fetch->upstream()->tlsText();
        row->detail().responseHeaders = maskedFields(fetch->answer().fields);
        row->end(api::RowState::Done);
    } else if (m_request) {
        m_request->log.row().upstreamAddress = fetch->upstream()->address();
        m_request->log.detail().upstreamTls = fetch->upstream()->tlsText();
    }
    fetchEnded(fetch, id);
    // What is uploaded is needed until it is over.
    co_await fetch->uploadOver(false);
    if (fetch->leak())
        logLeak(*row, *fetch->leak(), fetch->head().host);
    if (usesGuest && m_request)
        m_request->log.row().requestBytes = fetch->uploadedBytes();
}

LogRow HandlerCall::fetchRow(const HandlerFetchHead& to, const RequestHead& head) const
{
    Destination destination;
    destination.name = to.host.name;
    if (to.host.address)
        destination.address = *to.host.address;
    destination.port = to.port;
    RequestHead shown = head;
    if (const auto kit = m_door->context->gatekeeper.credentials(m_door->id)) {
        shown.path = kit->withPlaceholders(shown.path).value_or(shown.path);
        shown.fields = withPlaceholders(shown.fields, *kit);
    }
    LogRow row(*m_door);
    row.describe(shown, destination, to.tls);
    row.row().step = api::Step::Handler;
    row.row().verdict = api::Action::Allow;
    row.row().state = api::RowState::Open;
    row.row().reason = "fetched by the handler " + m_handlerName;
    return row;
}

void HandlerCall::logLeak(LogRow& row, const CredentialUse::Leak& leak, const policy::Host& host) const
{
    row.withhold();
    row.row().credentials = leak.credential;
    const std::string text = leak.text + ", by the handler " + m_handlerName;
    row.refused(api::Step::Credential, text, 403);
    m_door->context->gatekeeper.alarm({nowUnixMillis(), m_door->id, m_door->name, leak.credential,
                                       host.text(), row.id(), text});
}

std::string HandlerCall::hidden(std::string text) const
{
    const auto kit = m_door->context->gatekeeper.credentials(m_door->id);
    return kit ? kit->withPlaceholders(text).value_or(text) : text;
}

void HandlerCall::fetchEnded(const std::shared_ptr<HandlerFetch>& fetch, std::uint32_t id)
{
    m_fetches.erase(id);
    if (m_isOver)
        return;
    const ResponseHead& answer = fetch->answer();
    std::uint32_t number = 0;
    if (answer.framing.kind != BodyKind::None || answer.status == 101)
        number = offer({{fetch, &fetch->answerBody()}, answer.framing, fetch});
    send(FrameType::Fetched, id, fetchedHead(answer, fetch->url(), number));
}

void HandlerCall::fetchFailed(std::uint32_t id, const HandlerFetch::Failure& failure)
{
    m_fetches.erase(id);
    m_fetchFailure = failure;
    send(FrameType::FetchFailed, id, failure.text);
}

// ---- The person, and what else the engine does for handlers

void HandlerCall::onUse(const handler::Frame& frame)
{
    const auto refuseIt = [&](const std::string& why) { send(FrameType::OpFailed, frame.id, why); };
    const handler::HandlerLimits& limits = m_door->context->handlers->limits(m_door->id);
    if (++m_useCount > limits.bindingUses) {
        refuseIt(fmt::format("more than {} uses of bindings for one request", limits.bindingUses));
        return;
    }
    HandlerBodyPlace place;
    auto request = readHandlerUse(frame.head, place);
    if (!request) {
        refuseIt(request.error().text);
        return;
    }
    std::shared_ptr<BodySource> body;
    Framing framing;
    if (!findBody(place, frame.tail, body, framing)) {
        refuseIt("the body is gone: it was read or sent already");
        return;
    }
    const bool usesGuest = isGuests(body);
    int& waits = place.kind == HandlerBodyPlace::Kind::Stream ? m_storing : m_waitingFor;
    start(useBinding(frame.id, std::move(*request), std::move(body), waits), usesGuest);
}

asio::awaitable<void> HandlerCall::useBinding(std::uint32_t id,
                                              binding::StoreRequest request,
                                              std::shared_ptr<BodySource> body,
                                              int& waits)
{
    const bool usesGuest = isGuests(body);
    if (usesGuest)
        co_await sendContinue();
    ++waits;
    auto working = egress::useBinding(m_door->context->bindings, m_door->id, std::move(request),
                                      std::move(body));
    auto reply = co_await std::move(working);
    --waits;
    if (reply && usesGuest && m_request)
        m_request->log.row().requestBytes += reply->storedBytes;
    if (m_isOver)
        co_return;
    if (!reply) {
        send(FrameType::OpFailed, id, reply.error().text);
        co_return;
    }
    if (reply->body)
        reply->json["body"] = offer({reply->body, {BodyKind::Length, reply->length}, nullptr});
    send(FrameType::OpReply, id, handlerJson(reply->json), reply->bytes);
}

void HandlerCall::onOperation(const handler::Frame& frame)
{
    std::string name(frame.head);
    std::string json(frame.tail);
    if (name == "ask")
        start(askPerson(frame.id, std::move(json)), true);
    else
        start(operate(frame.id, std::move(name), std::move(json)), false);
}

asio::awaitable<void> HandlerCall::operate(std::uint32_t id, std::string name, std::string json)
{
    const HandlerOperation& operation = m_door->context->handlerOperation;
    if (!operation) {
        send(FrameType::OpFailed, id, "there is no " + name + " here");
        co_return;
    }
    ++m_waitingFor;
    const Result<std::string> done =
        co_await operation(m_door->id, std::move(name), std::move(json));
    --m_waitingFor;
    if (done)
        send(FrameType::OpReply, id, *done);
    else
        send(FrameType::OpFailed, id, done.error().text);
}

asio::awaitable<void> HandlerCall::askPerson(std::uint32_t id, std::string json)
{
    if (!m_request || std::exchange(m_hasAsked, true)) {
        send(FrameType::OpFailed, id, "ctx.ask() asks once, before the answer");
        co_return;
    }
    const nlohmann::json options = nlohmann::json::parse(json, nullptr, false);
    policy::Decision decision = m_request->decision;
    decision.verdict = policy::Verdict::Ask;
    decision.reason = "the handler " + m_handlerName + " asks";
    if (options.is_object() && options.contains("reason") && options["reason"].is_string() &&
        !options["reason"].get<std::string>().empty())
        decision.reason += ": " + hidden(options["reason"]).substr(0, MostReason);
    LogRow& log = m_request->log;
    log.row().state = api::RowState::Held;
    log.write();
    ++m_waitingFor;
    const AskOutcome outcome =
        co_await hold(*m_door, m_request->policy, decision, log.id(),
                      [this](std::function<void()> gone) {
                          if (!m_request)
                              return;
                          // Nobody can be answered who has closed his end while he waited.
                          const bool isHeld = gone != nullptr;
                          m_request->guest.onHangUp(
                              [this, gone = std::move(gone)] {
                                  if (gone)
                                      gone();
                                  cut("the client hung up");
                              },
                              isHeld);
                      });
    --m_waitingFor;
    if (!m_request)
        co_return;
    log.row().state = api::RowState::Open;
    log.row().heldMs = outcome.heldMs;
    nlohmann::json reply{{"allowed", outcome.kind == AskOutcome::Kind::Allowed}};
    if (outcome.kind != AskOutcome::Kind::Allowed) {
        const bool isPending = outcome.kind == AskOutcome::Kind::Pending;
        const std::string reason =
            outcome.reason.empty() ? "the person denied this request" : outcome.reason;
        const Refusal refusal = isPending
                                    ? pendingRefusal(m_request->policy.host.text())
                                    : deniedRefusal(api::Step::Answer, {}, reason);
        const std::string body = refusalBody(refusal);
        reply["status"] = refusal.status;
        reply["body"] = body;
        for (const Field field : refusalHead(refusal, body.size()).fields)
            reply["headers"][std::string(field.name)] = std::string(field.value);
        log.row().reason = isPending ? "nobody answered in time; the question stays open" : reason;
        m_isDenied = true;
    } else {
        log.row().reason = "allowed by the person";
    }
    log.row().step = api::Step::Answer;
    log.row().rule = outcome.rule;
    log.write();
    send(FrameType::OpReply, id, reply.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// ---- Answering

asio::awaitable<void> HandlerCall::answer()
{
    m_isAnswering = true;
    const HandlerAnswer& reply = m_reply->head;
    std::shared_ptr<BodySource> body;
    Framing framing;
    if (!findBody(reply.body, m_reply->bytes, body, framing)) {
        m_failure = "the body of its answer is gone: it was read or sent already";
        co_await stopUsingGuest();
        refuse();
        co_return;
    }
    if (reply.body.kind == HandlerBodyPlace::Kind::Ref)
        m_answering = m_sources[reply.body.number].fetch;
    if (reply.status == 101) {
        const bool canSwitch = m_answering && m_answering->answer().status == 101;
        if (canSwitch)
            co_return; // the exchange joins the two
        m_failure = "only an upstream can switch protocols";
        co_await stopUsingGuest();
        refuse();
        co_return;
    }
    ResponseHead head;
    head.status = reply.status;
    head.reason = reply.statusText;
    head.fields = reply.fields;
    const bool isHead = m_request->guest.head().method == "HEAD";
    if (hasNoBody(head.status) || isHead) {
        framing = {};
        if (body != nullptr || hasNoBody(head.status))
            setLength(head.fields, BodyKind::None, 0);
        body.reset();
    } else {
        if (body == nullptr)
            framing = {BodyKind::Length, 0};
        setLength(head.fields, framing.kind, framing.length);
    }
    head.framing = framing;
    co_await relay(std::move(head), std::move(body));
}

asio::awaitable<void> HandlerCall::relay(ResponseHead head, std::shared_ptr<BodySource> body)
{
    LogRow& log = m_request->log;
    CredentialUse& guest = m_request->guest;
    guest.seeHandlersAnswer(head);
    api::Row& row = log.row();
    row.status = head.status;
    row.verdict = m_isDenied ? api::Action::Deny : api::Action::Allow;
    log.detail().responseHeaders = maskedFields(head.fields);
    // A small body that nobody will read is read away, so that the connection can be kept.
    const bool isUploading = std::any_of(m_work.begin(), m_work.end(),
                                         [](const auto& each) { return each->usesGuest; });
    const bool mayReadOn =
        !m_isCallDone || m_reply->head.body.kind == HandlerBodyPlace::Kind::Stream;
    if (m_call.body != 0 && !isUploading && !mayReadOn)
        head.keepAlive = skipBufferedBody(guest.body());
    guest.sendHead(head);
    PumpEnd end = PumpEnd::Complete;
    if (body != nullptr) {
        end = co_await pump(*body, guest.answer(), row.responseBytes);
    } else {
        guest.answer().finish(nullptr);
        co_await guest.answer().flush();
    }
    if (end == PumpEnd::Complete) {
        // An answer can be complete before the request is.
        if (m_answering)
            co_await m_answering->uploadOver(false);
        log.end(m_isDenied ? api::RowState::Denied : api::RowState::Done);
        co_return;
    }
    const std::string fault = body->fault();
    if (m_answering)
        m_answering->abort();
    guest.abort();
    log.end(api::RowState::Failed, !m_cut.empty() ? m_cut
                                   : end == PumpEnd::SinkBroken || guest.isGone()
                                       ? "the client hung up"
                                       : "the answer was cut off: " + fault);
}

std::unique_ptr<UpstreamRequest> HandlerCall::takeSwitched(ResponseHead& head)
{
    if (!m_reply || m_reply->head.status != 101 || !m_answering || !m_failure.empty() ||
        !m_cut.empty())
        return nullptr;
    head = m_answering->answer();
    return m_answering->takeUpstream();
}

asio::awaitable<void> HandlerCall::stopUsingGuest()
{
    for (const auto& weak : m_allFetches)
        if (const auto fetch = weak.lock(); fetch && m_call.body != 0)
            co_await fetch->uploadOver(true);
    stopWork(true);
    const auto usesGuest = [](const auto& each) { return each->usesGuest; };
    while (std::any_of(m_work.begin(), m_work.end(), usesGuest))
        co_await m_workOver.wait();
    m_sources.erase(m_call.body);
}

asio::awaitable<void> HandlerCall::letGoOfGuest()
{
    m_request->guest.onHangUp(nullptr, false);
    co_await stopUsingGuest();
    m_request.reset();
    if (m_isCallDone || m_isOver)
        endCall();
    else
        m_self = shared_from_this();
}

void HandlerCall::endCall()
{
    if (!std::exchange(m_isOver, true))
        m_call.host->end(m_call.id);
    for (const auto& [number, body] : m_handlerBodies)
        body->fail("the call is over");
    for (const auto& weak : m_allFetches)
        if (const auto fetch = weak.lock(); fetch && fetch != m_answering)
            fetch->abort();
    stopWork(false);
    m_sources.clear();
    m_self.reset();
}

// ---- Small parts

void HandlerCall::send(FrameType type, std::uint32_t id, std::string_view head, std::string_view tail)
{
    if (!m_isOver)
        m_call.host->send(type, id, m_call.id, head, tail);
}

void HandlerCall::start(asio::awaitable<void> work, bool usesGuest)
{
    const auto entry = std::make_shared<Work>();
    entry->usesGuest = usesGuest;
    m_work.push_back(entry);
    const auto over = [self = shared_from_this(), entry](const std::exception_ptr&) {
        std::erase(self->m_work, entry);
        self->m_workOver.set();
    };
    asio::co_spawn(m_door->context->context.get_executor(), std::move(work),
                   asio::bind_cancellation_slot(entry->stop.slot(), over));
}

void HandlerCall::stopWork(bool ofGuestOnly)
{
    const auto work = m_work;
    for (const auto& each : work)
        if (!ofGuestOnly || each->usesGuest)
            each->stop.emit(asio::cancellation_type::all);
}

} // namespace sallyport::egress
