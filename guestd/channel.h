#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/guest/messages.h"
#include "guestd/child.h"
#include "guestd/polls.h"
#include "guestd/port.h"

namespace sallyport::guestd {

// One process of the engine's: its streams, its credits, its end. Lives from Exec until the channel
// is over (Refused, Exited, Started of a detached one, Close).
class Channel
{
public:
    Channel(std::uint32_t id, const guest::ExecMessage& request, Child child);

    [[nodiscard]] std::uint32_t id() const { return m_id; }
    [[nodiscard]] pid_t pid() const { return m_child.pid; }
    [[nodiscard]] bool isOver() const { return m_over; }

    // One round: prepare() before the poll, act() after it.
    void prepare(Polls& polls, bool mayRead);
    void act(const Polls& polls, Port& port);
    // How long the poll may take at most for this channel's sake; -1: for ever.
    [[nodiscard]] int timeout() const;

    // What the engine sends. False: against the protocol.
    [[nodiscard]] bool input(std::string_view bytes);
    void endInput();
    void grant(std::uint32_t bytes);
    void resize(std::uint16_t columns, std::uint16_t rows);
    void signal(int number);
    // The engine has no more interest: what runs here is told by SIGHUP.
    void hangUp();

    // waitpid() has returned it.
    void exited(int waitStatus);

private:
    enum class State
    {
        Starting,
        Running,
    };
    struct Source
    {
        guest::FrameType type{};
        UniqueFd* fd = nullptr;
        std::size_t slot = Polls::NoSlot;
    };

    void readStartResult(const Polls& polls, Port& port);
    void writeInput(const Polls& polls, Port& port);
    void readSource(Source& source, const Polls& polls, Port& port);
    void closeDrained(Source& source, const Polls& polls);
    void finishIfDone(Port& port);

    std::uint32_t m_id;
    std::string m_program;
    bool m_terminal;
    bool m_detached;
    Child m_child;
    State m_state = State::Starting;
    bool m_over = false;

    std::string m_pending;   // input that the process has not taken yet
    std::size_t m_taken = 0; // bytes of m_pending that it has
    bool m_inputEnded = false;
    std::uint32_t m_inputCredit = guest::StreamWindow;  // what the engine may still send
    std::uint32_t m_outputCredit = guest::StreamWindow; // what we may still send
    std::uint32_t m_consumed = 0;                       // input bytes not granted anew yet

    bool m_exited = false;
    guest::ExitMessage m_exit;
    long long m_quietSince = 0; // when a terminal last had output, once the process has exited

    Source m_sources[2];
    std::size_t m_startSlot = Polls::NoSlot;
    std::size_t m_inputSlot = Polls::NoSlot;
};

} // namespace sallyport::guestd
