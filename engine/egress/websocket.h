#pragma once

// What the door knows of WebSocket (RFC 6455, and over HTTP/2 RFC 8441): the keys of its handshake,
// and how many frames of which size passed. Contents are not looked at. Pure.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/api/types.h"

namespace sallyport::egress {

[[nodiscard]] bool isWebSocket(std::string_view upgrade);

// A Sec-WebSocket-Key, where the door itself asks for the upgrade; empty when there is no randomness.
[[nodiscard]] std::string newWebSocketKey();
// The Sec-WebSocket-Accept that belongs to a key.
[[nodiscard]] std::string webSocketAccept(std::string_view key);

// Reads the heads of the frames that pass in one direction.
class FrameReader
{
public:
    // Calls `frame(opcode, isFinal, bytes)` for each head that is complete. Once the bytes are no
    // frames it stays silent.
    template <typename Frame> void feed(std::string_view bytes, const Frame& frame)
    {
        while (!bytes.empty() && !m_broken) {
            if (!takeHead(bytes))
                continue;
            frame(m_head[0] & 0x0f, (m_head[0] & 0x80) != 0, m_left);
            skip(bytes);
        }
    }

private:
    // Takes bytes of a payload or of a head; true when a head became complete.
    [[nodiscard]] bool takeHead(std::string_view& bytes);
    [[nodiscard]] bool readLength();
    void skip(std::string_view& bytes);

    std::array<unsigned char, 14> m_head{};
    std::size_t m_have = 0;  // of the head
    std::uint64_t m_left = 0; // of the payload
    bool m_broken = false;
};

// What a row's detail tells of a WebSocket: all frames counted, the last ones shown.
class WebSocketMeter
{
public:
    static constexpr std::size_t MostShown = 100;

    void feed(bool fromGuest, std::string_view bytes, std::int64_t atMs);
    [[nodiscard]] const api::WebSocketLog& log() const { return m_log; }

private:
    FrameReader m_guest;
    FrameReader m_upstream;
    api::WebSocketLog m_log;
};

} // namespace sallyport::egress
