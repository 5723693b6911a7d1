#include "engine/guest/protocol.h"

#include <algorithm>

namespace sallyport::guest {

namespace {

void appendU32(std::string& out, std::uint32_t value)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(value >> shift & 0xffU));
}

std::uint32_t readU32(const char* from)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) << (8 * i);
    return value;
}

} // namespace

void appendFrame(
    std::string& out, std::uint32_t tag, FrameType type, std::uint32_t id, std::string_view payload)
{
    out.push_back(FrameStart);
    out.push_back(static_cast<char>(type));
    appendU32(out, id);
    appendU32(out, static_cast<std::uint32_t>(payload.size()));
    out.append(payload);
    appendU32(out, tag);
}

void appendSync(std::string& out, const Nonce& nonce)
{
    out.append(SyncMark);
    for (const unsigned char byte : nonce)
        out.push_back(static_cast<char>(byte));
}

FrameParser::Event FrameParser::next(std::string_view& input)
{
    // What the caller was shown of the last frame is over.
    if (m_state == State::Start)
        m_gathered.clear();
    m_payload = {};
    while (!input.empty()) {
        switch (m_state) {
        case State::Seeking:
            if (seekMark(input))
                m_state = State::ReadingNonce;
            break;
        case State::ReadingNonce:
            if (gather(input, m_nonce.size())) {
                std::transform(m_gathered.begin(), m_gathered.end(), m_nonce.begin(),
                               [](char c) { return static_cast<unsigned char>(c); });
                m_gathered.clear();
                m_state = State::Start;
                return Event::Sync;
            }
            break;
        case State::Start:
            if (start(input) == Event::Broken)
                return broken();
            break;
        case State::Header:
            if (gather(input, HeaderSize)) {
                if (!readHeader())
                    return broken();
                m_gathered.clear();
                m_state = State::Body;
            }
            break;
        case State::Body:
            if (const Event event = body(input); event != Event::NeedMore)
                return event;
            break;
        }
    }
    return Event::NeedMore;
}

void FrameParser::seek()
{
    m_state = State::Seeking;
    m_matched = 0;
    m_gathered.clear();
    m_payload = {};
}

bool FrameParser::seekMark(std::string_view& input)
{
    while (!input.empty()) {
        const char c = input.front();
        input.remove_prefix(1);
        // The mark's first byte is nowhere else in it, so a mismatch can only start it anew.
        if (c == SyncMark[m_matched])
            ++m_matched;
        else
            m_matched = c == SyncMark[0] ? 1 : 0;
        if (m_matched == SyncMark.size()) {
            m_matched = 0;
            return true;
        }
    }
    return false;
}

bool FrameParser::gather(std::string_view& input, std::size_t size)
{
    const std::size_t take = std::min(input.size(), size - m_gathered.size());
    m_gathered.append(input.substr(0, take));
    input.remove_prefix(take);
    return m_gathered.size() == size;
}

FrameParser::Event FrameParser::start(std::string_view& input)
{
    switch (input.front()) {
    case '\0':
        input.remove_prefix(1);
        return Event::NeedMore;
    case FrameStart:
        m_state = State::Header;
        return Event::NeedMore;
    default:
        // A new sync between two frames is in order; anything else is not.
        if (input.front() != SyncMark[0])
            return Event::Broken;
        m_state = State::Seeking;
        return Event::NeedMore;
    }
}

bool FrameParser::readHeader()
{
    m_type = static_cast<FrameType>(static_cast<unsigned char>(m_gathered[1]));
    m_id = readU32(m_gathered.data() + 2);
    m_length = readU32(m_gathered.data() + 6);
    return m_length <= MaxPayload;
}

FrameParser::Event FrameParser::body(std::string_view& input)
{
    const std::size_t size = m_length + TrailerSize;
    std::string_view whole;
    if (m_gathered.empty() && input.size() >= size) {
        whole = input.substr(0, size); // no copy where the input has it all
        input.remove_prefix(size);
    } else if (gather(input, size)) {
        whole = m_gathered;
    } else {
        return Event::NeedMore;
    }
    if (readU32(whole.data() + m_length) != frameTag(m_nonce))
        return broken();
    m_payload = whole.substr(0, m_length);
    m_state = State::Start;
    return Event::Frame;
}

FrameParser::Event FrameParser::broken()
{
    seek();
    return Event::Broken;
}

} // namespace sallyport::guest
