#pragma once

// The two directions of an HTTP/1 connection, the same for a guest's and an upstream's.

#include <chrono>
#include <optional>
#include <string>

#include "engine/egress/body.h"
#include "engine/egress/body_codec.h"
#include "engine/egress/in_buffer.h"
#include "engine/egress/limits.h"
#include "engine/egress/message.h"
#include "engine/egress/stream.h"

namespace sallyport::egress {

// What came in on a connection: heads, then bodies. One owner; lives as long as the connection.
class H1Reader final : public BodySource
{
public:
    H1Reader(Stream& stream, const DoorLimits& limits);

    enum class HeadEnd
    {
        Complete, // `head` holds until the next call of anything here
        Closed,   // orderly, before a first byte
        Broken,   // see fault()
        TimedOut,
        Malformed, // see headFault()
    };
    // Waits for the next head. `firstByte` is how long for its first byte, the rest has the limit
    // for heads.
    [[nodiscard]] boost::asio::awaitable<HeadEnd> readHead(std::chrono::milliseconds firstByte,
                                                           std::string_view& head);
    [[nodiscard]] const HeadFault& headFault() const { return m_headFault; }
    // A first byte of the head that is being read has come.
    [[nodiscard]] bool hasBegun() const { return m_begun; }

    void startBody(const Framing& framing);
    // What follows is of another protocol: bytes to the end of the peer's side, silent for long.
    void startRaw();
    [[nodiscard]] bool isBodyDone() const { return m_kind == BodyKind::None; }

    State next(std::string_view& piece) override;
    boost::asio::awaitable<void> wait() override;
    const Fields* trailers() const override;
    std::string fault() const override { return m_fault; }

    // Bytes that came already and belong to nobody yet.
    [[nodiscard]] std::string_view leftover();
    // Gives memory back while nothing is expected.
    void rest() { m_in.release(); }

private:
    [[nodiscard]] Stream::Io fill();
    [[nodiscard]] State nextOfLength(std::string_view& piece);
    [[nodiscard]] State nextOfChunks(std::string_view& piece);
    // Has more input in m_in, or says why not.
    [[nodiscard]] State ensureInput();

    Stream& m_stream;
    const DoorLimits& m_limits;
    InBuffer m_in;
    HeadFault m_headFault;
    bool m_begun = false;
    std::size_t m_taken = 0; // of m_in, given out by next()

    BodyKind m_kind = BodyKind::None;
    std::chrono::milliseconds m_silence; // a body may be silent for so long
    std::uint64_t m_left = 0;
    std::optional<ChunkedDecoder> m_chunks;
    std::string m_fault;
};

// What goes out on a connection: heads and bodies, gathered into few writes while they are small
// and never past a bound.
class H1Writer final : public BodySink
{
public:
    H1Writer(Stream& stream, const DoorLimits& limits);

    // The buffer that a head is written into; it is sent with what follows.
    [[nodiscard]] std::string& head() { return m_out; }
    void startBody(BodyKind kind, std::uint64_t length);
    // What follows is of another protocol; its end is the end of our side of the connection.
    void startRaw();

    void put(std::string_view piece) override;
    void finish(const Fields* trailers) override;
    bool isFull() const override { return m_out.size() - m_sent >= m_limits.outputBytes; }
    boost::asio::awaitable<void> flush() override;
    bool isBroken() const override { return m_broken; }

    // The body that was announced is complete.
    [[nodiscard]] bool isFinished() const { return m_finished; }
    // Gives memory back while nothing is to be sent.
    void rest();

private:
    void putRaw(std::string_view bytes);
    // Sends without waiting; false when the socket is full or lost.
    bool trySend(std::string_view& bytes);
    bool trySendKept();

    Stream& m_stream;
    const DoorLimits& m_limits;
    std::string m_out;
    std::size_t m_sent = 0; // of m_out
    BodyKind m_kind = BodyKind::None;
    std::uint64_t m_left = 0; // for Length
    bool m_finished = true;
    bool m_raw = false;
    bool m_broken = false;
};

} // namespace sallyport::egress
