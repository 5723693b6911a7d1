#include "engine/handler/protocol.h"

#include <algorithm>
#include <cstring>

namespace sallyport::handler {

namespace {

void appendNumber(std::string& out, std::uint32_t value)
{
    const std::array<char, 4> bytes{static_cast<char>(value), static_cast<char>(value >> 8U),
                                    static_cast<char>(value >> 16U),
                                    static_cast<char>(value >> 24U)};
    out.append(bytes.data(), bytes.size());
}

std::uint32_t numberAt(std::string_view bytes, std::size_t at)
{
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i]));
    };
    return byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U;
}

bool isKnown(std::uint8_t type)
{
    const auto between = [type](FrameType first, FrameType last) {
        return type >= static_cast<std::uint8_t>(first) && type <= static_cast<std::uint8_t>(last);
    };
    return between(FrameType::Compile, FrameType::Release) ||
           between(FrameType::Piece, FrameType::Cancel) ||
           between(FrameType::Ready, FrameType::Use);
}

bool isAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

void appendFrame(std::string& out,
                 FrameType type,
                 std::uint32_t id,
                 std::uint32_t call,
                 std::string_view head,
                 std::string_view tail)
{
    appendNumber(out, static_cast<std::uint32_t>(4 + head.size() + tail.size()));
    appendNumber(out, static_cast<std::uint32_t>(type));
    appendNumber(out, id);
    appendNumber(out, call);
    appendNumber(out, static_cast<std::uint32_t>(head.size()));
    out.append(head);
    out.append(tail);
}

FrameParser::Event FrameParser::read(std::string_view bytes, Frame& frame) const
{
    const std::string_view payload = bytes.substr(HeaderSize);
    const std::uint32_t headSize = numberAt(payload, 0);
    const std::uint32_t type = numberAt(bytes, 4);
    if (headSize > payload.size() - 4 || type > 0xff || !isKnown(static_cast<std::uint8_t>(type)))
        return Event::Broken;
    frame.type = static_cast<FrameType>(type);
    frame.id = numberAt(bytes, 8);
    frame.call = numberAt(bytes, 12);
    frame.head = payload.substr(4, headSize);
    frame.tail = payload.substr(4 + headSize);
    return Event::Frame;
}

FrameParser::Event FrameParser::next(std::string_view& input, Frame& frame)
{
    if (std::exchange(m_isWhole, false))
        m_partial.clear();
    const auto take = [&](std::size_t wanted) {
        const std::size_t count = std::min(wanted - m_partial.size(), input.size());
        m_partial.append(input.substr(0, count));
        input.remove_prefix(count);
        return m_partial.size() == wanted;
    };
    const auto sizeOf = [&](std::string_view bytes) -> std::size_t {
        const std::uint32_t length = numberAt(bytes, 0);
        return length < 4 || length > m_most ? 0 : HeaderSize + length;
    };
    // The usual case: the frame lies in the input as a whole.
    if (m_partial.empty() && input.size() >= HeaderSize) {
        const std::size_t size = sizeOf(input);
        if (size == 0)
            return Event::Broken;
        if (input.size() >= size) {
            const Event event = read(input.substr(0, size), frame);
            input.remove_prefix(size);
            return event;
        }
    }
    if (m_partial.size() < HeaderSize && !take(HeaderSize))
        return Event::NeedMore;
    const std::size_t size = sizeOf(m_partial);
    if (size == 0)
        return Event::Broken;
    if (!take(size))
        return Event::NeedMore;
    m_isWhole = true;
    return read(m_partial, frame);
}

std::optional<std::string_view> HeadLines::next()
{
    if (m_isOver)
        return std::nullopt;
    const std::size_t end = m_rest.find('\n');
    const std::string_view line = m_rest.substr(0, end);
    m_isOver = end == std::string_view::npos;
    m_rest = m_isOver ? std::string_view() : m_rest.substr(end + 1);
    return line;
}

void appendLatin1AsUtf8(std::string& out, std::string_view bytes)
{
    if (isAscii(bytes)) {
        out.append(bytes);
        return;
    }
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out.push_back(c);
        } else {
            out.push_back(static_cast<char>(0xc0U | byte >> 6U));
            out.push_back(static_cast<char>(0x80U | (byte & 0x3fU)));
        }
    }
}

std::optional<std::string> latin1FromUtf8(std::string_view text)
{
    if (isAscii(text))
        return std::string(text);
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            bytes.push_back(text[i]);
            continue;
        }
        if ((byte != 0xc2 && byte != 0xc3) || i + 1 == text.size())
            return std::nullopt;
        const auto low = static_cast<unsigned char>(text[++i]);
        if ((low & 0xc0U) != 0x80)
            return std::nullopt;
        bytes.push_back(static_cast<char>((byte & 3U) << 6U | (low & 0x3fU)));
    }
    return bytes;
}

} // namespace sallyport::handler
