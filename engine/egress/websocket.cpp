#include "engine/egress/websocket.h"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "engine/egress/fields.h"

namespace sallyport::egress {

namespace {

constexpr std::size_t KeyBytes = 16;

std::string base64(const unsigned char* bytes, std::size_t size)
{
    std::string text((size + 2) / 3 * 4 + 1, '\0');
    const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                        static_cast<int>(size));
    text.resize(static_cast<std::size_t>(written));
    return text;
}

} // namespace

bool isWebSocket(std::string_view upgrade)
{
    return sameToken(upgrade, "websocket");
}

std::string newWebSocketKey()
{
    std::array<unsigned char, KeyBytes> bytes{};
    if (RAND_bytes(bytes.data(), KeyBytes) != 1)
        return {};
    return base64(bytes.data(), bytes.size());
}

std::string webSocketAccept(std::string_view key)
{
    std::string text(key);
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return base64(digest.data(), digest.size());
}

bool FrameReader::takeHead(std::string_view& bytes)
{
    if (m_have == 0 && m_left > 0) {
        skip(bytes);
        return false;
    }
    m_head[m_have++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    return readLength();
}

// RFC 6455, 5.2: two bytes, a longer length, a mask.
bool FrameReader::readLength()
{
    if (m_have < 2)
        return false;
    const std::size_t shortLength = m_head[1] & 0x7fU;
    const std::size_t lengthBytes = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0;
    const std::size_t maskBytes = (m_head[1] & 0x80U) != 0 ? 4 : 0;
    if (m_have < 2 + lengthBytes + maskBytes)
        return false;
    m_left = lengthBytes == 0 ? shortLength : 0;
    for (std::size_t at = 2; at < 2 + lengthBytes; ++at)
        m_left = m_left << 8U | m_head[at];
    m_have = 0;
    m_broken = m_left >> 63U != 0;
    return !m_broken;
}

void FrameReader::skip(std::string_view& bytes)
{
    const auto count = std::min<std::uint64_t>(m_left, bytes.size());
    bytes.remove_prefix(count);
    m_left -= count;
}

void WebSocketMeter::feed(bool fromGuest, std::string_view bytes, std::int64_t atMs)
{
    FrameReader& reader = fromGuest ? m_guest : m_upstream;
    std::int64_t& count = fromGuest ? m_log.framesFromGuest : m_log.framesFromUpstream;
    reader.feed(bytes, [&](int opcode, bool isFinal, std::uint64_t size) {
        ++count;
        if (m_log.frames.size() >= MostShown)
            m_log.frames.erase(m_log.frames.begin());
        m_log.frames.push_back({fromGuest, opcode, isFinal, static_cast<std::int64_t>(size), atMs});
    });
}

} // namespace sallyport::egress
