#include "engine/jail/start_supervisor.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/jail/control_channel.h"

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int ExitConflict = 3; // of sallyport-jail
constexpr std::size_t MaxWords = 4096;

// posix_spawn's settings: no input, both outputs to the pipe, default signals, own session.
class SpawnPlan
{
public:
    explicit SpawnPlan(int output)
    {
        ::posix_spawn_file_actions_init(&m_actions);
        ::posix_spawn_file_actions_addopen(&m_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&m_actions, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&m_actions, output, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&m_actions, STDERR_FILENO + 1);
        ::posix_spawnattr_init(&m_attributes);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &all);
        ::posix_spawnattr_setflags(&m_attributes,
                                   static_cast<short>(POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan()
    {
        ::posix_spawn_file_actions_destroy(&m_actions);
        ::posix_spawnattr_destroy(&m_attributes);
    }
    // 0 or an errno value.
    int spawn(pid_t& pid, std::vector<char*>& argv) const
    {
        return ::posix_spawnp(&pid, argv.front(), &m_actions, &m_attributes, argv.data(), environ);
    }

private:
    posix_spawn_file_actions_t m_actions{};
    posix_spawnattr_t m_attributes{};
};

// Reads until the end of the stream or of the time; false when the time was over.
bool gather(int from, std::string& words, steady_clock::time_point end)
{
    std::array<char, 1024> part{};
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        if (left.count() <= 0 || !waitFor(from, POLLIN, left))
            return false;
        const ssize_t size = ::read(from, part.data(), part.size());
        if (size <= 0)
            return true;
        if (words.size() < MaxWords)
            words.append(part.data(), static_cast<std::size_t>(size));
    }
}

} // namespace

Result<ProgramEnd> runProgram(const std::vector<std::string>& argv, milliseconds wait)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failErrno("make a pipe", errno);
    const UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    std::vector<std::string> strings = argv;
    std::vector<char*> pointers;
    for (std::string& text : strings)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    if (const int problem = SpawnPlan(writing.get()).spawn(pid, pointers); problem != 0)
        return failErrno("run " + argv.front(), problem);
    writing.reset();

    ProgramEnd result;
    const bool ended = gather(reading.get(), result.words, steady_clock::now() + wait);
    if (!ended)
        ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!ended)
        return fail(Error::Code::TimedOut, argv.front() + " did not end in time");
    while (!result.words.empty() && result.words.back() == '\n')
        result.words.pop_back();
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

Status startSupervisor(const JailOptions& options, milliseconds wait)
{
    const auto end =
        runProgram({options.binary.string(), "--directory", options.directory.string(), "--images",
                    options.images.string(), "--disks", options.disks.string()},
                   wait);
    if (!end)
        return tl::unexpected(end.error());
    if (end->status == 0)
        return {};
    if (end->status == ExitConflict)
        return fail(Error::Code::Conflict, end->words);
    return fail(Error::Code::Unavailable,
                "the jail could not start: " + (end->words.empty() ? "it was killed" : end->words));
}

} // namespace sallyport::jail
