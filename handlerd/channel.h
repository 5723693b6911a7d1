#pragma once

#include <string>
#include <string_view>

#include "engine/handler/protocol.h"

namespace sallyport::handlerd {

// The engine's end of this process: frames in and out of one socket. Writing queues; flush() sends.
class Channel
{
public:
    explicit Channel(int socket)
        : m_socket(socket)
        , m_parser(handler::MaxPayload)
    {
    }

    void send(handler::FrameType type,
              std::uint32_t id,
              std::uint32_t call,
              std::string_view head,
              std::string_view tail = {})
    {
        handler::appendFrame(m_out, type, id, call, head, tail);
    }

    // Waits until the socket has something to read or takes more of what is queued, at most so
    // long (-1: no limit). False: the time is over.
    bool wait(int milliseconds) const;
    // Sends what goes without waiting. False: the engine has gone.
    [[nodiscard]] bool flush();
    // Sends all of it, waiting as long as it takes.
    void flushAll();
    // The next frame that is there; `isOpen` turns false when the engine has gone.
    [[nodiscard]] bool next(handler::Frame& frame, bool& isOpen);
    [[nodiscard]] std::size_t queued() const { return m_out.size(); }

private:
    int m_socket;
    handler::FrameParser m_parser;
    std::string m_in;
    std::string_view m_unread; // of m_in
    std::string m_out;
};

} // namespace sallyport::handlerd
