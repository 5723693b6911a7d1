#pragma once

// A program in a sandbox, joined to our standard input, output and error. Output is written as it
// comes, byte for byte: it is the program's, and the person asked for it.

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/sallyctl/context.h"
#include "app/sallyctl/inbox.h"
#include "app/sallyctl/terminal.h"

namespace sallyport::ctl {

// Takes the program's command line out of `exec [options] SANDBOX [--] PROGRAM [ARGUMENTS]`, since
// its options are not ours. Leaves every other command line alone.
void splitProgram(std::vector<std::string>& arguments, std::vector<std::string>& program);

class Program
{
public:
    explicit Program(Context& context)
        : m_context(context)
        , m_terminal(0)
    {
    }
    ~Program()
    {
        m_inbox.stop();
        m_context.disconnect();
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Runs it to its end; `thenPhase`, where it is not empty, is entered then. Returns its exit
    // status (128 + signal when one ended it), or ExitOwnFailure after saying why on standard
    // error.
    [[nodiscard]] int
    run(const std::string& sandbox, api::ExecRequest request, const std::string& thenPhase);

private:
    [[nodiscard]] Result<int>
    tryRun(const std::string& sandbox, api::ExecRequest request, const std::string& thenPhase);
    [[nodiscard]] Status
    start(const std::string& sandbox, api::ExecRequest& request, const std::string& thenPhase);
    [[nodiscard]] Result<int> pump();
    [[nodiscard]] Status waitForWork();
    // The exit code once the program has ended.
    [[nodiscard]] Result<std::optional<int>> takeEvents();
    [[nodiscard]] Result<std::optional<int>> takeEvent(const Event& event);
    [[nodiscard]] std::optional<int> takeSignals();
    [[nodiscard]] std::optional<int> takeSignal(int number);
    void takeInput();
    void send(std::string_view method, api::Json parameters);

    Context& m_context;
    RawTerminal m_terminal;
    Inbox m_inbox;
    std::optional<SignalInbox> m_signals;
    std::optional<Result<api::Json>> m_startReply; // set before the inbox tells of it
    api::StreamId m_stream = 0;                    // 0: not started yet
    bool m_isPty = false;
    bool m_isInputOpen = true;
    int m_interrupts = 0; // since the program last said something
    // One piece at a time is on its way to the guest, none before the program runs.
    std::atomic<bool> m_isInputBusy = true;
};

} // namespace sallyport::ctl
