#include "engine/egress/fetch_whole.h"

#include <utility>

#include "engine/egress/handler_body.h"
#include "engine/egress/handler_fetch.h"
#include "engine/egress/log_row.h"
#include "engine/egress/masking.h"

namespace sallyport::egress {

namespace {

RequestHead requestOf(const HandlerFetchHead& fetch, std::size_t bodyBytes)
{
    RequestHead head;
    head.version = HttpVersion::Http11;
    head.method = fetch.method;
    head.scheme = fetch.tls ? "https" : "http";
    head.authority = fetch.authority;
    head.path = fetch.path;
    head.fields = fetch.fields;
    head.fields.remove("host");
    head.fields.remove("expect");
    head.framing = {bodyBytes > 0 ? BodyKind::Length : BodyKind::None, bodyBytes};
    setLength(head.fields, head.framing.kind, head.framing.length);
    return head;
}

void describe(LogRow& row, const HandlerFetchHead& fetch, const RequestHead& head)
{
    Destination destination;
    destination.name = fetch.host.name;
    if (fetch.host.address)
        destination.address = *fetch.host.address;
    destination.port = fetch.port;
    row.describe(head, destination, fetch.tls);
    row.row().step = api::Step::Handler;
    row.row().verdict = api::Action::Allow;
    row.row().state = api::RowState::Open;
    row.row().reason = "sent by a trial of a handler";
    row.write();
}

} // namespace

asio::awaitable<Result<WholeAnswer>> fetchWhole(std::shared_ptr<SandboxDoor> door,
                                                HandlerFetchHead head,
                                                std::string body,
                                                std::size_t mostBytes)
{
    RequestHead request = requestOf(head, body.size());
    LogRow row(*door);
    describe(row, head, request);
    row.row().requestBytes = static_cast<std::int64_t>(body.size());
    const UpstreamTarget target{head.host, head.port, head.tls, UpstreamProtocol::Http1};
    const auto fetch = std::make_shared<HandlerFetch>(door, std::move(head), std::string());
    WholeBody upload(std::move(body));
    BodySource* const source = upload.size() > 0 ? &upload : nullptr;
    const auto sent =
        co_await fetch->run(target, std::move(request), source, [](const ResponseHead&) {});
    if (!sent) {
        co_await fetch->uploadOver(true);
        if (fetch->leak()) {
            row.withhold();
            row.row().credentials = fetch->leak()->credential;
            row.refused(api::Step::Credential, fetch->leak()->text, 403);
            door->context->gatekeeper.alarm({nowUnixMillis(), door->id, door->name,
                                             fetch->leak()->credential, target.host.text(),
                                             row.id(), fetch->leak()->text});
        } else if (sent.error().refused)
            row.refused(sent.error().refused->step, sent.error().text, 403);
        else
            row.end(api::RowState::Failed, sent.error().text);
        co_return fail(Error::Code::Unavailable, sent.error().text);
    }
    WholeAnswer answer{fetch->answer(), {}};
    row.row().status = answer.head.status;
    row.row().upstreamAddress = fetch->upstream()->address();
    row.detail().upstreamTls = fetch->upstream()->tlsText();
    row.detail().responseHeaders = maskedFields(answer.head.fields);
    row.row().credentials = fetch->credentials();
    BodySource& from = fetch->answerBody();
    std::string fault;
    for (bool more = answer.head.framing.kind != BodyKind::None;
         more && answer.body.size() < mostBytes;) {
        std::string_view piece;
        switch (from.next(piece)) {
        case BodySource::State::Piece:
            answer.body.append(piece.substr(0, mostBytes - answer.body.size()));
            break;
        case BodySource::State::Blocked:
            co_await from.wait();
            break;
        case BodySource::State::End:
            more = false;
            break;
        case BodySource::State::Failed:
            fault = from.fault();
            more = false;
            break;
        }
    }
    co_await fetch->uploadOver(true);
    row.row().responseBytes = static_cast<std::int64_t>(answer.body.size());
    if (!fault.empty()) {
        row.end(api::RowState::Failed, fault);
        co_return fail(Error::Code::Unavailable, fault);
    }
    row.end(api::RowState::Done);
    co_return answer;
}

} // namespace sallyport::egress
