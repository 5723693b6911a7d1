#include "app/sallyctl/program.h"

#include <algorithm>
#include <array>
#include <csignal>

#include <poll.h>
#include <unistd.h>

#include "app/sallyctl/output.h"
#include "engine/base/text.h"

namespace sallyport::ctl {
namespace {

using api::Json;

constexpr std::size_t InputPiece = 32768;
constexpr int InterruptsToGiveUp = 3;
constexpr auto StartReply = "start reply";

Status writeAll(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) { // somebody made the terminal non-blocking
            pollfd wanted{fd, POLLOUT, 0};
            ::poll(&wanted, 1, -1);
            continue;
        }
        if (count < 0)
            return failErrno("write the program's output", errno);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

bool takesValue(std::string_view option)
{
    for (const std::string_view known :
         {"-u", "--user", "-d", "--directory", "-e", "--env", "--socket",
          "--then-phase"})
        if (option == known)
            return true;
    return false;
}

// The first argument that is no option, from `at` on.
std::size_t nextPositional(const std::vector<std::string>& arguments, std::size_t at)
{
    while (at < arguments.size() && arguments[at].starts_with('-') && arguments[at] != "--")
        at += takesValue(arguments[at]) ? 2 : 1;
    return at;
}

} // namespace

void splitProgram(std::vector<std::string>& arguments, std::vector<std::string>& program)
{
    const std::size_t command = nextPositional(arguments, 0);
    if (command >= arguments.size() || arguments[command] != "exec")
        return;
    const std::size_t sandbox = nextPositional(arguments, command + 1);
    if (sandbox >= arguments.size())
        return;
    const auto rest = arguments.begin() + static_cast<std::ptrdiff_t>(sandbox) + 1;
    const bool hasDashes = rest != arguments.end() && *rest == "--";
    program.assign(rest + (hasDashes ? 1 : 0), arguments.end());
    arguments.erase(rest, arguments.end());
}

int Program::run(const std::string& sandbox, api::ExecRequest request, const std::string& thenPhase)
{
    auto outcome = tryRun(sandbox, std::move(request), thenPhase);
    m_terminal.leave();
    m_inbox.stop();
    if (outcome)
        return *outcome;
    say(outcome.error().text);
    return ExitOwnFailure;
}

Result<int>
Program::tryRun(const std::string& sandbox, api::ExecRequest request, const std::string& thenPhase)
{
    auto signals = SignalInbox::open();
    if (!signals)
        return tl::unexpected<Error>(std::move(signals.error()));
    m_signals = std::move(*signals);
    if (auto started = start(sandbox, request, thenPhase); !started)
        return tl::unexpected<Error>(std::move(started.error()));
    return pump();
}

Status
Program::start(const std::string& sandbox, api::ExecRequest& request, const std::string& thenPhase)
{
    auto engine = m_context.engine(
        [this](const std::string& name, const Json& parameters) {
            if (name == "exec.output" || name == "exec.exit")
                m_inbox.put(name, parameters);
        },
        [this](Error why) { m_inbox.close(std::move(why)); });
    if (!engine)
        return tl::unexpected<Error>(std::move(engine.error()));
    const auto found = m_context.sandbox(sandbox);
    if (!found)
        return tl::unexpected<Error>(found.error());
    request.sandbox = found->id;
    m_isPty = request.pty;
    // Not call(): its output may come before the reply, more of it than the inbox holds.
    Json parameters = api::toJson(request);
    if (!thenPhase.empty())
        parameters["thenPhase"] = thenPhase;
    (*engine)->callAsync("exec.start", parameters, [this](Result<Json> reply) {
        m_startReply = std::move(reply);
        m_inbox.put(StartReply, Json());
    });
    return {};
}

Result<int> Program::pump()
{
    for (;;) {
        if (auto waited = waitForWork(); !waited)
            return tl::unexpected<Error>(std::move(waited.error()));
        const auto ended = takeEvents();
        if (!ended)
            return tl::unexpected<Error>(ended.error());
        if (*ended)
            return **ended;
        if (const auto stopped = takeSignals())
            return *stopped;
    }
}

Status Program::waitForWork()
{
    const bool wantsInput = m_isInputOpen && !m_isInputBusy;
    std::array<pollfd, 3> wanted = {
        pollfd{m_inbox.descriptor(), POLLIN, 0},
        pollfd{m_signals->descriptor(), POLLIN, 0},
        pollfd{wantsInput ? STDIN_FILENO : -1, POLLIN, 0},
    };
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR)
        return failErrno("poll", errno);
    if (wanted[2].revents != 0)
        takeInput();
    return {};
}

Result<std::optional<int>> Program::takeEvents()
{
    for (;;) {
        const auto event = m_inbox.poll();
        if (!event)
            return fail("the program's end is not known", event.error());
        if (!*event)
            return std::optional<int>{};
        auto ended = takeEvent(**event);
        if (!ended || *ended)
            return ended;
    }
}

Result<std::optional<int>> Program::takeEvent(const Event& event)
{
    // Only one program runs on this connection, so its output needs no stream id. An event without
    // a name only wakes the loop.
    if (event.name == StartReply) {
        if (!*m_startReply)
            return tl::unexpected<Error>(m_startReply->error());
        const auto stream = api::member<api::StreamId>(**m_startReply, "stream");
        if (!stream)
            return tl::unexpected<Error>(stream.error());
        m_stream = *stream;
        m_isInputBusy = false;
        if (m_isPty)
            m_terminal.enter();
    } else if (event.name == "exec.output") {
        const auto output = api::fromJson<api::ExecOutput>(event.parameters);
        if (!output)
            return tl::unexpected<Error>(output.error());
        const int fd = output->channel == api::OutputStream::Err ? STDERR_FILENO : STDOUT_FILENO;
        m_interrupts = 0;
        if (auto written = writeAll(fd, output->bytes); !written)
            return tl::unexpected<Error>(std::move(written.error()));
    } else if (event.name == "exec.exit") {
        const auto exit = api::fromJson<api::ExecExit>(event.parameters);
        if (!exit)
            return tl::unexpected<Error>(exit.error());
        if (exit->error.empty())
            return std::optional<int>(exit->status);
        say(exit->error);
        return std::optional<int>(std::max<int>(exit->status, ExitOwnFailure));
    }
    return std::optional<int>{};
}

std::optional<int> Program::takeSignals()
{
    while (const int number = m_signals->next())
        if (const auto stopped = takeSignal(number))
            return stopped;
    return std::nullopt;
}

std::optional<int> Program::takeSignal(int number)
{
    switch (number) {
    case SIGWINCH: {
        const TerminalSize size = terminalSize();
        if (m_isPty && m_stream != 0)
            send("exec.resize", {{"columns", size.columns}, {"rows", size.rows}});
        return std::nullopt;
    }
    case SIGCONT: // the shell may have set the terminal meanwhile
        if (m_isPty && m_stream != 0) {
            m_terminal.leave();
            m_terminal.enter();
        }
        return std::nullopt;
    case SIGINT:
    case SIGQUIT:
        if (m_stream == 0)
            break;
        send("exec.signal", {{"signal", number}});
        // A program that does not listen, or an engine: the person means it.
        if (++m_interrupts < InterruptsToGiveUp)
            return std::nullopt;
        break;
    default:
        break;
    }
    // The connection closes with us, which hangs the program up.
    return 128 + number;
}

void Program::takeInput()
{
    std::array<char, InputPiece> bytes{};
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        m_isInputOpen = false;
        send("exec.closeInput", Json::object());
        return;
    }
    auto engine = m_context.engine();
    if (!engine)
        return;
    m_isInputBusy = true;
    const std::string_view piece(bytes.data(), static_cast<std::size_t>(count));
    (*engine)->callAsync("exec.input", {{"stream", m_stream}, {"bytes", text::toBase64(piece)}},
                         [this](const Result<Json>&) {
                             // It fails when the program takes no more; its exit says the rest.
                             m_isInputBusy = false;
                             m_inbox.put("", Json());
                         });
}

void Program::send(std::string_view method, Json parameters)
{
    parameters["stream"] = m_stream;
    if (auto engine = m_context.engine())
        (*engine)->callAsync(method, parameters, {});
}

} // namespace sallyport::ctl
