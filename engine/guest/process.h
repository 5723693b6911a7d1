#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/guest/event.h"
#include "engine/guest/messages.h"

namespace sallyport::guest {

class Connection;

struct ExitStatus
{
    bool signalled = false;
    int value = 0; // exit status, or signal number

    // As a shell tells it: 128 and the signal number for one that was killed.
    [[nodiscard]] int shellValue() const { return signalled ? 128 + value : value; }
    bool operator==(const ExitStatus&) const = default;
};

struct Chunk
{
    enum class Kind
    {
        Output,      // standard output; all output of a terminal
        ErrorOutput, // standard error
        Exited,      // the end: data is empty, Process::exit is set
    };
    Kind kind = Kind::Output;
    std::string data;
};

// A process in the guest, as Agent::exec() gives it. All calls on the agent's executor. At most
// StreamWindow (256 KiB) of its output is kept here: the process waits for read(). Letting go of
// one that has not exited sends SIGHUP to its group. It may outlive the agent.
class Process
{
public:
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    // Waits for output, and gives all there is of one stream; the exit comes after all output, and
    // again whenever it is asked for. Fails when the guest is lost. One reader at a time.
    [[nodiscard]] asio::awaitable<Result<Chunk>> read();

    // Waits until all of it was passed on (not: until the process has read it; a process that has
    // closed its input drops it). Fails once the process has ended. One writer at a time.
    [[nodiscard]] asio::awaitable<Status> write(std::string_view data);

    // End of input (the terminal's end-of-file character, where it has a terminal). After the last
    // write() has returned.
    void closeInput();
    void resize(std::uint16_t columns, std::uint16_t rows);
    // To the process's group.
    void signal(int number);

    // The process's number in the guest, as the guest says.
    [[nodiscard]] std::uint32_t guestPid() const { return m_guestPid; }

    std::optional<ExitStatus> exit;

private:
    friend class Connection;

    Process(std::shared_ptr<Connection> connection, std::uint32_t id, bool detached);

    // From the connection. False: against the protocol.
    [[nodiscard]] bool handle(FrameType type, std::string_view payload);
    [[nodiscard]] bool handleOutput(std::string& into, std::string_view payload);
    [[nodiscard]] bool handleExit(std::string_view payload);
    void lost(const Error& error);
    void grantConsumed(std::size_t bytes);
    [[nodiscard]] Chunk takeOutput();

    enum class State
    {
        Starting,
        Running,
        Refused,
        Exited,
    };

    std::shared_ptr<Connection> m_connection;
    std::uint32_t m_id;
    bool m_detached;
    State m_state = State::Starting;
    OutcomeMessage m_refusal;
    std::optional<Error> m_lost;
    std::uint32_t m_guestPid = 0;

    std::string m_output;
    std::string m_errorOutput;
    bool m_errorOutputFirst = false;        // it arrived before what m_output begins with
    std::uint32_t m_granted = StreamWindow; // what the guest may still send
    std::uint32_t m_consumed = 0;           // read and not granted anew yet
    std::uint32_t m_credit = StreamWindow;  // what we may still send
    bool m_inputClosed = false;

    Event m_readable;
    Event m_writable;
};

} // namespace sallyport::guest
