#pragma once

#include <cstdint>
#include <string>

#include "engine/egress/body.h"

namespace sallyport::egress {

// A body that fails once it is larger than it may be.
class CappedSource final : public BodySource
{
public:
    CappedSource(BodySource& inner, std::int64_t most)
        : m_inner(inner)
        , m_most(most)
    {
    }

    State next(std::string_view& piece) override
    {
        const State state = m_bytes > m_most ? State::Failed : m_inner.next(piece);
        if (state == State::Piece)
            m_bytes += static_cast<std::int64_t>(piece.size());
        return isOver() ? State::Failed : state;
    }
    boost::asio::awaitable<void> wait() override { return m_inner.wait(); }
    const Fields* trailers() const override { return m_inner.trailers(); }
    std::string fault() const override { return isOver() ? text(m_most) : m_inner.fault(); }

    [[nodiscard]] bool isOver() const { return m_bytes > m_most; }
    [[nodiscard]] static std::string text(std::int64_t most)
    {
        return "the body is larger than the " + std::to_string(most) +
               " bytes of budget.uploadBytes";
    }

private:
    BodySource& m_inner;
    std::int64_t m_most;
    std::int64_t m_bytes = 0;
};

} // namespace sallyport::egress
