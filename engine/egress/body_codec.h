#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "engine/egress/head_parser.h"

namespace sallyport::egress {

// Takes the chunked coding apart (RFC 9112, 7.1), strictly: every CRLF is checked, sizes are plain
// hexadecimal, extensions are dropped. Pure; the bytes it gives out are views into its input.
class ChunkedDecoder
{
public:
    // `trailerBytes` bounds trailers and all chunk extensions together.
    explicit ChunkedDecoder(std::size_t trailerBytes)
        : m_budget(trailerBytes)
    {
    }

    // Consumes a prefix of `input` and returns the next piece of the body, empty when more input is
    // needed (then `input` is empty) or the body is complete (isDone()).
    [[nodiscard]] tl::expected<std::string_view, HeadFault> next(std::string_view& input);

    [[nodiscard]] bool isDone() const { return m_state == State::Done; }
    // After isDone().
    [[nodiscard]] const Fields& trailers() const { return m_trailers; }

private:
    enum class State
    {
        SizeStart, // no digit of a size yet
        Size,
        Extension,
        SizeEnd, // the LF after a size line
        Data,
        DataEnd, // the CR after data
        DataEndLf,
        Trailer,
        Done,
    };

    [[nodiscard]] tl::expected<void, HeadFault> step(char c);
    [[nodiscard]] tl::expected<void, HeadFault> endTrailers();
    [[nodiscard]] bool spend();

    State m_state = State::SizeStart;
    std::uint64_t m_left = 0; // of the chunk; while its size is read, the size so far
    int m_digits = 0;
    std::size_t m_budget;
    std::string m_lines; // the trailer section as it comes
    Fields m_trailers;
};

// "5a\r\n": what precedes a chunk of that size. Never for 0.
void appendChunkHead(std::string& out, std::size_t size);

} // namespace sallyport::egress
