#include "engine/egress/h1_body.h"

#include <algorithm>

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

// Pieces up to this size are gathered into one write, which is also one TLS record.
constexpr std::size_t GatherBytes = 16 * 1024 - 256;

} // namespace

H1Reader::H1Reader(Stream& stream, const DoorLimits& limits)
    : m_stream(stream)
    , m_limits(limits)
    , m_in(limits.bufferBytes)
    , m_silence(limits.stalled)
{
}

Stream::Io H1Reader::fill()
{
    const std::span<char> room = m_in.room();
    std::size_t count = 0;
    const Stream::Io io = m_stream.tryRead(room.data(), room.size(), count);
    if (io == Stream::Io::Done)
        m_in.filled(count);
    return io;
}

asio::awaitable<H1Reader::HeadEnd> H1Reader::readHead(std::chrono::milliseconds firstByte,
                                                      std::string_view& head)
{
    m_in.consume(std::exchange(m_taken, 0));
    HeadScanner scanner;
    auto end = Stream::Clock::now() + m_limits.head;
    m_begun = !m_in.isEmpty();
    for (;;) {
        // One empty line before a request is forgiven (RFC 9112, 2.2).
        if (m_in.unread().starts_with("\r\n")) {
            m_in.consume(2);
            scanner.reset();
        }
        const auto size = scanner.scan(m_in.unread());
        if (!size) {
            m_headFault = size.error();
            co_return HeadEnd::Malformed;
        }
        if (*size > m_limits.headBytes ||
            (*size == 0 && m_in.unread().size() > m_limits.headBytes)) {
            m_headFault = {431, "a head larger than the limit"};
            co_return HeadEnd::Malformed;
        }
        if (*size > 0) {
            head = m_in.unread().substr(0, *size);
            m_taken = *size;
            co_return HeadEnd::Complete;
        }
        const Stream::Io io = fill();
        if (io == Stream::Io::Done) {
            if (!m_begun)
                end = Stream::Clock::now() + m_limits.head;
            m_begun = true;
            continue;
        }
        if (io == Stream::Io::Blocked) {
            using std::chrono::milliseconds;
            const auto left =
                m_begun ? std::chrono::duration_cast<milliseconds>(end - Stream::Clock::now())
                        : firstByte;
            if (!m_begun)
                m_in.release();
            bool ready = false;
            if (left.count() > 0)
                ready = co_await m_stream.waitReadable(left);
            if (ready)
                continue;
            m_fault = m_stream.isOpen() ? "nothing came in time" : "the connection was closed";
            co_return m_stream.isOpen() ? HeadEnd::TimedOut : HeadEnd::Broken;
        }
        if (io == Stream::Io::End && !m_begun)
            co_return HeadEnd::Closed;
        m_fault = io == Stream::Io::End ? "the connection ended within a head" : m_stream.failure();
        co_return HeadEnd::Broken;
    }
}

void H1Reader::startBody(const Framing& framing)
{
    m_in.consume(std::exchange(m_taken, 0));
    m_kind = framing.kind;
    m_left = framing.length;
    if (m_kind == BodyKind::Length && m_left == 0)
        m_kind = BodyKind::None;
    m_chunks.reset();
    if (m_kind == BodyKind::Chunked)
        m_chunks.emplace(m_limits.trailerBytes);
}

void H1Reader::startRaw()
{
    startBody({BodyKind::UntilClose, 0});
    m_silence = m_limits.tunnelIdle;
}

BodySource::State H1Reader::ensureInput()
{
    m_in.consume(std::exchange(m_taken, 0));
    if (!m_in.isEmpty())
        return State::Piece;
    switch (fill()) {
    case Stream::Io::Done:
        return State::Piece;
    case Stream::Io::Blocked:
        m_in.release();
        return State::Blocked;
    case Stream::Io::End:
        if (m_kind == BodyKind::UntilClose) {
            m_kind = BodyKind::None;
            return State::End;
        }
        m_fault = "the connection ended within a body";
        return State::Failed;
    case Stream::Io::Failed:
        break;
    }
    m_fault = m_stream.failure();
    return State::Failed;
}

BodySource::State H1Reader::next(std::string_view& piece)
{
    if (!m_fault.empty())
        return State::Failed;
    switch (m_kind) {
    case BodyKind::None:
        return State::End;
    case BodyKind::Chunked:
        return nextOfChunks(piece);
    case BodyKind::Length:
    case BodyKind::UntilClose:
        break;
    }
    return nextOfLength(piece);
}

BodySource::State H1Reader::nextOfLength(std::string_view& piece)
{
    if (const State state = ensureInput(); state != State::Piece)
        return state;
    piece = m_in.unread();
    if (m_kind == BodyKind::Length) {
        piece = piece.substr(0, m_left);
        m_left -= piece.size();
        if (m_left == 0)
            m_kind = BodyKind::None;
    }
    m_taken = piece.size();
    return State::Piece;
}

BodySource::State H1Reader::nextOfChunks(std::string_view& piece)
{
    for (;;) {
        if (const State state = ensureInput(); state != State::Piece)
            return state;
        std::string_view input = m_in.unread();
        const std::size_t before = input.size();
        const auto decoded = m_chunks->next(input);
        if (!decoded) {
            m_fault = decoded.error().text;
            return State::Failed;
        }
        m_taken = before - input.size();
        if (!decoded->empty()) {
            piece = *decoded;
            return State::Piece;
        }
        if (m_chunks->isDone()) {
            m_in.consume(std::exchange(m_taken, 0));
            m_kind = BodyKind::None;
            return State::End;
        }
    }
}

asio::awaitable<void> H1Reader::wait()
{
    const bool ready = co_await m_stream.waitReadable(m_silence);
    // A wait that was called off says nothing about the body.
    if (!ready && m_fault.empty() && (!m_stream.isOpen() || m_stream.isTimedOut()))
        m_fault = m_stream.isOpen() ? "no byte came in time" : "the connection was closed";
}

std::string_view H1Reader::leftover()
{
    m_in.consume(std::exchange(m_taken, 0));
    return m_in.unread();
}

const Fields* H1Reader::trailers() const
{
    return m_chunks && !m_chunks->trailers().isEmpty() ? &m_chunks->trailers() : nullptr;
}

H1Writer::H1Writer(Stream& stream, const DoorLimits& limits)
    : m_stream(stream)
    , m_limits(limits)
{
}

void H1Writer::startBody(BodyKind kind, std::uint64_t length)
{
    m_kind = kind;
    m_left = kind == BodyKind::Length ? length : 0;
    m_finished = kind == BodyKind::None || (kind == BodyKind::Length && length == 0);
}

void H1Writer::startRaw()
{
    startBody(BodyKind::UntilClose, 0);
    m_raw = true;
}

bool H1Writer::trySend(std::string_view& bytes)
{
    while (!bytes.empty() && !m_broken) {
        std::size_t count = 0;
        const Stream::Io io = m_stream.tryWrite(bytes.data(), bytes.size(), count);
        bytes.remove_prefix(count);
        if (io == Stream::Io::Blocked)
            return false;
        m_broken = io != Stream::Io::Done;
    }
    return !m_broken;
}

bool H1Writer::trySendKept()
{
    std::string_view kept = std::string_view(m_out).substr(m_sent);
    const bool all = trySend(kept);
    m_sent = m_out.size() - kept.size();
    if (all) {
        m_out.clear();
        m_sent = 0;
    }
    return all;
}

// Small pieces gather; a large one is sent from where it lies, and only what the socket does not
// take is copied.
void H1Writer::putRaw(std::string_view bytes)
{
    if (m_broken)
        return;
    if (m_out.size() - m_sent + bytes.size() > GatherBytes && trySendKept())
        static_cast<void>(trySend(bytes));
    m_out.append(bytes);
}

void H1Writer::put(std::string_view piece)
{
    if (piece.empty())
        return;
    if (m_kind == BodyKind::Length) {
        // A source that gives more than it announced would start a message of its own.
        piece = piece.substr(0, m_left);
        m_left -= piece.size();
        m_finished = m_left == 0;
        putRaw(piece);
    } else if (m_kind == BodyKind::Chunked) {
        appendChunkHead(m_out, piece.size());
        putRaw(piece);
        m_out.append("\r\n");
    } else if (m_kind == BodyKind::UntilClose) {
        putRaw(piece);
    }
}

void H1Writer::finish(const Fields* trailers)
{
    if (m_kind == BodyKind::Chunked) {
        m_out.append("0\r\n");
        if (trailers)
            for (const Field field : *trailers)
                m_out.append(field.name).append(": ").append(field.value).append("\r\n");
        m_out.append("\r\n");
    }
    m_finished = m_finished || m_kind != BodyKind::Length;
}

asio::awaitable<void> H1Writer::flush()
{
    while (!m_broken && !trySendKept()) {
        if (m_broken)
            break;
        const bool ready = co_await m_stream.waitWritable(m_limits.stalled);
        m_broken = !ready;
    }
    if (m_raw && m_finished && !m_broken)
        m_stream.shutdownWrite();
    if (m_out.capacity() > m_limits.outputBytes)
        rest();
}

void H1Writer::rest()
{
    if (m_out.empty())
        m_out = std::string();
}

} // namespace sallyport::egress
