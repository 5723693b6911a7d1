#include "engine/image/overlay.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/base/unique_fd.h"

namespace sallyport::image {

namespace {

constexpr std::uint64_t MiB = 1024 * 1024;
constexpr std::uint64_t MostMiB = 1024 * 1024; // as far as the base's file system can grow
constexpr std::chrono::seconds Deadline{30};
constexpr std::size_t MostErrorBytes = 2000;

// Gathers what the program prints until it closes its output. False: not before the deadline.
bool readUntilEnd(int fd, std::string& text)
{
    const auto until = std::chrono::steady_clock::now() + Deadline;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd poll{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&poll, 1, static_cast<int>(left.count())) == 0)
            return false;
        std::array<char, 1024> buffer{};
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return true;
        if (text.size() < MostErrorBytes)
            text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

class SpawnActions
{
public:
    SpawnActions() { ::posix_spawn_file_actions_init(&m_actions); }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&m_actions); }
    posix_spawn_file_actions_t* get() { return &m_actions; }

private:
    posix_spawn_file_actions_t m_actions{};
};

Status runQemuImg(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "qemu-img");
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failErrno("cannot make a pipe", errno);
    const UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);
    SpawnActions actions;
    ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(actions.get(), writeEnd.get(), 1);
    ::posix_spawn_file_actions_adddup2(actions.get(), writeEnd.get(), 2);
    ::posix_spawn_file_actions_addclosefrom_np(actions.get(), 3);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, "qemu-img", actions.get(), nullptr, pointers.data(), environ);
    if (error == ENOENT)
        return fail(Error::Code::Unavailable,
                    "the program qemu-img is missing; install the package qemu-utils");
    if (error != 0)
        return failErrno("cannot run qemu-img", error);
    writeEnd.reset();
    std::string output;
    if (!readUntilEnd(readEnd.get(), output)) {
        ::kill(pid, SIGKILL);
        output += "no answer in time";
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return {};
    return fail(Error::Code::Io,
                "qemu-img failed: " + text::elide(text::escapeControls(output), 500));
}

} // namespace

Status createOverlay(const std::filesystem::path& base,
                     const std::filesystem::path& path,
                     std::uint64_t sizeMiB)
{
    std::error_code error;
    const std::filesystem::path realBase = std::filesystem::canonical(base, error);
    const std::uint64_t baseBytes = error ? 0 : std::filesystem::file_size(realBase, error);
    if (error)
        return fail(Error::Code::NotFound, "there is no base disk " + base.string());
    if (sizeMiB > MostMiB || sizeMiB * MiB < baseBytes)
        return fail(Error::Code::Invalid, "a disk over this image has between " +
                                              std::to_string((baseBytes + MiB - 1) / MiB) +
                                              " and " + std::to_string(MostMiB) + " MiB, not " +
                                              std::to_string(sizeMiB));
    // Claims the name, with the mode that is meant; qemu-img writes into the file that is there.
    const UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isOpen())
        return errno == EEXIST
                   ? Status(fail(Error::Code::Exists, "there is a disk already: " + path.string()))
                   : Status(failErrno("cannot create " + path.string(), errno));
    Status made = runQemuImg({"create", "-q", "-f", "qcow2", "-b", realBase.string(), "-F", "raw",
                              path.string(), std::to_string(sizeMiB) + "M"});
    if (!made)
        ::unlink(path.c_str());
    return made;
}

Status resetOverlay(const std::filesystem::path& base,
                    const std::filesystem::path& path,
                    std::uint64_t sizeMiB)
{
    std::filesystem::path fresh = path;
    fresh += ".new";
    ::unlink(fresh.c_str()); // of a reset that was cut short
    if (Status made = createOverlay(base, fresh, sizeMiB); !made)
        return made;
    if (::rename(fresh.c_str(), path.c_str()) == 0)
        return {};
    const int reason = errno;
    ::unlink(fresh.c_str());
    return failErrno("cannot replace " + path.string(), reason);
}

std::uint64_t diskUsage(const std::filesystem::path& path)
{
    struct stat info
    {
    };
    constexpr std::uint64_t BlockBytes = 512; // of st_blocks, whatever the file system's are
    return ::stat(path.c_str(), &info) == 0
               ? static_cast<std::uint64_t>(info.st_blocks) * BlockBytes
               : 0;
}

Status checkFreeSpace(const std::filesystem::path& directory, std::uint64_t neededMiB)
{
    struct statvfs info
    {
    };
    if (::statvfs(directory.c_str(), &info) != 0)
        return failErrno("cannot look at the file system of " + directory.string(), errno);
    const std::uint64_t freeMiB = info.f_bavail * info.f_frsize / MiB;
    if (freeMiB >= neededMiB)
        return {};
    return fail(Error::Code::Unavailable, "the disk of " + directory.string() +
                                              " is nearly full: " + std::to_string(freeMiB) +
                                              " MiB are free, " + std::to_string(neededMiB) +
                                              " MiB are needed");
}

} // namespace sallyport::image
