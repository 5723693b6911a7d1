#include "engine/egress/body_codec.h"

#include <algorithm>
#include <charconv>

namespace sallyport::egress {

namespace {

constexpr int MaxSizeDigits = 15; // keeps a size below 2^60
constexpr std::size_t MaxTrailers = 64;

using Fault = tl::unexpected<HeadFault>;

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

bool ChunkedDecoder::spend()
{
    if (m_budget == 0)
        return false;
    --m_budget;
    return true;
}

tl::expected<std::string_view, HeadFault> ChunkedDecoder::next(std::string_view& input)
{
    while (!input.empty() && m_state != State::Done) {
        if (m_state == State::Data) {
            const std::size_t size = std::min<std::uint64_t>(m_left, input.size());
            const std::string_view piece = input.substr(0, size);
            input.remove_prefix(size);
            m_left -= size;
            if (m_left == 0)
                m_state = State::DataEnd;
            return piece;
        }
        const char c = input.front();
        input.remove_prefix(1);
        if (auto stepped = step(c); !stepped)
            return Fault(stepped.error());
    }
    return std::string_view();
}

tl::expected<void, HeadFault> ChunkedDecoder::step(char c)
{
    switch (m_state) {
    case State::SizeStart:
    case State::Size:
        if (const int digit = hexDigit(c); digit >= 0) {
            if (++m_digits > MaxSizeDigits)
                return Fault(HeadFault{400, "a chunk size out of range"});
            m_left = m_left * 16 + static_cast<unsigned>(digit);
            m_state = State::Size;
            return {};
        }
        if (m_state == State::SizeStart)
            return Fault(HeadFault{400, "a chunk without a size"});
        if (c == '\r')
            m_state = State::SizeEnd;
        else if (c == ';')
            m_state = State::Extension;
        else
            return Fault(HeadFault{400, "a chunk size that is no number"});
        return {};
    case State::Extension:
        if (!spend())
            return Fault(HeadFault{400, "too many chunk extensions"});
        if (c == '\r')
            m_state = State::SizeEnd;
        else if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
            return Fault(HeadFault{400, "a chunk extension with control characters"});
        return {};
    case State::SizeEnd:
        if (c != '\n')
            return Fault(HeadFault{400, "a chunk size line that does not end"});
        m_state = m_left == 0 ? State::Trailer : State::Data;
        return {};
    case State::DataEnd:
    case State::DataEndLf:
        if (c != (m_state == State::DataEnd ? '\r' : '\n'))
            return Fault(HeadFault{400, "a chunk longer than its size"});
        m_state = m_state == State::DataEnd ? State::DataEndLf : State::SizeStart;
        m_digits = 0;
        return {};
    case State::Trailer:
        if (!spend())
            return Fault(HeadFault{431, "trailers too large"});
        m_lines.push_back(c);
        if (c == '\n')
            return endTrailers();
        return {};
    case State::Data:
    case State::Done:
        break;
    }
    return {};
}

// At each end of a line: is it the empty line that ends the section?
tl::expected<void, HeadFault> ChunkedDecoder::endTrailers()
{
    const std::string_view lines(m_lines);
    if (!lines.ends_with("\r\n"))
        return Fault(HeadFault{400, "a trailer line that ends without a carriage return"});
    if (lines != "\r\n" && !lines.ends_with("\r\n\r\n"))
        return {};
    m_state = State::Done;
    return parseFieldLines(lines, MaxTrailers, m_trailers);
}

void appendChunkHead(std::string& out, std::size_t size)
{
    char digits[16];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, size, 16);
    static_cast<void>(error); // 16 digits always hold a size_t
    out.append(digits, end);
    out.append("\r\n");
}

} // namespace sallyport::egress
