// How the doctor looks at this machine.

#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "engine/base/unique_fd.h"
#include "engine/jail/doctor.h"
#include "engine/jail/start_supervisor.h"

namespace sallyport::jail {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds ProgramDeadline{5000};
constexpr milliseconds TrialDeadline{20000};
constexpr std::size_t MaxFile = 256UL * 1024;

std::optional<std::string> readSmallFile(const fs::path& path)
{
    std::ifstream file(path);
    if (!file)
        return std::nullopt;
    std::string text(MaxFile, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

int openBothWays(const fs::path& path)
{
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    return file.isOpen() ? 0 : errno;
}

std::optional<std::string> firstLineOf(const std::vector<std::string>& argv)
{
    const auto end = runProgram(argv, ProgramDeadline);
    if (!end || end->status != 0)
        return std::nullopt;
    return end->words.substr(0, end->words.find('\n'));
}

// The nearest existing directory decides: the data directory may not have been made yet.
std::optional<std::uint64_t> roomAt(fs::path path)
{
    std::error_code error;
    while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path())
        path = path.parent_path();
    const auto space = fs::space(path, error);
    return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

std::string tryNamespaces(const fs::path& jailBinary)
{
    const auto end = runProgram({jailBinary.string(), "--check"}, TrialDeadline);
    if (!end)
        return end.error().text;
    if (end->status == 0)
        return {};
    return end->words.empty() ? "the trial was killed" : end->words;
}

std::string nameOfUser()
{
    // Not thread-safe by the standard, but glibc's is for a single caller; the doctor is one.
    const passwd* entry = ::getpwuid(::geteuid()); // NOLINT(concurrency-mt-unsafe)
    return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

} // namespace

DoctorProbes DoctorProbes::system()
{
    DoctorProbes probes;
    probes.readFile = readSmallFile;
    probes.openReadWrite = openBothWays;
    probes.run = firstLineOf;
    probes.isFile = [](const fs::path& path) {
        std::error_code ignored;
        return fs::is_regular_file(path, ignored);
    };
    probes.freeBytes = [](const fs::path& path) { return roomAt(path); };
    probes.tryJail = tryNamespaces;
    probes.userName = nameOfUser;
    return probes;
}

} // namespace sallyport::jail
