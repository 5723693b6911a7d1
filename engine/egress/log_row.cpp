#include "engine/egress/log_row.h"

#include "engine/egress/masking.h"
#include "engine/policy/handler_index.h"

namespace sallyport::egress {

namespace {

std::string protocolName(HttpVersion version)
{
    switch (version) {
    case HttpVersion::Http10:
        return "http/1.0";
    case HttpVersion::Http11:
        return "http/1.1";
    case HttpVersion::Http2:
        break;
    }
    return "h2";
}

} // namespace

LogRow::LogRow(SandboxDoor& door)
    : m_door(door)
{
    api::Row& row = m_detail.row;
    row.time = nowUnixMillis();
    row.sandbox = door.id;
    row.sandboxName = door.name;
    row.state = api::RowState::Open;
}

void LogRow::describe(const RequestHead& head, const Destination& destination, bool tls)
{
    api::Row& row = m_detail.row;
    row.protocol = protocolName(head.version);
    row.method = head.method;
    row.scheme = tls ? "https" : "http";
    row.host = destination.host().text();
    row.port = destination.port;
    row.path = maskedPath(head.path);
    m_detail.requestHeaders = maskedFields(head.fields);
}

void LogRow::decided(const policy::Decision& decision)
{
    api::Row& row = m_detail.row;
    row.step = decision.step;
    row.rule = decision.rule;
    row.reason = decision.reason;
}

void LogRow::noteHandler(const policy::Decision& decision)
{
    if (!decision.handler || !decision.handler->builtIn ||
        !std::holds_alternative<policy::LogHandler>(*decision.handler->builtIn))
        return;
    const api::Row& row = m_detail.row;
    api::HandlerLine line;
    line.sandbox = row.sandbox;
    line.row = row.id;
    line.handler = decision.handler->slot.name;
    line.text = row.method + ' ' + row.scheme + "://" + row.host;
    const bool usual =
        (row.scheme == "https" && row.port == 443) || (row.scheme == "http" && row.port == 80);
    if (!usual)
        line.text += ':' + std::to_string(row.port);
    line.text += row.path;
    m_door.context->gatekeeper.addHandlerLine(line);
}

void LogRow::withhold()
{
    api::Row& row = m_detail.row;
    row.path = "(withheld: a credential may be in it)";
    m_detail.requestHeaders.clear();
}

void LogRow::write()
{
    if (std::exchange(m_added, true))
        m_door.context->gatekeeper.updateRow(m_detail);
    else
        m_detail.row.id = m_door.context->gatekeeper.addRow(m_detail.row);
}

void LogRow::end(api::RowState state, std::string error)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    api::Row& row = m_detail.row;
    row.state = state;
    row.error = std::move(error);
    row.durationMs =
        duration_cast<milliseconds>(std::chrono::steady_clock::now() - m_start).count();
    if (!m_added)
        write();
    // The headers are given away: nobody reads them here again, and the log keeps those it has.
    api::RowDetail last;
    last.row = row;
    last.requestHeaders = std::move(m_detail.requestHeaders);
    last.responseHeaders = std::move(m_detail.responseHeaders);
    last.upstreamTls = std::move(m_detail.upstreamTls);
    last.webSocket = std::move(m_detail.webSocket);
    m_door.context->gatekeeper.updateRow(std::move(last));
}

void LogRow::refused(api::Step step, std::string reason, int status)
{
    api::Row& row = m_detail.row;
    row.step = step;
    row.verdict = api::Action::Deny;
    row.reason = std::move(reason);
    row.status = status;
    end(api::RowState::Denied);
}

} // namespace sallyport::egress
