#include "engine/binding/files.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sallyport::binding {

namespace {

constexpr std::uintmax_t LeastFreeBytes = std::uintmax_t{512} * 1024 * 1024;

} // namespace

Status Files::prepare() const
{
    std::error_code error;
    std::filesystem::create_directories(m_folder, error);
    if (error)
        return fail(Error::Code::Io,
                    fmt::format("make the folder {}: {}", m_folder.string(), error.message()));
    ::chmod(m_folder.c_str(), 0700);
    return {};
}

std::string Files::newName()
{
    std::array<unsigned char, 16> bytes{};
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
        filled += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    std::string name;
    for (const unsigned char byte : bytes)
        name += fmt::format("{:02x}", byte);
    return name;
}

std::filesystem::path Files::pathOf(const std::string& name) const
{
    return m_folder / name.substr(0, 2) / name;
}

Result<UniqueFd> Files::create(const std::string& name) const
{
    const std::filesystem::path path = pathOf(name);
    if (::mkdir(path.parent_path().c_str(), 0700) != 0 && errno != EEXIST)
        return failErrno("make the folder " + path.parent_path().string(), errno);
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.isOpen())
        return failErrno("make the file " + path.string(), errno);
    return fd;
}

Result<UniqueFd> Files::open(const std::string& name) const
{
    const std::filesystem::path path = pathOf(name);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.isOpen())
        return failErrno("open the file " + path.string(), errno);
    return fd;
}

void Files::pin(const std::vector<std::string>& names)
{
    const std::lock_guard lock(m_mutex);
    for (const std::string& name : names)
        ++m_pins[name];
}

void Files::unpin(const std::vector<std::string>& names)
{
    const std::lock_guard lock(m_mutex);
    for (const std::string& name : names) {
        const auto pin = m_pins.find(name);
        if (pin == m_pins.end() || --pin->second > 0)
            continue;
        m_pins.erase(pin);
        if (m_doomed.erase(name) > 0)
            unlink(name);
    }
}

void Files::remove(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    if (m_pins.contains(name))
        m_doomed.insert(name);
    else
        unlink(name);
}

void Files::unlink(const std::string& name)
{
    ::unlink(pathOf(name).c_str());
    m_removed.push_back(name);
}

std::vector<std::string> Files::takeRemoved()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_removed, {});
}

Status Files::checkRoom() const
{
    std::error_code error;
    const auto space = std::filesystem::space(m_folder, error);
    if (!error && space.available < LeastFreeBytes)
        return fail(Error::Code::Unavailable,
                    fmt::format("the disk of {} has less than {} MiB left, which are kept for this "
                                "machine",
                                m_folder.string(), LeastFreeBytes / (1024 * 1024)));
    return {};
}

} // namespace sallyport::binding
