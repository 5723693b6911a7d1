#include "engine/handler/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sallyport::handler {

namespace {

constexpr int ChildSocket = 3;
constexpr int ChildPage = 4;

// Out of the way of the numbers that the child expects.
UniqueFd movedUp(const UniqueFd& fd)
{
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
}

// The language's engine reads its settings from the environment, so the child has one of ours.
std::vector<std::string> environment(bool isFast)
{
    std::vector<std::string> all{"TZ=UTC", "LANG=C.UTF-8", "JSC_useWasm=0"};
    if (isFast) {
        all.emplace_back("JSC_useJIT=1");
        all.emplace_back("JSC_useFTLJIT=0");
        all.emplace_back("JSC_forceRAMSize=134217728");
    } else {
        all.emplace_back("JSC_useJIT=0");
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> all;
    for (std::string& string : strings)
        all.push_back(string.data());
    all.push_back(nullptr);
    return all;
}

class FileActions
{
public:
    FileActions() { ::posix_spawn_file_actions_init(&m_actions); }
    ~FileActions() { ::posix_spawn_file_actions_destroy(&m_actions); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    posix_spawn_file_actions_t* get() { return &m_actions; }

private:
    posix_spawn_file_actions_t m_actions{};
};

int spawn(const ProcessOptions& options, int socket, int page, pid_t& id)
{
    FileActions actions;
    for (int fd = 0; fd < 3; ++fd)
        ::posix_spawn_file_actions_addopen(actions.get(), fd, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(actions.get(), socket, ChildSocket);
    ::posix_spawn_file_actions_adddup2(actions.get(), page, ChildPage);
    ::posix_spawn_file_actions_addclosefrom_np(actions.get(), ChildPage + 1);
    std::vector<std::string> arguments{options.program, "--cpu-ms",
                                       std::to_string(options.callMilliseconds), "--fast",
                                       options.isFast ? "yes" : "no"};
    std::vector<std::string> variables = environment(options.isFast);
    return ::posix_spawn(&id, options.program.c_str(), actions.get(), nullptr,
                         pointers(arguments).data(), pointers(variables).data());
}

} // namespace

Result<std::unique_ptr<Process>> Process::start(const ProcessOptions& options)
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return failErrno("make a socket for handlers", errno);
    UniqueFd ours(pair[0]);
    const UniqueFd theirs = movedUp(UniqueFd(pair[1]));
    const UniqueFd memory = movedUp(UniqueFd(::memfd_create("sallyport-handler", MFD_CLOEXEC)));
    if (!theirs.isOpen() || !memory.isOpen() ||
        ::ftruncate(memory.get(), sizeof(SharedPage)) != 0 ||
        ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0)
        return failErrno("prepare a process for handlers", errno);
    void* page = ::mmap(nullptr, sizeof(SharedPage), PROT_READ, MAP_SHARED, memory.get(), 0);
    if (page == MAP_FAILED)
        return failErrno("share memory with a process for handlers", errno);
    pid_t id = 0;
    if (const int error = spawn(options, theirs.get(), memory.get(), id); error != 0) {
        ::munmap(page, sizeof(SharedPage));
        return failErrno("start " + options.program, error);
    }
    return std::unique_ptr<Process>(
        new Process(id, std::move(ours), static_cast<volatile SharedPage*>(page)));
}

Process::Process(pid_t id, UniqueFd socket, volatile SharedPage* page)
    : m_id(id)
    , m_socket(std::move(socket))
    , m_page(page)
{
}

Process::~Process()
{
    kill();
    ::munmap(const_cast<SharedPage*>(m_page), sizeof(SharedPage));
}

void Process::kill()
{
    if (m_id <= 0)
        return;
    ::kill(m_id, SIGKILL);
    // A killed process that only computed is gone at once.
    while (::waitpid(m_id, nullptr, 0) < 0 && errno == EINTR) {
    }
    m_id = 0;
}

SharedPage Process::page() const
{
    return {m_page->call, m_page->entry};
}

std::size_t Process::memoryBytes() const
{
    const std::string path = "/proc/" + std::to_string(m_id) + "/statm";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    if (!file.isOpen() || ::read(file.get(), text.data(), text.size() - 1) <= 0)
        return 0;
    unsigned long size = 0;
    unsigned long resident = 0;
    unsigned long shared = 0;
    if (std::sscanf(text.data(), "%lu %lu %lu", &size, &resident, &shared) != 3 ||
        shared > resident)
        return 0;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::chrono::nanoseconds Process::processorTime() const
{
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(m_id, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
        return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace sallyport::handler
