#include "engine/jail/supervisor/proc_file.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"

namespace sallyport::jail {

std::string readProcFile(const std::string& path)
{
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ssize_t size = file.isOpen() ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    std::string text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

Status writeProcFile(const std::string& path, std::string_view value)
{
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.isOpen())
        return failErrno("open " + path, errno);
    if (::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return failErrno("write " + path, errno);
    return {};
}

} // namespace sallyport::jail
