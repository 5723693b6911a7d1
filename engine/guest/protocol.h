#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The wire between the engine and guestd: frames over one byte stream (the virtio-serial port
// "org.sallyport.agent.0" in the guest, a Unix socket of QEMU on the host). Shared by both sides;
// depends on the standard library's headers only, since guestd links no C++ runtime library.
//
// A stream starts with a sync: the engine sends at least SyncPadding zero bytes, SyncMark and a
// random nonce; guestd forgets the session it had, answers with SyncMark and the same nonce, and
// then both send frames:
//
//     'F' | type u8 | id u32 | length u32 | payload | tag u32        (little-endian)
//
// Between frames zero bytes are padding. The tag is made of the nonce and has no zero byte. So an
// engine can take the port over at any moment: a frame that the engine before it left half written
// is filled up by the padding, fails its tag, and is never acted upon.
//
// `id` is the channel of a process (Exec and what follows it) or the number of a request. The
// engine chooses both, counting up from 1, and never uses one twice in a session.
//
// Streams have credits: a side sends at most as many bytes of data as the other granted.
// StreamWindow is granted by opening the channel; Credit frames grant more as data is consumed.
namespace sallyport::guest {

inline constexpr std::uint32_t ProtocolVersion = 1;
inline constexpr std::string_view PortName = "org.sallyport.agent.0";

inline constexpr std::size_t MaxPayload = 64 * 1024;
inline constexpr std::size_t HeaderSize = 10;
inline constexpr std::size_t TrailerSize = 4;
inline constexpr std::size_t MaxFrame = HeaderSize + MaxPayload + TrailerSize;
inline constexpr std::size_t SyncPadding = MaxFrame;

inline constexpr std::uint32_t StreamWindow = 256 * 1024; // bytes, each direction of a channel
inline constexpr std::size_t MaxChannels = 64;            // processes with streams at one time

inline constexpr char FrameStart = 'F';
// Its first byte occurs once in it, is not zero and is not FrameStart.
inline constexpr std::string_view SyncMark{"\xa5sallyport-sync\x0a", 16};
using Nonce = std::array<unsigned char, 16>;

enum class FrameType : std::uint8_t
{
    // Engine to guest.
    Configure = 1, // Configuration; answered by Done
    SetTime,       // u64 nanoseconds since the Unix epoch; answered by Done
    StatsRequest,  // answered by Stats
    Shutdown,      // answered by PoweringOff once the disks are safe
    PowerOffSeen,  // the answer to PoweringOff: guestd may end the machine now
    Exec,          // ExecRequest; answered by Started or Refused
    Input,         // bytes for the process's standard input
    InputEnd,      // no more input
    Resize,        // u16 columns, u16 rows
    Signal,        // u8 signal number, to the process's group
    Close,         // the channel is given up: SIGHUP to what runs in it, nothing more is sent

    // Both ways.
    Credit = 64, // u32 bytes more may be sent on the channel

    // Guest to engine.
    Hello = 128, // Hello, the first frame after a sync
    Done,        // Outcome of a request
    Stats,       // Stats
    Started,     // u32 process id in the guest
    Refused,     // Outcome: the process was not started; ends the channel
    Output,      // bytes of standard output (of the terminal, where there is one)
    ErrorOutput, // bytes of standard error
    Exited,      // Exit; comes after all output and ends the channel
    PoweringOff, // u8 PowerOffReason; disks are synced and read-only
};

enum class PowerOffReason : std::uint8_t
{
    Asked = 0,  // a Shutdown frame
    Guest = 1,  // poweroff or halt in the guest
    Reboot = 2, // reboot in the guest: the guest ends, and wants to be started again
};

// The tag that ends each frame of the session with this nonce.
[[nodiscard]] inline std::uint32_t frameTag(const Nonce& nonce)
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(nonce[i] | 1U); };
    return byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U;
}

// Appends one frame. The payload may not be longer than MaxPayload.
void appendFrame(std::string& out,
                 std::uint32_t tag,
                 FrameType type,
                 std::uint32_t id,
                 std::string_view payload);

// SyncMark and nonce, as both sides send them (the engine sends the padding before it).
void appendSync(std::string& out, const Nonce& nonce);

// Cuts a byte stream into frames. Holds at most one frame; never fails for good: after anything
// that is no frame it reports Broken once and looks for the next sync. Each side has its own.
class FrameParser
{
public:
    enum class Event
    {
        NeedMore, // the input is used up
        Frame,    // type(), id(), payload()
        Sync,     // nonce(); frames must carry its tag from here on
        Broken,   // not a frame of this session; seeking a sync now
    };

    // Takes bytes off the front of `input` up to the next event. payload() stays valid until the
    // next call and while the input's bytes live.
    [[nodiscard]] Event next(std::string_view& input);

    // Drops what was gathered and looks for a sync. So does a new parser.
    void seek();

    [[nodiscard]] FrameType type() const { return m_type; }
    [[nodiscard]] std::uint32_t id() const { return m_id; }
    [[nodiscard]] std::string_view payload() const { return m_payload; }
    [[nodiscard]] const Nonce& nonce() const { return m_nonce; }

private:
    enum class State
    {
        Seeking,
        ReadingNonce,
        Start,
        Header,
        Body,
    };

    bool seekMark(std::string_view& input);
    bool gather(std::string_view& input, std::size_t size);
    Event start(std::string_view& input);
    bool readHeader();
    Event body(std::string_view& input);
    Event broken();

    State m_state = State::Seeking;
    std::size_t m_matched = 0; // bytes of SyncMark seen
    std::string m_gathered;    // of a nonce, a header, or a payload with its tag
    Nonce m_nonce{};
    FrameType m_type{};
    std::uint32_t m_id = 0;
    std::uint32_t m_length = 0;
    std::string_view m_payload;
};

} // namespace sallyport::guest
