#include "engine/egress/tcp_exchange.h"

#include "engine/egress/hold.h"

namespace sallyport::egress {

policy::Request tunnelRequest(const Destination& destination)
{
    policy::Request request;
    request.protocol = "tls";
    request.scheme = "https";
    request.method = "CONNECT";
    request.host = destination.host();
    request.port = destination.port;
    request.isConnection = true;
    return request;
}

TcpExchange::TcpExchange(SandboxDoor& door,
                         const Destination& destination,
                         Stream& guest,
                         Carries carries)
    : m_door(door)
    , m_guest(guest)
    , m_log(door)
{
    if (carries == Carries::Tls) {
        m_request = tunnelRequest(destination);
    } else {
        m_request.protocol = m_request.scheme = "tcp";
        m_request.method = "TCP";
        m_request.host = destination.host();
        m_request.port = destination.port;
    }
    api::Row& row = m_log.row();
    row.protocol = m_request.protocol;
    row.scheme = m_request.scheme;
    row.method = m_request.method;
    row.host = m_request.host.text();
    row.port = m_request.port;
    m_door.running.push_back(*this);
}

asio::awaitable<void> TcpExchange::run(std::string first)
{
    const bool passes = co_await decide();
    if (!passes)
        co_return;
    auto upstream = co_await m_door.upstreams.connect(m_request.host, m_request.port);
    if (upstream) {
        co_await carry(std::move(first), std::move(*upstream));
        co_return;
    }
    const UpstreamFailure& failure = upstream.error();
    m_log.row().upstreamAddress = failure.address;
    if (failure.kind == UpstreamFailure::Kind::Refused) {
        refuse(failure.decision->step, failure.text);
        co_return;
    }
    m_guest.resetNow();
    m_log.end(api::RowState::Failed, failure.text);
}

asio::awaitable<bool> TcpExchange::decide()
{
    const policy::Decision decision = m_door.context->gatekeeper.decide(m_door.id, m_request);
    m_log.decided(decision);
    if (decision.verdict == policy::Verdict::Ask)
        co_return co_await askPerson(decision);
    if (decision.verdict != policy::Verdict::Allow) {
        refuse(decision.step, decision.reason);
        co_return false;
    }
    m_log.row().verdict = api::Action::Allow;
    m_log.write();
    m_log.noteHandler(decision);
    co_return true;
}

asio::awaitable<bool> TcpExchange::askPerson(const policy::Decision& decision)
{
    api::Row& row = m_log.row();
    row.state = api::RowState::Held;
    m_log.write();
    bool gone = false;
    const auto watch = [&](const std::function<void()>& withdraw) {
        if (!withdraw) {
            m_guest.onHangUp(nullptr);
            return;
        }
        m_guest.onHangUp([&gone, withdraw] {
            gone = true;
            withdraw();
        });
    };
    const AskOutcome outcome = co_await hold(m_door, m_request, decision, m_log.id(), watch);
    row.heldMs = outcome.heldMs;
    if (gone || !m_guest.isOpen()) {
        m_guest.closeNow();
        m_log.end(api::RowState::Withdrawn, "the client hung up before an answer");
        co_return false;
    }
    if (outcome.kind == AskOutcome::Kind::Pending) {
        refuse(decision.step, "nobody answered in time; the question stays open");
        co_return false;
    }
    if (outcome.kind == AskOutcome::Kind::Allowed && outcome.decideAgain) {
        row.state = api::RowState::Open;
        co_return co_await decide();
    }
    row.rule = outcome.rule;
    if (outcome.kind == AskOutcome::Kind::Denied) {
        refuse(api::Step::Answer,
               outcome.reason.empty() ? "the person denied this connection" : outcome.reason);
        co_return false;
    }
    row.step = api::Step::Answer;
    row.state = api::RowState::Open;
    row.verdict = api::Action::Allow;
    row.reason = "allowed by the person";
    m_log.write();
    co_return true;
}

asio::awaitable<void> TcpExchange::carry(std::string first, Dialled upstream)
{
    api::Row& row = m_log.row();
    row.upstreamAddress = upstream.address;
    m_log.write();
    m_upstream = upstream.stream.get();
    m_counts.fromGuest = static_cast<std::int64_t>(first.size());
    std::string fault = "the upstream takes nothing";
    const bool sent = co_await upstream.stream->writeAll(first, m_door.context->limits.stalled);
    if (sent)
        fault = co_await tunnel(m_guest, *upstream.stream, m_door.context->limits, m_counts);
    m_upstream = nullptr;
    m_guest.closeNow();
    row.requestBytes = m_counts.fromGuest;
    row.responseBytes = m_counts.fromUpstream;
    m_log.end(m_cut.empty() ? api::RowState::Done : api::RowState::Failed,
              m_cut.empty() ? fault : m_cut);
}

void TcpExchange::refuse(api::Step step, const std::string& reason)
{
    m_guest.resetNow();
    m_log.refused(step, reason, 0);
}

void TcpExchange::charge()
{
    const std::int64_t moved = m_counts.fromGuest + m_counts.fromUpstream - m_charged;
    if (moved <= 0)
        return;
    m_charged += moved;
    const auto over =
        m_door.context->gatekeeper.spend(m_door.id, m_request.host, m_request.port, moved);
    if (!over || !m_upstream || !m_cut.empty())
        return;
    m_cut = "cut: " + *over;
    m_guest.resetNow();
    m_upstream->closeNow();
}

void TcpExchange::cutIfDenied()
{
    if (!m_upstream || !m_cut.empty())
        return;
    const policy::Decision now = m_door.context->gatekeeper.peek(m_door.id, m_request);
    if (now.verdict != policy::Verdict::Deny)
        return;
    m_cut = "cut: " + now.reason;
    m_guest.resetNow();
    m_upstream->closeNow();
}

} // namespace sallyport::egress
