#include "engine/binding/content.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

namespace sallyport::binding {

namespace {

std::vector<std::string> namesOf(const std::vector<Content::Segment>& segments)
{
    std::vector<std::string> names;
    for (const Content::Segment& segment : segments)
        names.push_back(segment.file);
    return names;
}

} // namespace

Content::Content(std::shared_ptr<void> owner,
                 Files& files,
                 Item item,
                 std::string bytes,
                 std::vector<Segment> segments)
    : m_owner(std::move(owner))
    , m_files(files)
    , m_item(std::move(item))
    , m_bytes(std::move(bytes))
    , m_segments(std::move(segments))
{
}

Content::~Content()
{
    m_files.unpin(namesOf(m_segments));
}

Result<std::string> Content::read(std::int64_t offset, std::size_t most)
{
    if (offset < 0 || offset >= m_item.bytes)
        return std::string();
    if (m_segments.empty())
        return m_bytes.substr(static_cast<std::size_t>(offset), most);
    std::size_t index = 0;
    while (index < m_segments.size() && offset >= m_segments[index].bytes)
        offset -= m_segments[index++].bytes;
    if (index == m_segments.size())
        return fail(Error::Code::Internal, "the contents of " + m_item.key + " are incomplete");
    if (!m_file.isOpen() || index != m_openSegment) {
        auto file = m_files.open(m_segments[index].file);
        if (!file)
            return tl::unexpected(file.error());
        m_file = std::move(*file);
        m_openSegment = index;
    }
    const std::int64_t left = m_segments[index].bytes - offset;
    std::string bytes(std::min(most, static_cast<std::size_t>(left)), '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::pread(m_file.get(), bytes.data() + filled, bytes.size() - filled,
                                      offset + static_cast<std::int64_t>(filled));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failErrno("read the contents of " + m_item.key, errno);
        if (count == 0)
            return fail(Error::Code::Io, "the contents of " + m_item.key + " are cut off");
        filled += static_cast<std::size_t>(count);
    }
    return bytes;
}

} // namespace sallyport::binding
