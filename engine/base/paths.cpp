#include "engine/base/paths.h"

#include <cstdlib>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace sallyport {
namespace {

namespace fs = std::filesystem;

Result<fs::path> homeDirectory()
{
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home != '/')
        return fail(Error::Code::Invalid, "HOME is not set to an absolute path");
    return fs::path(home);
}

Result<fs::path> baseDirectory(const char* variable, std::string_view underHome)
{
    // The specification says that a relative path is to be ignored.
    if (const char* value = std::getenv(variable); value != nullptr && *value == '/')
        return fs::path(value);
    auto home = homeDirectory();
    if (!home)
        return home;
    return *home / underHome;
}

// Ours, a directory, and closed to everybody else.
Status makePrivateDirectory(const fs::path& path)
{
    std::error_code error;
    fs::create_directories(path, error);
    struct stat info
    {
    };
    if (::lstat(path.c_str(), &info) != 0)
        return failErrno("create " + path.string(), errno);
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid())
        return fail(Error::Code::Refused, path.string() + " exists and is not a directory of ours");
    if (::chmod(path.c_str(), 0700) != 0)
        return failErrno("chmod " + path.string(), errno);
    return {};
}

bool isOwnDirectory(const fs::path& path)
{
    struct stat info
    {
    };
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid();
}

Result<fs::path> runtimeBase()
{
    if (const char* value = std::getenv("XDG_RUNTIME_DIR"); value != nullptr && *value == '/')
        return fs::path(value);
    const std::string uid = std::to_string(::geteuid());
    if (fs::path usual = "/run/user/" + uid; isOwnDirectory(usual))
        return usual;
    fs::path fallback = "/tmp/sallyport-" + uid;
    if (auto made = makePrivateDirectory(fallback); !made)
        return tl::unexpected(made.error());
    return fallback;
}

} // namespace

fs::path Paths::images() const
{
    std::error_code error;
    fs::path resolved = fs::weakly_canonical(data / "images", error);
    return error ? data / "images" : resolved;
}

Result<Paths> Paths::fromEnvironment()
{
    const auto data = baseDirectory("XDG_DATA_HOME", ".local/share");
    const auto runtime = runtimeBase();
    for (const auto* base : {&data, &runtime})
        if (!*base)
            return tl::unexpected(base->error());
    Paths paths{*data / "sallyport", *runtime / "sallyport"};
    for (const fs::path& path : {paths.data, paths.runtime, paths.sandboxes()})
        if (auto made = makePrivateDirectory(path); !made)
            return tl::unexpected(made.error());
    std::error_code error;
    fs::create_directories(paths.images(), error);
    // Without symbolic links: the jail shows these places to QEMU at the same paths.
    paths.data = fs::canonical(paths.data, error);
    if (!error)
        paths.runtime = fs::canonical(paths.runtime, error);
    if (error)
        return fail(Error::Code::Io, "resolve " + paths.data.string() + ": " + error.message());
    return paths;
}

} // namespace sallyport
