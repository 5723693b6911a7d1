#include "engine/egress/head_parser.h"

#include <array>
#include <cstring>

namespace sallyport::egress {

namespace {

using Fault = tl::unexpected<HeadFault>;

Fault refuse(std::string_view text, int status = 400)
{
    return Fault(HeadFault{status, text});
}

// tchar of RFC 9110, 5.6.2
constexpr std::array<bool, 256> tokenTable()
{
    std::array<bool, 256> table{};
    for (unsigned c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c)
        table[c] = table[c - 'a' + 'A'] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> TokenTable = tokenTable();

// VCHAR, obs-text, SP and HTAB: what a field value may hold.
constexpr std::array<bool, 256> valueTable()
{
    std::array<bool, 256> table{};
    for (unsigned c = 0x20; c < 256; ++c)
        table[c] = c != 0x7f;
    table['\t'] = true;
    return table;
}
constexpr std::array<bool, 256> ValueTable = valueTable();

bool allOf(std::string_view text, const std::array<bool, 256>& table)
{
    for (const char c : text)
        if (!table[static_cast<unsigned char>(c)])
            return false;
    return true;
}

bool isTarget(std::string_view text)
{
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f || byte == '#')
            return false;
    }
    return !text.empty();
}

// Takes the next line without its CRLF. The scanner has seen that every line ends so.
std::string_view takeLine(std::string_view& text)
{
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    return line;
}

tl::expected<void, HeadFault> parseFieldLine(std::string_view line, Fields& out)
{
    if (line.front() == ' ' || line.front() == '\t')
        return refuse("a folded header line");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos)
        return refuse("a header line without a colon");
    const std::string_view name = line.substr(0, colon);
    if (!name.empty() && (name.back() == ' ' || name.back() == '\t'))
        return refuse("a blank before the colon of a header");
    if (!isToken(name))
        return refuse("a header name with forbidden characters");
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
        value.remove_suffix(1);
    if (!allOf(value, ValueTable))
        return refuse("a header value with control characters");
    out.add(name, value);
    return {};
}

tl::expected<HttpVersion, HeadFault> parseVersion(std::string_view text)
{
    if (text == "HTTP/1.1")
        return HttpVersion::Http11;
    if (text == "HTTP/1.0")
        return HttpVersion::Http10;
    if (text.starts_with("HTTP/"))
        return refuse("an HTTP version that is not spoken here", 505);
    return refuse("not an HTTP version");
}

// Splits an absolute target into scheme, authority and path.
bool splitAbsolute(std::string_view target, RequestHead& out)
{
    const std::size_t colon = target.find("://");
    if (colon == std::string_view::npos)
        return false;
    const std::string_view scheme = target.substr(0, colon);
    if (!sameToken(scheme, "http") && !sameToken(scheme, "https"))
        return false;
    std::string_view rest = target.substr(colon + 3);
    const std::size_t slash = rest.find_first_of("/?");
    const std::string_view authority = rest.substr(0, slash);
    // A user name in the target would let the log show one host and a server read another.
    if (authority.empty() || authority.find('@') != std::string_view::npos)
        return false;
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    out.scheme = sameToken(scheme, "http") ? "http" : "https";
    out.authority = authority;
    out.path = rest.empty() || rest.front() != '/' ? "/" : "";
    out.path.append(rest);
    return true;
}

tl::expected<void, HeadFault> parseTarget(std::string_view target, RequestHead& out)
{
    if (!isTarget(target))
        return refuse("a request target with forbidden characters");
    if (out.method == "CONNECT")
        out.authority = target;
    else if (target.front() == '/' || (target == "*" && out.method == "OPTIONS"))
        out.path = target;
    else if (!splitAbsolute(target, out))
        return refuse("a request target of no known form");
    return {};
}

// Transfer-Encoding and Content-Length of either kind of message. `None` when there is neither.
tl::expected<Framing, HeadFault> statedFraming(const Fields& fields, HttpVersion version)
{
    const std::size_t encodings = fields.count("transfer-encoding");
    const std::size_t lengths = fields.count("content-length");
    if (encodings > 0) {
        if (lengths > 0)
            return refuse("a length beside a transfer encoding");
        if (encodings > 1 || !sameToken(*fields.find("transfer-encoding"), "chunked"))
            return refuse("a transfer encoding other than chunked", 501);
        if (version == HttpVersion::Http10)
            return refuse("a transfer encoding in HTTP/1.0");
        return Framing{BodyKind::Chunked, 0};
    }
    if (lengths == 0)
        return Framing{};
    Framing framing{BodyKind::Length, 0};
    if (lengths > 1)
        return refuse("more than one length");
    if (!parseLength(*fields.find("content-length"), framing.length))
        return refuse("a length that is no number");
    return framing;
}

// The protocol of an upgrade that may be carried. One to another version of HTTP, or to TLS, would
// take further requests past the ladder, so the request is served without it (RFC 9110, 7.8).
std::string_view acceptableUpgrade(const RequestHead& head)
{
    if (head.version != HttpVersion::Http11 || !head.fields.hasToken("connection", "upgrade"))
        return {};
    const std::string_view protocols = head.fields.find("upgrade").value_or("");
    bool acceptable = head.fields.count("upgrade") == 1;
    forEachToken(protocols, [&](std::string_view protocol) {
        const std::string_view name = protocol.substr(0, protocol.find('/'));
        for (const std::string_view hidden : {"h2c", "h2", "h3", "http", "tls"})
            acceptable = acceptable && !sameToken(name, hidden);
    });
    return acceptable ? protocols : std::string_view();
}

tl::expected<void, HeadFault> interpretRequest(RequestHead& out)
{
    auto framing = statedFraming(out.fields, out.version);
    if (!framing)
        return Fault(framing.error());
    out.framing = *framing;
    if (out.framing.kind == BodyKind::Length && out.framing.length == 0)
        out.framing.kind = BodyKind::None;

    const std::size_t hosts = out.fields.count("host");
    if (hosts > 1 || (hosts == 0 && out.version == HttpVersion::Http11))
        return refuse(hosts > 1 ? "more than one Host" : "no Host");
    const std::string_view host = out.fields.find("host").value_or("");
    if (out.authority.empty())
        out.authority = host;
    else if (hosts == 1 && !sameToken(out.authority, host))
        return refuse("a request target and a Host that disagree");

    const auto expect = out.fields.find("expect");
    out.expectsContinue = expect && sameToken(*expect, "100-continue") &&
                          out.version == HttpVersion::Http11 && out.framing.kind != BodyKind::None;
    out.upgrade = acceptableUpgrade(out);
    return {};
}

} // namespace

bool isToken(std::string_view text)
{
    return !text.empty() && allOf(text, TokenTable);
}

bool parseLength(std::string_view text, std::uint64_t& out)
{
    if (text.empty() || text.size() > 18)
        return false;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    out = value;
    return true;
}

tl::expected<std::size_t, HeadFault> HeadScanner::scan(std::string_view bytes)
{
    while (m_looked < bytes.size()) {
        const void* found = std::memchr(bytes.data() + m_looked, '\n', bytes.size() - m_looked);
        if (!found) {
            m_looked = bytes.size();
            return 0U;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        if (at == 0 || bytes[at - 1] != '\r')
            return refuse("a line that ends without a carriage return");
        const bool emptyLine = at == m_lineStart + 1;
        m_lineStart = m_looked = at + 1;
        if (emptyLine)
            return at + 1;
    }
    return 0U;
}

tl::expected<void, HeadFault>
parseFieldLines(std::string_view lines, std::size_t maxFields, Fields& out)
{
    while (!lines.empty()) {
        const std::string_view line = takeLine(lines);
        if (line.empty())
            return {};
        if (out.size() >= maxFields)
            return refuse("too many header fields", 431);
        if (auto parsed = parseFieldLine(line, out); !parsed)
            return parsed;
    }
    return {};
}

tl::expected<void, HeadFault>
parseRequestHead(std::string_view head, std::size_t maxFields, RequestHead& out)
{
    out.clear();
    const std::string_view line = takeLine(head);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return refuse("not a request line");
    const std::string_view method = line.substr(0, first);
    if (!isToken(method) || method.size() > 32)
        return refuse("not a method");
    const auto version = parseVersion(line.substr(last + 1));
    if (!version)
        return Fault(version.error());
    out.version = *version;
    out.method = method;
    if (auto target = parseTarget(line.substr(first + 1, last - first - 1), out); !target)
        return target;
    if (auto fields = parseFieldLines(head, maxFields, out.fields); !fields)
        return fields;
    return interpretRequest(out);
}

tl::expected<void, HeadFault>
parseResponseHead(std::string_view head, std::size_t maxFields, ResponseHead& out)
{
    out.clear();
    const std::string_view line = takeLine(head);
    const auto version = parseVersion(line.substr(0, 8));
    if (!version)
        return Fault(version.error());
    out.version = *version;
    // "HTTP/1.1 200" without the blank that should follow is common enough to be read.
    const bool shaped =
        line.size() >= 12 && line[8] == ' ' && (line.size() == 12 || line[12] == ' ');
    std::uint64_t status = 0;
    if (!shaped || !parseLength(line.substr(9, 3), status) || status < 100 || status > 999)
        return refuse("not a status line");
    out.status = static_cast<int>(status);
    if (line.size() > 13) {
        out.reason = line.substr(13);
        if (!allOf(out.reason, ValueTable))
            return refuse("a status line with control characters");
    }
    if (auto fields = parseFieldLines(head, maxFields, out.fields); !fields)
        return fields;
    out.keepAlive = out.version == HttpVersion::Http11
                        ? !out.fields.hasToken("connection", "close")
                        : out.fields.hasToken("connection", "keep-alive");
    return {};
}

tl::expected<Framing, HeadFault> responseFraming(const ResponseHead& head, std::string_view method)
{
    auto framing = statedFraming(head.fields, head.version);
    if (!framing)
        return framing;
    const bool bodiless =
        method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
    if (bodiless)
        return Framing{};
    if (framing->kind == BodyKind::None)
        return Framing{BodyKind::UntilClose, 0};
    return framing;
}

} // namespace sallyport::egress
