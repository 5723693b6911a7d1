#pragma once

// The folder of content files. A file is written once and then only read; one that is read when it
// is to go goes when its last reader does. Any thread.

#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace sallyport::binding {

class Files
{
public:
    explicit Files(std::filesystem::path folder)
        : m_folder(std::move(folder))
    {
    }

    // Makes the folder.
    [[nodiscard]] Status prepare() const;
    // A name that was never used.
    [[nodiscard]] static std::string newName();
    [[nodiscard]] Result<UniqueFd> create(const std::string& name) const;
    [[nodiscard]] Result<UniqueFd> open(const std::string& name) const;

    void pin(const std::vector<std::string>& names);
    void unpin(const std::vector<std::string>& names);
    // Deletes it, now or when nobody reads it any more.
    void remove(const std::string& name);
    // Those that are deleted since the last call.
    [[nodiscard]] std::vector<std::string> takeRemoved();

    // Whether the disk can take more: what guests store must not fill it.
    [[nodiscard]] Status checkRoom() const;

private:
    [[nodiscard]] std::filesystem::path pathOf(const std::string& name) const;
    void unlink(const std::string& name); // with the mutex held

    std::filesystem::path m_folder;
    std::mutex m_mutex; // guards what follows
    std::map<std::string, int> m_pins;
    std::set<std::string> m_doomed; // pinned, to be removed
    std::vector<std::string> m_removed;
};

} // namespace sallyport::binding
