#include "engine/egress/forwarding.h"

#include <utility>

namespace sallyport::egress {

namespace {

// By length first: nearly every field is told apart by it.
bool isHopField(std::string_view name)
{
    switch (name.size()) {
    case 2:
        return sameToken(name, "te");
    case 7:
        return sameToken(name, "upgrade") || sameToken(name, "trailer");
    case 10:
        return sameToken(name, "connection") || sameToken(name, "keep-alive");
    case 16:
        return sameToken(name, "proxy-connection");
    case 17:
        return sameToken(name, "transfer-encoding");
    case 18:
        return sameToken(name, "proxy-authenticate");
    case 19:
        return sameToken(name, "proxy-authorization");
    default:
        return false;
    }
}

void appendField(std::string& out, std::string_view name, std::string_view value)
{
    out.append(name).append(": ").append(value).append("\r\n");
}

bool isSame(std::string_view name, std::string_view lowerName)
{
    return sameToken(name, lowerName);
}

// Answers that neither have a body nor speak of one.
bool forbidsBody(int status)
{
    return status < 200 || status == 204;
}

// Connection of a request: an upgrade goes on, a plain keep-alive stays as the client wrote it.
void appendConnection(std::string& out, const RequestHead& head, Field field)
{
    if (!head.upgrade.empty())
        appendField(out, field.name, "Upgrade");
    else if (sameToken(field.value, "keep-alive"))
        appendField(out, field.name, field.value);
}

} // namespace

HopByHop::HopByHop(const Fields& fields)
    : m_fields(fields)
    , m_hasConnection(fields.has("connection"))
{
}

bool HopByHop::covers(std::string_view name) const
{
    if (isHopField(name))
        return !isSame(name, "trailer");
    // Connection can't take away what framing, routing and end-to-end meaning rest on.
    if (!m_hasConnection || isSame(name, "host") || isSame(name, "content-length"))
        return false;
    return m_fields.hasToken("connection", name);
}

void appendRequestHead(std::string& out,
                       const RequestHead& head,
                       std::string_view host,
                       std::string_view webSocketKey,
                       const ForwardedBy* forwardedBy)
{
    out.append(head.method).append(" ");
    if (forwardedBy != nullptr)
        out.append(forwardedBy->origin);
    if (forwardedBy == nullptr || head.path != "*")
        out.append(head.path);
    out.append(" HTTP/1.1\r\n");
    if (forwardedBy != nullptr && !forwardedBy->authorization.empty())
        appendField(out, "Proxy-Authorization", forwardedBy->authorization);
    const bool fromH2 = head.version == HttpVersion::Http2;
    if (!head.fields.has("host"))
        appendField(out, fromH2 ? "host" : "Host", host);
    if (!webSocketKey.empty()) {
        appendField(out, "connection", "Upgrade");
        appendField(out, "upgrade", head.upgrade);
        appendField(out, "sec-websocket-key", webSocketKey);
    }
    const HopByHop hop(head.fields);
    bool chunkedSaid = head.framing.kind != BodyKind::Chunked;
    bool cookiesDone = false;
    for (const Field field : head.fields) {
        if (isSame(field.name, "connection")) {
            appendConnection(out, head, field);
        } else if (isSame(field.name, "upgrade") && !head.upgrade.empty()) {
            appendField(out, field.name, field.value);
        } else if (isSame(field.name, "transfer-encoding")) {
            if (!std::exchange(chunkedSaid, true))
                appendField(out, field.name, "chunked");
        } else if (fromH2 && isSame(field.name, "cookie")) {
            if (!std::exchange(cookiesDone, true))
                appendField(out, field.name, joinedCookies(head.fields));
        } else if (!webSocketKey.empty() && isSame(field.name, "sec-websocket-key")) {
            continue;
        } else if (!hop.covers(field.name)) {
            appendField(out, field.name, field.value);
        }
    }
    if (!chunkedSaid)
        appendField(out, fromH2 ? "transfer-encoding" : "Transfer-Encoding", "chunked");
    out.append("\r\n");
}

void appendResponseHead(std::string& out, const ResponseHead& head, BodyKind kind, bool close)
{
    out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
    out.append(head.reason.empty() ? reasonPhrase(head.status) : std::string_view(head.reason));
    out.append("\r\n");
    const HopByHop hop(head.fields);
    const bool switching = head.status == 101;
    bool chunkedSaid = kind != BodyKind::Chunked;
    // Beside chunks, or where there can't be a body (RFC 9110, 8.6): some client would wait for
    // one.
    const bool lengthIsWrong = kind == BodyKind::Chunked || forbidsBody(head.status);
    for (const Field field : head.fields) {
        if (switching && (isSame(field.name, "connection") || isSame(field.name, "upgrade"))) {
            appendField(out, field.name, field.value);
        } else if (isSame(field.name, "transfer-encoding")) {
            if (!std::exchange(chunkedSaid, true))
                appendField(out, field.name, "chunked");
        } else if (isSame(field.name, "alt-svc") || hop.covers(field.name)) {
            continue;
        } else if (lengthIsWrong && isSame(field.name, "content-length")) {
            continue;
        } else {
            appendField(out, field.name, field.value);
        }
    }
    if (!chunkedSaid)
        appendField(out, "Transfer-Encoding", "chunked");
    if (close && !switching)
        appendField(out, "Connection", "close");
    out.append("\r\n");
}

void forEachRequestFieldOfH2(const RequestHead& head, const UseField& use)
{
    const HopByHop hop(head.fields);
    if (head.fields.hasToken("te", "trailers"))
        use("te", "trailers");
    for (const Field field : head.fields)
        if (!isSame(field.name, "host") && !hop.covers(field.name) &&
            (head.upgrade.empty() || !isSame(field.name, "sec-websocket-key")))
            use(field.name, field.value);
}

void forEachResponseFieldOfH2(const ResponseHead& head, const UseField& use)
{
    const HopByHop hop(head.fields);
    const bool lengthIsWrong = forbidsBody(head.status);
    for (const Field field : head.fields) {
        const bool dropped = isSame(field.name, "alt-svc") || hop.covers(field.name) ||
                             (lengthIsWrong && isSame(field.name, "content-length")) ||
                             (head.status == 101 && isSame(field.name, "sec-websocket-accept"));
        if (!dropped)
            use(field.name, field.value);
    }
}

std::string joinedCookies(const Fields& fields)
{
    std::string joined;
    for (const Field field : fields)
        if (isSame(field.name, "cookie"))
            joined.append(joined.empty() ? "" : "; ").append(field.value);
    return joined;
}

std::string_view reasonPhrase(int status)
{
    static constexpr std::pair<int, std::string_view> Phrases[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {103, "Early Hints"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (const auto& [code, phrase] : Phrases)
        if (code == status)
            return phrase;
    return {};
}

} // namespace sallyport::egress
