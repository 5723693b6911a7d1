#pragma once

// The wire between the engine and sallyport-handlerd: frames over a socketpair. Shared by both
// sides; pure.
//
//     length u32 | type u8 | 3 bytes zero | id u32 | call u32 | payload        (little-endian)
//
// `length` is that of the payload. `call` is the request that a frame belongs to, 0 for none; the
// engine counts calls up from 1. `id` is the number of what the frame is about: a fetch or an
// operation (the host chooses), a body (who sends the bytes chooses).
//
// A payload is a head and a tail: `head length u32 | head | tail`. The head is text: lines, divided
// by '\n', in the order that each type states; header fields are two lines each, name and value,
// and come last. Field values are bytes, on the wire each byte stands as the character of that
// number in UTF-8. The tail is bytes.
//
// A body is read by asking: Pull asks its sender for more bytes, which come as one Piece of at most
// MaxPiece, or as the end. So neither side ever holds more than a piece of a body that it was not
// asked for.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sallyport::handler {

inline constexpr std::size_t HeaderSize = 16;
inline constexpr std::size_t MaxPayload = 4 * 1024 * 1024; // engine to host: a module
inline constexpr std::size_t MaxHostPayload = 2048 * 1024;  // host to engine
inline constexpr std::size_t MaxPiece = 64 * 1024;

enum class FrameType : std::uint8_t
{
    // Engine to host.
    Compile = 1, // tail: the module's source; answered by Ready or Failed
    Init,        // head: settings (JSON); tail: the compiled module; answered by Ready or Failed
    Call,        // kind, name, method, url, body number or "", claimed process, params, fields
    Abort,       // the client of this call has gone
    Fetched,     // status, status text, url, body number or "", fields; id: the fetch's
    FetchFailed, // head: why
    OpReply,     // head: JSON; tail: bytes; id: of Op or Use
    OpFailed,    // head: why
    Release,     // the call's bodies are gone; nothing more comes of it

    // Both ways; id: the body's.
    Piece = 64,  // tail: bytes
    PieceEnd,    // the body is complete
    PieceFailed, // head: why
    Pull,        // more, please
    Cancel,      // no more is wanted

    // Host to engine.
    Ready = 128, // head: description (JSON); tail: for Compile, the compiled module
    Failed,      // head: problem (JSON: text, line, column)
    Respond,     // status, status text, body as below, fields; tail: the body where it is "bytes"
    CallFailed,  // head: problem (JSON: text, line, column)
    Fetch,       // method, url, body as below, fields; tail: as above. Answered by Fetched
    Op,          // name; tail: JSON. Answered by OpReply
    Console,     // level, line, column, text (the rest)
    Done,        // all that the call started has ended
    Spent,       // the call used up its CPU time; the host ends itself
    AbortFetch,  // id: the fetch's, whose answer is no longer wanted
    Use,         // of a namespace or a bucket: body as below, JSON (the rest); tail: the body where
                 // it is "bytes". Answered by OpReply, whose JSON has the number of a body or has
                 // none, and then the tail is the body
};

// What the body line of Respond, Fetch and Use says: "" none, "bytes" in the tail, "ref N" the body
// with that number of the engine's, "stream N" a body of the host's.

struct Frame
{
    FrameType type{};
    std::uint32_t id = 0;
    std::uint32_t call = 0;
    std::string_view head;
    std::string_view tail;
};

void appendFrame(std::string& out,
                 FrameType type,
                 std::uint32_t id,
                 std::uint32_t call,
                 std::string_view head,
                 std::string_view tail = {});

// Cuts a byte stream into frames; holds one frame at most.
class FrameParser
{
public:
    explicit FrameParser(std::size_t mostPayload)
        : m_most(mostPayload)
    {
    }

    enum class Event
    {
        NeedMore, // the input is used up
        Frame,    // `frame` holds until the next call and while the input's bytes live
        Broken,   // not the protocol: the peer must go
    };
    // Takes bytes off the front of `input`.
    [[nodiscard]] Event next(std::string_view& input, Frame& frame);

private:
    [[nodiscard]] Event read(std::string_view bytes, Frame& frame) const;

    std::size_t m_most;
    std::string m_partial;
    bool m_isWhole = false; // m_partial is a frame that was given out
};

// The lines of a head, taken one after the other.
class HeadLines
{
public:
    explicit HeadLines(std::string_view head)
        : m_rest(head)
    {
    }
    // The next line; unset past the last one.
    [[nodiscard]] std::optional<std::string_view> next();
    // All that is left, line ends included.
    [[nodiscard]] std::string_view rest() const { return m_rest; }

private:
    std::string_view m_rest;
    bool m_isOver = false;
};

// Bytes as text of the wire: each byte is the character of that number, in UTF-8.
void appendLatin1AsUtf8(std::string& out, std::string_view bytes);
// The reverse; unset where a character is past 255 or the text is no UTF-8.
[[nodiscard]] std::optional<std::string> latin1FromUtf8(std::string_view text);

// A page that the host shares with the engine while it runs, so that a host that had to be killed
// tells which call it was busy with. Written by the host, never trusted for more than blame.
struct SharedPage
{
    std::uint32_t call = 0;  // being run; 0: waiting
    std::uint32_t entry = 0; // counts entries into JavaScript
};

} // namespace sallyport::handler
