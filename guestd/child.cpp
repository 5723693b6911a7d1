#include "guestd/child.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/child_process.h"
#include "guestd/environment.h"
#include "guestd/files.h"
#include "guestd/log.h"
#include "guestd/users.h"

namespace sallyport::guestd {

namespace {

enum class Step : int
{
    Terminal,
    Streams,
    User,
    Directory,
    Program,
};

// What the child writes to `start` when it can't become the program.
struct StartFailure
{
    Step step;
    int error;
};

// The child's ends.
struct FarEnds
{
    UniqueFd input;
    UniqueFd output;
    UniqueFd errorOutput;
};

guest::OutcomeMessage failed(std::string_view what, int error)
{
    return {static_cast<std::uint32_t>(error), errnoText(what, error)};
}

bool makePipe(UniqueFd& readEnd, UniqueFd& writeEnd)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return false;
    readEnd.reset(ends[0]);
    writeEnd.reset(ends[1]);
    return true;
}

bool setNonBlocking(int fd)
{
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool openTerminal(const guest::ExecMessage& request, const User& user, Child& near, FarEnds& far)
{
    near.output.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    int unlocked = 0;
    if (!near.output.isOpen() || ::ioctl(near.output.get(), TIOCSPTLCK, &unlocked) != 0)
        return false;
    // The slave by its master, without a look-up of /dev/pts.
    far.input.reset(::ioctl(near.output.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    near.input.reset(::fcntl(near.output.get(), F_DUPFD_CLOEXEC, 0));
    if (!far.input.isOpen() || !near.input.isOpen())
        return false;
    if (::fchown(far.input.get(), user.uid, static_cast<gid_t>(-1)) != 0 && user.uid != geteuid())
        return false;
    resizeTerminal(near.output.get(), request.columns, request.rows);
    termios settings{};
    if (::tcgetattr(far.input.get(), &settings) == 0) {
        settings.c_iflag |= IUTF8; // so that erasing takes whole characters
        ::tcsetattr(far.input.get(), TCSANOW, &settings);
    }
    return true;
}

bool openPipes(Child& near, FarEnds& far)
{
    return makePipe(far.input, near.input) && makePipe(near.output, far.output) &&
           makePipe(near.errorOutput, far.errorOutput) && setNonBlocking(near.input.get()) &&
           setNonBlocking(near.output.get()) && setNonBlocking(near.errorOutput.get());
}

bool openNull(FarEnds& far)
{
    far.input.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    return far.input.isOpen();
}

// --- in the child, between fork and exec ---

[[noreturn]] void giveUp(int start, Step step)
{
    const StartFailure failure{step, errno};
    [[maybe_unused]] const ssize_t written = ::write(start, &failure, sizeof failure);
    ::_exit(127);
}

void setLimits()
{
    // As init systems do: programs that want more descriptors may raise their own limit.
    const rlimit files{1024, 524288};
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (getppid() == 1)
        writeFile("/proc/self/oom_score_adj", "0");
}

bool becomeUser(const User& user)
{
    if (user.uid == geteuid() && geteuid() != 0)
        return true; // not root ourselves: in tests
    return ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
           ::setresgid(user.gid, user.gid, user.gid) == 0 &&
           ::setresuid(user.uid, user.uid, user.uid) == 0;
}

[[noreturn]] void runChild(const guest::ExecMessage& request,
                           const User& user,
                           const FarEnds& far,
                           int start,
                           const char* program,
                           char** arguments,
                           char** variables)
{
    resetSignals();
    ::setsid();
    if (request.terminal && !request.detached && ::ioctl(far.input.get(), TIOCSCTTY, 0) != 0)
        giveUp(start, Step::Terminal);
    const int output = far.output.isOpen() ? far.output.get() : far.input.get();
    const int errors = far.errorOutput.isOpen() ? far.errorOutput.get() : output;
    if (::dup2(far.input.get(), 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(errors, 2) < 0)
        giveUp(start, Step::Streams);
    setLimits();
    ::umask(022);
    if (!becomeUser(user))
        giveUp(start, Step::User);
    if (!request.directory.empty()) {
        if (::chdir(request.directory.c_str()) != 0)
            giveUp(start, Step::Directory);
    } else if (::chdir(user.home.c_str()) != 0 && ::chdir("/") != 0) {
        giveUp(start, Step::Directory);
    }
    environ = variables; // execvp() takes PATH from it
    ::execvp(program, arguments);
    giveUp(start, Step::Program);
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (std::string& string : strings)
        result.push_back(string.data());
    result.push_back(nullptr);
    return result;
}

} // namespace

guest::OutcomeMessage startChild(const guest::ExecMessage& request, bool trusted, Child& child)
{
    User user;
    if (!findUser(request.user, user))
        return {ENOENT, "no user " + request.user + " in the guest"};
    FarEnds far;
    const bool opened = request.detached   ? openNull(far)
                        : request.terminal ? openTerminal(request, user, child, far)
                                           : openPipes(child, far);
    UniqueFd startWriter;
    if (!opened || !makePipe(child.start, startWriter) || !setNonBlocking(child.start.get()))
        return failed("cannot make the streams of a process", errno);

    std::vector<std::string> arguments = request.arguments;
    const bool login = arguments.size() == 1 && arguments[0].empty();
    const std::string program = login ? user.shell : arguments[0];
    if (login) // a name that begins with a dash makes a login shell
        arguments[0] = "-" + user.shell.substr(user.shell.rfind('/') + 1);
    std::vector<std::string> variables;
    for (const auto& [name, value] :
         processEnvironment(user, request.terminal, trusted, request.environment))
        variables.push_back(name + "=" + value);
    std::vector<char*> argumentPointers = pointers(arguments);
    std::vector<char*> variablePointers = pointers(variables);

    child.pid = ::fork();
    if (child.pid < 0)
        return failed("cannot fork", errno);
    if (child.pid == 0)
        runChild(request, user, far, startWriter.get(), program.c_str(), argumentPointers.data(),
                 variablePointers.data());
    return {};
}

StartState readStart(int start, std::string_view program, guest::OutcomeMessage& outcome)
{
    StartFailure failure{};
    const ssize_t n = ::read(start, &failure, sizeof failure);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return StartState::Pending;
    if (n != static_cast<ssize_t>(sizeof failure))
        return StartState::Running;
    const char* what = "cannot run";
    switch (failure.step) {
    case Step::Terminal:
        what = "cannot take the terminal for";
        break;
    case Step::Streams:
        what = "cannot connect the streams of";
        break;
    case Step::User:
        what = "cannot change the user for";
        break;
    case Step::Directory:
        what = "cannot enter the working directory of";
        break;
    case Step::Program:
        break;
    }
    outcome = failed(std::string(what) + " " + std::string(program.substr(0, 256)), failure.error);
    return StartState::Failed;
}

void resizeTerminal(int master, unsigned short columns, unsigned short rows)
{
    const winsize size{rows, columns, 0, 0};
    ::ioctl(master, TIOCSWINSZ, &size);
}

} // namespace sallyport::guestd
