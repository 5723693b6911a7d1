#include "guestd/files.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"

namespace sallyport::guestd {

namespace {

bool writeAll(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

} // namespace

std::string readFile(const std::string& path, std::size_t most)
{
    std::string text;
    // Non-blocking, so that a FIFO put in a file's place can't stop us.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isOpen())
        return text;
    char buffer[4096];
    while (text.size() < most) {
        const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    if (text.size() > most)
        text.resize(most);
    return text;
}

bool writeFile(const std::string& path, std::string_view text)
{
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    return file.isOpen() && writeAll(file.get(), text);
}

bool replaceFile(const std::string& path, std::string_view text, mode_t mode)
{
    const std::string fresh = path + ".sallyport-new";
    ::unlink(fresh.c_str());
    UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file.isOpen())
        return false;
    const bool whole = ::fchmod(file.get(), mode) == 0 && writeAll(file.get(), text);
    file.reset();
    if (whole && ::rename(fresh.c_str(), path.c_str()) == 0)
        return true;
    const int reason = errno;
    ::unlink(fresh.c_str());
    errno = reason;
    return false;
}

bool fileExists(const std::string& path)
{
    return ::access(path.c_str(), F_OK) == 0;
}

bool makeDirectory(const std::string& path, mode_t mode)
{
    return ::mkdir(path.c_str(), mode) == 0 || errno == EEXIST;
}

} // namespace sallyport::guestd
