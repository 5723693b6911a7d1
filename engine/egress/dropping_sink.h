#pragma once

#include <cstdint>

#include "engine/egress/body.h"

namespace sallyport::egress {

// Takes so many bytes of a body to nowhere.
class DroppingSink final : public BodySink
{
public:
    explicit DroppingSink(std::uint64_t most)
        : m_left(most)
    {
    }
    void close() { m_left = 0; }

    void put(std::string_view piece) override
    {
        m_left -= piece.size() < m_left ? piece.size() : m_left;
    }
    void finish(const Fields*) override {}
    bool isFull() const override { return false; }
    boost::asio::awaitable<void> flush() override { co_return; }
    bool isBroken() const override { return m_left == 0; }

private:
    std::uint64_t m_left;
};

} // namespace sallyport::egress
