#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/binding/files.h"
#include "engine/binding/item.h"

namespace sallyport::binding {

// The contents of an item as they were when it was opened, whatever becomes of its key meanwhile.
// One thread at a time; read() waits for the disk.
class Content
{
public:
    struct Segment
    {
        std::string file;
        std::int64_t bytes = 0;
    };

    // `segments` are pinned already; `owner` keeps `files`.
    Content(std::shared_ptr<void> owner,
            Files& files,
            Item item,
            std::string bytes,
            std::vector<Segment> segments);
    ~Content();
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    [[nodiscard]] const Item& item() const { return m_item; }
    // At most `most` bytes from there on; fewer at the end or at a seam, none past it.
    [[nodiscard]] Result<std::string> read(std::int64_t offset, std::size_t most);

private:
    std::shared_ptr<void> m_owner;
    Files& m_files;
    Item m_item;
    std::string m_bytes; // of one that lies in the database
    std::vector<Segment> m_segments;
    std::size_t m_openSegment = 0; // whose file m_file is
    UniqueFd m_file;
};

} // namespace sallyport::binding
