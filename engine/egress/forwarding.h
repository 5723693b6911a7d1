#pragma once

// What of a message goes on to the other side. The door is transparent: fields keep their order and
// case, and nothing is added but what framing needs. Pure.

#include <functional>
#include <string>
#include <vector>

#include "engine/egress/message.h"
#include "engine/egress/upstream_proxy.h"

namespace sallyport::egress {

// Fields that are about one connection only (RFC 9110, 7.6.1), with those that Connection names.
class HopByHop
{
public:
    explicit HopByHop(const Fields& fields);
    [[nodiscard]] bool covers(std::string_view name) const;

private:
    const Fields& m_fields;
    bool m_hasConnection;
};

// The HTTP/1.1 head of a request. `host` stands in where the client sent no Host. Chunked framing
// is announced where the request has it. With a `webSocketKey` a WebSocket of HTTP/2 is asked for
// in the words of HTTP/1.1. `forwardedBy` where the other side is a proxy and not the origin.
void appendRequestHead(std::string& out,
                       const RequestHead& head,
                       std::string_view host,
                       std::string_view webSocketKey = {},
                       const ForwardedBy* forwardedBy = nullptr);

// The HTTP/1.1 head of an answer whose body goes out framed as `kind`. Alt-Svc is left out: it
// would lead clients to ways that the door refuses. `close` announces the connection's end.
void appendResponseHead(std::string& out, const ResponseHead& head, BodyKind kind, bool close);

// Calls `use(name, value)` for each field of a request or an answer that HTTP/2 carries: nothing
// hop-by-hop, no Host. Names in the case they came in (nghttp2 lowers them).
using UseField = std::function<void(std::string_view name, std::string_view value)>;
void forEachRequestFieldOfH2(const RequestHead& head, const UseField& use);
void forEachResponseFieldOfH2(const ResponseHead& head, const UseField& use);

// "Not Found"; empty for unknown codes.
[[nodiscard]] std::string_view reasonPhrase(int status);

// The cookie fields of an HTTP/2 request, joined as HTTP/1.1 wants them (RFC 9113, 8.2.3).
[[nodiscard]] std::string joinedCookies(const Fields& fields);

} // namespace sallyport::egress
