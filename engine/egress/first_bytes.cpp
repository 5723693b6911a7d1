#include "engine/egress/first_bytes.h"

#include <algorithm>
#include <array>

#include "engine/egress/head_parser.h"

namespace sallyport::egress {

namespace {

constexpr std::string_view Http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char TlsHandshakeRecord = 0x16;
constexpr std::size_t LongestMethod = 32;
constexpr int HttpPort = 80;

constexpr std::array<std::string_view, 24> Methods{
    "GET",       "HEAD",  "POST", "PUT",        "DELETE", "CONNECT", "OPTIONS", "TRACE",
    "PATCH",     "QUERY", "COPY", "MOVE",       "LOCK",   "UNLOCK",  "MKCOL",   "PROPFIND",
    "PROPPATCH", "ACL",   "BIND", "MKCALENDAR", "REPORT", "SEARCH",  "PURGE",   "LINK"};

} // namespace

bool clientSpeaksFirst(int port)
{
    return port == HttpPort || port == 443 || port == 8080 || port == 8443;
}

bool serverSpeaksFirst(int port)
{
    static constexpr std::array Ports{21, 22, 25, 110, 119, 143, 587, 3306, 5900};
    return std::find(Ports.begin(), Ports.end(), port) != Ports.end();
}

Speaks classify(std::string_view bytes, int port)
{
    if (bytes.empty())
        return Speaks::NeedMore;
    if (bytes.front() == TlsHandshakeRecord)
        return Speaks::Tls;
    if (bytes.starts_with(Http2Preface))
        return Speaks::Http2;
    if (Http2Preface.starts_with(bytes))
        return Speaks::NeedMore;
    // An empty line before a request is forgiven.
    while (bytes.starts_with("\r\n"))
        bytes.remove_prefix(2);
    const std::size_t blank = bytes.find(' ');
    const std::string_view word = bytes.substr(0, blank);
    if (blank != std::string_view::npos) {
        const bool known = std::find(Methods.begin(), Methods.end(), word) != Methods.end();
        return known || (port == HttpPort && isToken(word)) ? Speaks::Http1 : Speaks::Other;
    }
    if (port == HttpPort && (word.empty() || isToken(word)) && word.size() <= LongestMethod)
        return Speaks::NeedMore;
    const auto begins = [&](std::string_view method) { return method.starts_with(word); };
    return std::any_of(Methods.begin(), Methods.end(), begins) ? Speaks::NeedMore : Speaks::Other;
}

} // namespace sallyport::egress
