#include "engine/egress/h2_connection.h"

#include <array>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "engine/egress/h2_fields.h"

namespace sallyport::egress {

namespace asio = boost::asio;

namespace {

// Frames gathered into one write.
constexpr std::size_t GatherBytes = 16 * 1024;
// A peer may be silent as long as its streams are: those have their own limits, and so has writing.
constexpr std::chrono::hours NoLimit{24 * 365};

struct OptionDeleter
{
    void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};
struct CallbacksDeleter
{
    void operator()(nghttp2_session_callbacks* callbacks) const
    {
        nghttp2_session_callbacks_del(callbacks);
    }
};

H2Connection& connectionOf(void* self)
{
    return *static_cast<H2Connection*>(self);
}

std::string_view textOf(const std::uint8_t* bytes, std::size_t size)
{
    return {reinterpret_cast<const char*>(bytes), size};
}

} // namespace

H2Connection::H2Connection(H2Role role,
                           Stream& stream,
                           Deadlines& deadlines,
                           const DoorLimits& limits,
                           asio::any_io_executor executor)
    : m_stream(stream)
    , m_limits(limits)
    , m_executor(std::move(executor))
    , m_wake(m_executor)
    , m_settled(m_executor)
    , m_writerEnded(m_executor)
    , m_useless(limits.uselessFrames, limits.uselessFramesPerSecond)
    , m_idleLimit(role == H2Role::Server ? limits.idle : limits.upstreamIdle)
{
    nghttp2_session_callbacks* rawCallbacks = nullptr;
    nghttp2_session_callbacks_new(&rawCallbacks);
    const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(rawCallbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(rawCallbacks, onBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(rawCallbacks, onHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(rawCallbacks, onFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(rawCallbacks, onData);
    nghttp2_session_callbacks_set_on_stream_close_callback(rawCallbacks, onClose);

    nghttp2_option* rawOption = nullptr;
    nghttp2_option_new(&rawOption);
    const std::unique_ptr<nghttp2_option, OptionDeleter> option(rawOption);
    // Windows are given back as bodies are taken, not as they arrive.
    nghttp2_option_set_no_auto_window_update(rawOption, 1);
    nghttp2_option_set_peer_max_concurrent_streams(rawOption, limits.streamsPerConnection);
    nghttp2_option_set_no_closed_streams(rawOption, 1);

    if (role == H2Role::Server)
        nghttp2_session_server_new2(&m_session, rawCallbacks, this, rawOption);
    else
        nghttp2_session_client_new2(&m_session, rawCallbacks, this, rawOption);

    const bool server = role == H2Role::Server;
    const std::uint32_t window = server ? limits.guestStreamWindow : limits.upstreamStreamWindow;
    std::array<nghttp2_settings_entry, 4> settings{{
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.headBytes)},
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}, // a server's to offer
    }};
    if (server)
        settings[2] = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streamsPerConnection};
    nghttp2_submit_settings(m_session, NGHTTP2_FLAG_NONE, settings.data(),
                            settings.size() - (server ? 0 : 1));
    const std::uint32_t whole =
        server ? limits.guestConnectionWindow : limits.upstreamConnectionWindow;
    nghttp2_session_set_local_window_size(m_session, NGHTTP2_FLAG_NONE, 0,
                                          static_cast<std::int32_t>(whole));
    deadlines.watch(*this);
}

H2Connection::~H2Connection()
{
    m_dead = true;
    m_streams.clear();
    nghttp2_session_del(m_session);
}

void H2Connection::addStream(std::int32_t id, std::shared_ptr<H2Stream> stream)
{
    stream->setId(id);
    m_streams.emplace(id, std::move(stream));
}

H2Stream* H2Connection::streamOf(std::int32_t id) const
{
    const auto found = m_streams.find(id);
    return found == m_streams.end() ? nullptr : found->second.get();
}

nghttp2_data_provider H2Connection::provide(H2Stream& stream)
{
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = readOutput;
    return provider;
}

void H2Connection::resume(std::int32_t id)
{
    if (m_dead)
        return;
    nghttp2_session_resume_data(m_session, id);
    wake();
}

void H2Connection::consume(std::int32_t id, std::size_t bytes)
{
    if (m_dead || bytes == 0)
        return;
    nghttp2_session_consume(m_session, id, bytes);
    wake();
}

void H2Connection::consumeOfClosed(std::size_t bytes)
{
    if (m_dead || bytes == 0)
        return;
    nghttp2_session_consume_connection(m_session, bytes);
    wake();
}

void H2Connection::submitReset(std::int32_t id, std::uint32_t errorCode)
{
    if (m_dead)
        return;
    nghttp2_submit_rst_stream(m_session, NGHTTP2_FLAG_NONE, id, errorCode);
    wake();
}

void H2Connection::goAway(std::uint32_t errorCode)
{
    m_goingAway = true;
    if (m_dead)
        return;
    nghttp2_session_terminate_session(m_session, errorCode);
    wake();
}

asio::awaitable<void> H2Connection::waitSettings()
{
    const auto keep = shared_from_this();
    while (!m_hasSettings && !m_dead)
        co_await m_settled.wait();
}

void H2Connection::tick(Deadlines::Clock::time_point now)
{
    if (!m_streams.empty())
        m_lastBusy = now;
    else if (!m_goingAway && now - m_lastBusy > m_idleLimit)
        goAway(NGHTTP2_NO_ERROR);
    // A reset may close streams of the table later, never here.
    for (const auto& [id, stream] : m_streams)
        if (stream->isStalled(now))
            stream->reset(NGHTTP2_CANCEL);
}

void H2Connection::countUseless()
{
    if (!m_useless.allows(Deadlines::Clock::now()))
        m_flooded = true;
}

asio::awaitable<void> H2Connection::run()
{
    const auto keep = shared_from_this();
    asio::co_spawn(
        m_executor,
        [keep]() -> asio::awaitable<void> {
            co_await keep->writeLoop();
            keep->m_writerEnded.set();
        },
        asio::detached);
    co_await readLoop();
    end(m_fault.empty() ? "the connection ended" : m_fault);
    co_await m_writerEnded.wait();
}

void H2Connection::end(std::string fault)
{
    if (std::exchange(m_dead, true))
        return;
    m_fault = std::move(fault);
    auto streams = std::exchange(m_streams, {});
    for (const auto& [id, stream] : streams)
        stream->closed(NGHTTP2_CANCEL);
    m_settled.set();
    wake();
}

bool H2Connection::feed(std::string_view bytes)
{
    const ssize_t used = nghttp2_session_mem_recv(
        m_session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (used < 0)
        m_fault = nghttp2_strerror(static_cast<int>(used));
    else if (m_flooded)
        m_fault = "too many frames that move nothing";
    wake();
    return used >= 0 && !m_flooded;
}

asio::awaitable<void> H2Connection::readLoop()
{
    std::unique_ptr<char[]> buffer;
    std::size_t turn = 0;
    while (!m_dead) {
        if (!buffer)
            buffer = std::make_unique_for_overwrite<char[]>(m_limits.bufferBytes);
        std::size_t count = 0;
        const Stream::Io io = m_stream.tryRead(buffer.get(), m_limits.bufferBytes, count);
        if (io == Stream::Io::Done) {
            if (!feed({buffer.get(), count}))
                co_return;
            if (nghttp2_session_want_read(m_session) == 0 &&
                nghttp2_session_want_write(m_session) == 0)
                co_return;
            // One busy connection does not keep the others from their turn.
            turn += count;
            if (turn > 256 * 1024) {
                turn = 0;
                co_await asio::post(m_executor, asio::use_awaitable);
            }
            continue;
        }
        if (io != Stream::Io::Blocked) {
            if (io == Stream::Io::Failed)
                m_fault = m_stream.failure();
            co_return;
        }
        buffer.reset();
        turn = 0;
        const bool ready = co_await m_stream.waitReadable(NoLimit);
        if (!ready) {
            if (m_fault.empty())
                m_fault = m_stream.isOpen() ? "no byte came in time" : "the connection was closed";
            co_return;
        }
    }
}

asio::awaitable<void> H2Connection::writeLoop()
{
    std::string batch;
    while (!m_dead || nghttp2_session_want_write(m_session) != 0) {
        batch.clear();
        while (batch.size() < GatherBytes) {
            const std::uint8_t* data = nullptr;
            const ssize_t size = nghttp2_session_mem_send(m_session, &data);
            if (size <= 0)
                break;
            batch.append(textOf(data, static_cast<std::size_t>(size)));
        }
        if (!batch.empty()) {
            const bool sent = co_await m_stream.writeAll(batch, m_limits.stalled);
            if (!sent)
                break;
            continue;
        }
        if (m_dead)
            break;
        if (nghttp2_session_want_read(m_session) == 0)
            break;
        batch = std::string();
        co_await m_wake.wait();
    }
    // A peer that takes nothing, or the end of the session: the reader ends too.
    if (!m_dead)
        m_stream.closeNow();
}

int H2Connection::onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self)
{
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    return connectionOf(self).beginHeaders(*frame) ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int H2Connection::onHeader(nghttp2_session*,
                           const nghttp2_frame* frame,
                           const std::uint8_t* name,
                           std::size_t nameSize,
                           const std::uint8_t* value,
                           std::size_t valueSize,
                           std::uint8_t,
                           void* self)
{
    if (H2Stream* stream = connectionOf(self).streamOf(frame->hd.stream_id))
        connectionOf(self).header(*stream, textOf(name, nameSize), textOf(value, valueSize));
    return 0;
}

int H2Connection::onFrame(nghttp2_session*, const nghttp2_frame* frame, void* self)
{
    H2Connection& connection = connectionOf(self);
    const bool endOfStream = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (H2Stream* stream = connection.streamOf(frame->hd.stream_id))
            connection.headersComplete(*stream, endOfStream);
        break;
    case NGHTTP2_DATA:
        if (frame->hd.length == 0 && !endOfStream)
            connection.countUseless();
        if (H2Stream* stream = connection.streamOf(frame->hd.stream_id); stream && endOfStream)
            stream->receivedEnd();
        break;
    case NGHTTP2_GOAWAY:
        connection.m_goingAway = true;
        break;
    case NGHTTP2_SETTINGS:
        connection.m_hasSettings = true;
        connection.m_settled.set();
        connection.countUseless();
        break;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PING:
        connection.countUseless();
        break;
    default:
        break;
    }
    return 0;
}

int H2Connection::onData(nghttp2_session*,
                         std::uint8_t,
                         std::int32_t id,
                         const std::uint8_t* data,
                         std::size_t size,
                         void* self)
{
    H2Connection& connection = connectionOf(self);
    if (H2Stream* stream = connection.streamOf(id))
        stream->received(textOf(data, size));
    else
        connection.consumeOfClosed(size);
    return 0;
}

int H2Connection::onClose(nghttp2_session*, std::int32_t id, std::uint32_t errorCode, void* self)
{
    H2Connection& connection = connectionOf(self);
    const auto found = connection.m_streams.find(id);
    if (found == connection.m_streams.end())
        return 0;
    const auto stream = std::move(found->second);
    connection.m_streams.erase(found);
    stream->closed(errorCode);
    return 0;
}

ssize_t H2Connection::readOutput(nghttp2_session* session,
                                 std::int32_t id,
                                 std::uint8_t* out,
                                 std::size_t size,
                                 std::uint32_t* flags,
                                 nghttp2_data_source* source,
                                 void*)
{
    auto& stream = *static_cast<H2Stream*>(source->ptr);
    bool end = false;
    bool deferred = false;
    const std::size_t count = stream.takeOutput(out, size, end, deferred);
    if (deferred)
        return NGHTTP2_ERR_DEFERRED;
    if (!end)
        return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (const Fields& trailers = stream.outputTrailers(); !trailers.isEmpty()) {
        H2Fields fields;
        for (const Field field : trailers)
            fields.add(field.name, field.value);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(session, id, fields.data(), fields.size());
    }
    return static_cast<ssize_t>(count);
}

} // namespace sallyport::egress
