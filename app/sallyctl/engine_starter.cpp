#include "app/sallyctl/engine_starter.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/child_process.h"
#include "engine/base/paths.h"
#include "engine/base/text.h"
#include "engine/base/unique_fd.h"

namespace sallyport::ctl {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto Patience = 15s;

Result<fs::path> findEngine()
{
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (const fs::path beside = self.parent_path() / "sallyportd";
        !error && ::access(beside.c_str(), X_OK) == 0)
        return beside;
    const char* variable = std::getenv("PATH");
    std::string_view rest = variable != nullptr ? variable : "";
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
        const fs::path candidate = fs::path(folder) / "sallyportd";
        if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return fail(Error::Code::Unavailable,
                "no engine runs and sallyportd is neither beside sallyctl nor in PATH: install it");
}

// In the child: becomes an engine that has nothing of our terminal. Only what is allowed after a
// fork of a program with threads.
[[noreturn]] void becomeEngine(const char* program, int null, int log)
{
    ::setsid();
    resetSignals();
    // Once more, so that it can never get a terminal and is not our child to wait for.
    if (::fork() != 0)
        ::_exit(0);
    ::dup2(null, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    closeOtherDescriptors();
    if (::chdir("/") != 0)
        ::_exit(126);
    char* const arguments[] = {const_cast<char*>(program), nullptr};
    ::execv(program, arguments);
    ::_exit(127);
}

Status startEngine(const fs::path& program, const fs::path& logFile)
{
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd log(
        ::open(logFile.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!null.isOpen() || !log.isOpen())
        return failErrno("open " + logFile.string(), errno);
    const pid_t child = ::fork();
    if (child < 0)
        return failErrno("start " + program.string(), errno);
    if (child == 0)
        becomeEngine(program.c_str(), null.get(), log.get());
    ::waitpid(child, nullptr, 0);
    return {};
}

std::string lastLine(const fs::path& file)
{
    std::ifstream stream(file);
    std::string last;
    for (std::string line; std::getline(stream, line);)
        if (!line.empty())
            last = line;
    return text::escapeControls(text::elide(last, 500));
}

} // namespace

Result<std::unique_ptr<api::Client>> connectToEngine(WhenNoneRuns choice,
                                                     api::Client::EventHandler onEvent,
                                                     api::Client::ClosedHandler onClosed)
{
    const auto paths = Paths::fromEnvironment();
    if (!paths)
        return tl::unexpected<Error>(paths.error());
    auto client = api::Client::connect(paths->apiSocket(), onEvent, onClosed);
    if (client || client.error().code != Error::Code::Unavailable || choice == WhenNoneRuns::Fail)
        return client;
    const auto program = findEngine();
    if (!program)
        return tl::unexpected<Error>(program.error());
    const fs::path log = paths->runtime / "engine.log";
    if (auto started = startEngine(*program, log); !started)
        return tl::unexpected<Error>(std::move(started.error()));
    const auto until = std::chrono::steady_clock::now() + Patience;
    while (!client && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(50ms);
        client = api::Client::connect(paths->apiSocket(), onEvent, onClosed);
    }
    if (!client)
        return fail(Error::Code::Unavailable, "the engine was started and does not answer; " +
                                                  log.string() + " ends in: " + lastLine(log));
    return client;
}

} // namespace sallyport::ctl
