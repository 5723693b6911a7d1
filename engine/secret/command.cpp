#include "engine/secret/command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"
#include "engine/secret/secret_text.h"

namespace sallyport::secret {

namespace {

using Clock = std::chrono::steady_clock;

// What programs such as gh need to find the person's settings and keyring.
constexpr std::array Kept{"HOME",
                          "USER",
                          "LOGNAME",
                          "PATH",
                          "LANG",
                          "XDG_DATA_HOME",
                          "XDG_CONFIG_HOME",
                          "XDG_CACHE_HOME",
                          "XDG_RUNTIME_DIR",
                          "DBUS_SESSION_BUS_ADDRESS"};

std::vector<std::string> environment()
{
    std::vector<std::string> variables;
    for (const char* name : Kept)
        if (const char* value = std::getenv(name))
            variables.push_back(fmt::format("{}={}", name, value));
    return variables;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Ends with all that it started.
class Child
{
public:
    explicit Child(pid_t pid)
        : m_pid(pid)
    {
    }
    ~Child()
    {
        if (m_pid <= 0)
            return;
        ::kill(-m_pid, SIGKILL);
        while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR)
            ;
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Its status as waitpid() tells it, once it has ended by itself.
    [[nodiscard]] std::optional<int> waitUntil(Clock::time_point end)
    {
        int status = 0;
        while (::waitpid(m_pid, &status, WNOHANG) != m_pid) {
            if (Clock::now() >= end)
                return std::nullopt;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        m_pid = 0;
        return status;
    }

private:
    pid_t m_pid;
};

Result<pid_t> start(const std::vector<std::string>& command, int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    std::vector<std::string> arguments = command;
    std::vector<std::string> variables = environment();
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, command.front().c_str(), &files, &attributes,
                                     pointersTo(arguments).data(), pointersTo(variables).data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
        return failErrno("run " + command.front(), error);
    return pid;
}

} // namespace

Result<std::string> runCommand(const std::vector<std::string>& command, const CommandLimits& limits)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failErrno("make a pipe", errno);
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    const auto pid = start(command, writing.get());
    writing = UniqueFd();
    if (!pid)
        return tl::unexpected(pid.error());
    Child child(*pid);
    const auto end = Clock::now() + limits.time;
    std::string output;
    output.reserve(limits.outputBytes + 4096); // it must not move: the old place is not wiped
    const auto giveUp = [&](Error::Code code, std::string_view why) {
        wipe(output);
        return fail(code, fmt::format("{} {}", command.front(), why));
    };
    std::array<char, 4096> piece{};
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd query{reading.get(), POLLIN, 0};
        if (left <= 0 || ::poll(&query, 1, static_cast<int>(left)) == 0)
            return giveUp(Error::Code::TimedOut, "did not end in time");
        const ssize_t count = ::read(reading.get(), piece.data(), piece.size());
        if (count < 0 && errno != EINTR)
            return giveUp(Error::Code::Io, "could not be read from");
        if (count == 0)
            break;
        output.append(piece.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
        if (output.size() > limits.outputBytes)
            return giveUp(Error::Code::TooLarge, "printed more than a secret");
    }
    const auto status = child.waitUntil(end);
    if (!status)
        return giveUp(Error::Code::TimedOut, "did not end in time");
    if (!WIFEXITED(*status))
        return giveUp(Error::Code::Unavailable, "was ended by a signal");
    if (WEXITSTATUS(*status) != 0)
        return giveUp(Error::Code::Unavailable,
                      fmt::format("failed with exit status {}; run it yourself to see why",
                                  WEXITSTATUS(*status)));
    return output;
}

} // namespace sallyport::secret
