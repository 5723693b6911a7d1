#pragma once

#include <filesystem>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace sallyport::api {

// Held by the one engine that may run for a user: an flock on engine.lock in the run directory.
// Taken before the database is opened and kept as long as the object lives; the kernel releases it
// when the process dies, however that happens.
class EngineLock
{
public:
    // Conflict, naming the other engine's process id, when one runs already.
    [[nodiscard]] static Result<EngineLock> take(const std::filesystem::path& runtimeDirectory);

private:
    explicit EngineLock(UniqueFd fd)
        : m_fd(std::move(fd))
    {
    }
    UniqueFd m_fd;
};

} // namespace sallyport::api
