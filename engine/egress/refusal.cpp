#include "engine/egress/refusal.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/egress/guest_request.h"
#include "engine/policy/ladder.h"

namespace sallyport::egress {

namespace {

constexpr int PendingRetrySeconds = 5;
// Small bodies that are here already are read away, so that the connection can be kept.
constexpr std::size_t SkippedBodyBytes = 64 * 1024;

// A header value of ours that quotes text from elsewhere.
std::string headerSafe(std::string text)
{
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

} // namespace

bool skipBufferedBody(BodySource& body)
{
    std::size_t skipped = 0;
    while (skipped < SkippedBodyBytes) {
        std::string_view piece;
        const BodySource::State state = body.next(piece);
        if (state != BodySource::State::Piece)
            return state == BodySource::State::End;
        skipped += piece.size();
    }
    return false;
}

Refusal deniedRefusal(api::Step step, std::string_view rule, std::string_view reason)
{
    Refusal refusal;
    refusal.error = "egress_denied";
    refusal.step = policy::stepName(step);
    refusal.decision = "deny; step=" + refusal.step;
    refusal.rule = rule;
    refusal.reason = reason;
    return refusal;
}

Refusal deniedRefusal(const policy::Decision& decision)
{
    Refusal refusal = deniedRefusal(decision.step, decision.ruleText, decision.reason);
    refusal.status = decision.status;
    refusal.retryAfterSeconds = decision.retryAfterSeconds;
    return refusal;
}

Refusal pendingRefusal(std::string_view host)
{
    Refusal refusal;
    refusal.error = "approval_pending";
    refusal.decision = "pending";
    refusal.reason = "a person has been asked whether this may go to " + std::string(host) +
                     " and has not answered yet; try again";
    refusal.retryAfterSeconds = PendingRetrySeconds;
    return refusal;
}

Refusal protocolRefusal(int status, std::string_view reason)
{
    Refusal refusal;
    refusal.status = status;
    refusal.error = status == 421 ? "misdirected_request" : "bad_request";
    refusal.step = policy::stepName(api::Step::Protocol);
    refusal.decision = "deny; step=" + refusal.step;
    refusal.reason = reason;
    return refusal;
}

Refusal upstreamRefusal(bool timedOut, std::string_view reason)
{
    Refusal refusal;
    refusal.status = timedOut ? 504 : 502;
    refusal.error = "upstream_failed";
    refusal.decision = "allow; upstream=failed";
    refusal.reason = reason;
    return refusal;
}

std::string refusalBody(const Refusal& refusal)
{
    nlohmann::ordered_json body{{"error", refusal.error}};
    if (!refusal.step.empty()) {
        body["step"] = refusal.step;
        body["rule"] = nullptr;
        if (!refusal.rule.empty())
            body["rule"] = refusal.rule;
    }
    body["reason"] = refusal.reason;
    return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

ResponseHead refusalHead(const Refusal& refusal, std::size_t bodyBytes)
{
    ResponseHead head;
    head.status = refusal.status;
    head.fields.add("Content-Type", "application/json");
    head.fields.add("Content-Length", std::to_string(bodyBytes));
    head.fields.add("Cache-Control", "no-store");
    head.fields.add("Sallyport-Decision", headerSafe(refusal.decision));
    if (refusal.status == 405 && refusal.error == "egress_denied")
        head.fields.add("Allow", "GET, HEAD, OPTIONS");
    if (refusal.retryAfterSeconds > 0)
        head.fields.add("Retry-After", std::to_string(refusal.retryAfterSeconds));
    head.framing = {BodyKind::Length, bodyBytes};
    return head;
}

void sendRefusal(GuestRequest& request, const Refusal& refusal)
{
    const std::string body = refusalBody(refusal);
    sendWhole(request, refusalHead(refusal, body.size()), body);
}

void sendWhole(GuestRequest& request, ResponseHead head, std::string_view body)
{
    head.keepAlive = skipBufferedBody(request.body());
    if (request.head().method == "HEAD")
        head.framing = {};
    request.sendHead(head);
    if (head.framing.kind != BodyKind::None)
        request.answer().put(body);
    request.answer().finish(nullptr);
}

} // namespace sallyport::egress
