#include "engine/api/engine_lock.h"

#include <array>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace sallyport::api {
namespace {

std::string holderOf(int fd)
{
    std::array<char, 16> text{};
    const auto count = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    while (!pid.empty() && pid.back() == '\n')
        pid.pop_back();
    return pid.empty() ? "unknown" : pid;
}

} // namespace

Result<EngineLock> EngineLock::take(const std::filesystem::path& runtimeDirectory)
{
    const std::string path = (runtimeDirectory / "engine.lock").string();
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.isOpen())
        return failErrno("open " + path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return failErrno("lock " + path, errno);
        return fail(Error::Code::Conflict,
                    "an engine runs already (process " + holderOf(fd.get()) + ")");
    }
    // For the message above only; the lock is what counts.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
        return failErrno("write " + path, errno);
    return EngineLock(std::move(fd));
}

} // namespace sallyport::api
