#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/unique_fd.h"
#include "engine/guest/protocol.h"
#include "guestd/polls.h"

namespace sallyport::guestd {

// guestd's end of the wire: the virtio-serial port, or a socket in tests. Keeps what could not be
// written yet; nothing is kept, and nothing sent, outside a session.
class Port
{
public:
    enum class Kind
    {
        Virtio, // the engine may go and come back: that shows as a hang-up that ends
        Socket, // its end is the end
    };

    Port(UniqueFd port, Kind kind);

    // Adds the port to a round of polls. `mayRead` false leaves arriving frames where they are.
    void prepare(Polls& polls, bool mayRead);

    // Reads once; to be called again until it says false. The bytes are valid until the next call.
    [[nodiscard]] bool read(const Polls& polls, std::string_view& bytes);

    // Begins a session: drops what was queued and answers the engine's sync.
    void begin(const guest::Nonce& nonce);
    void send(guest::FrameType type, std::uint32_t id, std::string_view payload);
    // Writes what the port takes now.
    void flush();

    [[nodiscard]] std::size_t queued() const { return m_out.size() - m_written; }
    [[nodiscard]] bool isConnected() const { return m_connected; }
    // A socket whose other end is gone.
    [[nodiscard]] bool isEnded() const { return m_ended; }

private:
    void lose();
    void lookForEngine();

    UniqueFd m_fd;
    Kind m_kind;
    bool m_connected = true;
    bool m_ended = false;
    bool m_inSession = false;
    std::uint32_t m_tag = 0;
    std::string m_out;
    std::size_t m_written = 0;
    std::size_t m_slot = Polls::NoSlot;
    char m_in[16 * 1024];
};

// Opens the port by its name, waiting up to `milliseconds` for it to appear.
[[nodiscard]] UniqueFd openPort(int milliseconds);

} // namespace sallyport::guestd
