#include "engine/guest/process.h"

#include <algorithm>

#include "engine/guest/connection.h"

namespace sallyport::guest {

namespace {

constexpr std::uint32_t GrantStep = StreamWindow / 4;

} // namespace

Process::Process(std::shared_ptr<Connection> connection, std::uint32_t id, bool detached)
    : m_connection(std::move(connection))
    , m_id(id)
    , m_detached(detached)
    , m_readable(m_connection->executor())
    , m_writable(m_connection->executor())
{
}

Process::~Process()
{
    const bool open = m_state == State::Starting || m_state == State::Running;
    m_connection->forget(m_id, open && !m_detached, m_granted);
}

asio::awaitable<Result<Chunk>> Process::read()
{
    for (;;) {
        if (!m_output.empty() || !m_errorOutput.empty())
            co_return takeOutput();
        if (exit)
            co_return Chunk{Chunk::Kind::Exited, {}};
        if (m_lost)
            co_return tl::unexpected(*m_lost);
        co_await m_readable.wait();
    }
}

asio::awaitable<Status> Process::write(std::string_view data)
{
    while (!data.empty()) {
        if (m_lost)
            co_return tl::unexpected(*m_lost);
        if (m_state != State::Running || m_inputClosed)
            co_return fail(Error::Code::Conflict, "the process has no input any more");
        const std::size_t size = std::min({data.size(), std::size_t{m_credit}, MaxPayload});
        if (size == 0) {
            co_await m_writable.wait();
            continue;
        }
        m_connection->send(FrameType::Input, m_id, data.substr(0, size));
        m_credit -= static_cast<std::uint32_t>(size);
        data.remove_prefix(size);
        co_await m_connection->sendable();
    }
    co_return Status{};
}

void Process::closeInput()
{
    if (m_state != State::Running || m_inputClosed)
        return;
    m_inputClosed = true;
    m_connection->send(FrameType::InputEnd, m_id, {});
}

void Process::resize(std::uint16_t columns, std::uint16_t rows)
{
    if (m_state == State::Running)
        m_connection->send(FrameType::Resize, m_id, encodeSize(columns, rows));
}

void Process::signal(int number)
{
    if (m_state == State::Running && number > 0 && number < 65)
        m_connection->send(FrameType::Signal, m_id, encodeU8(static_cast<std::uint8_t>(number)));
}

bool Process::handle(FrameType type, std::string_view payload)
{
    if (type == FrameType::Started || type == FrameType::Refused) {
        if (m_state != State::Starting)
            return false;
        m_state = type == FrameType::Started ? State::Running : State::Refused;
        m_readable.notify();
        return type == FrameType::Started ? decodeU32(payload, m_guestPid)
                                          : decode(payload, m_refusal);
    }
    if (m_state != State::Running)
        return type == FrameType::Credit && m_state == State::Starting;
    switch (type) {
    case FrameType::Output:
        m_errorOutputFirst = m_errorOutputFirst && !m_errorOutput.empty();
        return handleOutput(m_output, payload);
    case FrameType::ErrorOutput:
        m_errorOutputFirst = m_errorOutputFirst || m_output.empty();
        return handleOutput(m_errorOutput, payload);
    case FrameType::Exited:
        return handleExit(payload);
    case FrameType::Credit: {
        std::uint32_t bytes = 0;
        if (!decodeU32(payload, bytes) || bytes == 0 || bytes > StreamWindow - m_credit)
            return false;
        m_credit += bytes;
        m_writable.notify();
        return true;
    }
    default:
        return false;
    }
}

bool Process::handleOutput(std::string& into, std::string_view payload)
{
    // No empty ones: they would cost us time and the guest nothing.
    if (payload.empty() || payload.size() > m_granted)
        return false;
    m_granted -= static_cast<std::uint32_t>(payload.size());
    into.append(payload);
    m_readable.notify();
    return true;
}

bool Process::handleExit(std::string_view payload)
{
    ExitMessage message;
    if (!decode(payload, message))
        return false;
    exit = ExitStatus{message.signalled, message.value};
    m_state = State::Exited;
    m_readable.notify();
    m_writable.notify();
    return true;
}

void Process::lost(const Error& error)
{
    m_lost = error;
    m_readable.notify();
    m_writable.notify();
}

Chunk Process::takeOutput()
{
    const bool errors = m_output.empty() || (m_errorOutputFirst && !m_errorOutput.empty());
    Chunk chunk{errors ? Chunk::Kind::ErrorOutput : Chunk::Kind::Output, {}};
    chunk.data.swap(errors ? m_errorOutput : m_output);
    m_errorOutputFirst = !m_errorOutput.empty();
    grantConsumed(chunk.data.size());
    return chunk;
}

void Process::grantConsumed(std::size_t bytes)
{
    m_consumed += static_cast<std::uint32_t>(bytes);
    if (m_consumed < GrantStep || m_state != State::Running || m_lost)
        return;
    m_connection->send(FrameType::Credit, m_id, encodeU32(m_consumed));
    m_granted += m_consumed;
    m_consumed = 0;
}

} // namespace sallyport::guest
