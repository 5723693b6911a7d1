#pragma once

// A strict parser of HTTP/1 heads (RFC 9112). Pure: bytes in, values out. What two parsers could
// read in two ways is refused, so that nothing can be smuggled past the ladder: bare LF, folded
// lines, blanks before a colon, control characters, several lengths, a length beside chunks.

#include <cstddef>
#include <string_view>

#include <tl/expected.hpp>

#include "engine/egress/message.h"

namespace sallyport::egress {

// Why a head was refused, and the status that says so.
struct HeadFault
{
    int status = 400;
    std::string_view text; // a constant
};

// Looks for the end of a head, a line at a time, and remembers how far it came: bytes are looked at
// once however slowly they arrive.
class HeadScanner
{
public:
    // `bytes` is all there is since the head began. Returns the head's size with its empty line, or
    // 0 when more is needed.
    [[nodiscard]] tl::expected<std::size_t, HeadFault> scan(std::string_view bytes);
    void reset() { m_lineStart = m_looked = 0; }

private:
    std::size_t m_lineStart = 0;
    std::size_t m_looked = 0;
};

// Parse a complete head, as HeadScanner found it. `maxFields` bounds the fields.
[[nodiscard]] tl::expected<void, HeadFault>
parseRequestHead(std::string_view head, std::size_t maxFields, RequestHead& out);
[[nodiscard]] tl::expected<void, HeadFault>
parseResponseHead(std::string_view head, std::size_t maxFields, ResponseHead& out);

// Field lines up to and with an empty line: the trailer section of a chunked body.
[[nodiscard]] tl::expected<void, HeadFault>
parseFieldLines(std::string_view lines, std::size_t maxFields, Fields& out);

// Where the body of an answer to `method` ends (RFC 9112, 6.3).
[[nodiscard]] tl::expected<Framing, HeadFault> responseFraming(const ResponseHead& head,
                                                               std::string_view method);

// A Content-Length value: digits only, below 2^63.
[[nodiscard]] bool parseLength(std::string_view text, std::uint64_t& out);

[[nodiscard]] bool isToken(std::string_view text);

} // namespace sallyport::egress
