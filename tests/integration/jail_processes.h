#pragma once

// Looking at processes from outside the jail, by /proc.

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sallyport::jail {

// All processes whose parent is `parent`.
inline std::vector<pid_t> childrenOf(pid_t parent)
{
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename().string();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{})
            continue;
        std::ifstream status(entry.path() / "status");
        for (std::string line; std::getline(status, line);)
            if (line == "PPid:\t" + std::to_string(parent))
                found.push_back(pid);
    }
    return found;
}

// The child with that name (of at most 15 bytes), or -1.
inline pid_t childNamed(pid_t parent, const std::string& name)
{
    for (const pid_t pid : childrenOf(parent)) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
        std::string comm;
        std::getline(file, comm);
        if (comm == name)
            return pid;
    }
    return -1;
}

// Whether there is a child with that name, and it is not the one known.
inline bool hasOtherChild(pid_t parent, const std::string& name, pid_t known)
{
    const pid_t found = childNamed(parent, name);
    return found > 0 && found != known;
}

} // namespace sallyport::jail
