#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace sallyport::egress {

// Bytes read from a connection and not yet used. Holds no memory while it is empty and released, so
// that an idle connection is small.
class InBuffer
{
public:
    explicit InBuffer(std::size_t blockBytes)
        : m_block(blockBytes)
    {
    }

    [[nodiscard]] std::string_view unread() const
    {
        return {m_data.get() + m_begin, m_end - m_begin};
    }
    [[nodiscard]] bool isEmpty() const { return m_begin == m_end; }

    void consume(std::size_t count)
    {
        m_begin += count;
        if (m_begin == m_end)
            m_begin = m_end = 0;
    }

    // Room to read into, at least one byte: moves what is unread to the front, grows by doubling.
    // Views from unread() end here.
    [[nodiscard]] std::span<char> room()
    {
        if (!m_data)
            grow(m_block);
        if (m_end == m_capacity && m_begin > 0) {
            std::memmove(m_data.get(), m_data.get() + m_begin, m_end - m_begin);
            m_end -= m_begin;
            m_begin = 0;
        }
        if (m_end == m_capacity)
            grow(m_capacity * 2);
        return {m_data.get() + m_end, m_capacity - m_end};
    }
    void filled(std::size_t count) { m_end += count; }

    // Gives the memory back when nothing is unread.
    void release()
    {
        if (!isEmpty())
            return;
        m_data.reset();
        m_capacity = 0;
    }

private:
    void grow(std::size_t capacity)
    {
        auto data = std::make_unique_for_overwrite<char[]>(capacity);
        const std::size_t size = m_end - m_begin;
        if (size > 0)
            std::memcpy(data.get(), m_data.get() + m_begin, size);
        m_data = std::move(data);
        m_capacity = capacity;
        m_begin = 0;
        m_end = size;
    }

    std::size_t m_block;
    std::unique_ptr<char[]> m_data;
    std::size_t m_capacity = 0;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

} // namespace sallyport::egress
