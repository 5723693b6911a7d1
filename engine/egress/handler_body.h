#pragma once

#include <memory>
#include <string>

#include "engine/egress/body.h"
#include "engine/egress/event.h"
#include "engine/handler/host.h"

namespace sallyport::egress {

// A body whose bytes a handler makes: asks its process for a piece, when it is asked for one.
// Frames about it are handed in. Network thread.
class HandlerBody final : public BodySource
{
public:
    HandlerBody(std::shared_ptr<handler::Host> host, std::uint32_t call, std::uint32_t number);

    // Piece, PieceEnd or PieceFailed of this body.
    void onFrame(const handler::Frame& frame);
    // Nothing more comes.
    void fail(std::string why);
    // Nobody reads on.
    void cancel();
    [[nodiscard]] bool isAsking() const { return m_isAsking; }

    [[nodiscard]] State next(std::string_view& piece) override;
    [[nodiscard]] boost::asio::awaitable<void> wait() override;
    [[nodiscard]] const Fields* trailers() const override { return nullptr; }
    [[nodiscard]] std::string fault() const override { return m_fault; }

private:
    std::shared_ptr<handler::Host> m_host;
    std::uint32_t m_call;
    std::uint32_t m_number;
    std::string m_piece;
    bool m_hasPiece = false;
    bool m_isAsking = false;
    bool m_isComplete = false;
    std::string m_fault;
    Event m_news;
};

// A body that lies in memory.
class WholeBody final : public BodySource
{
public:
    explicit WholeBody(std::string bytes)
        : m_bytes(std::move(bytes))
    {
    }
    [[nodiscard]] State next(std::string_view& piece) override
    {
        if (m_isGiven || m_bytes.empty())
            return State::End;
        m_isGiven = true;
        piece = m_bytes;
        return State::Piece;
    }
    [[nodiscard]] boost::asio::awaitable<void> wait() override { co_return; }
    [[nodiscard]] const Fields* trailers() const override { return nullptr; }
    [[nodiscard]] std::string fault() const override { return {}; }
    [[nodiscard]] std::size_t size() const { return m_bytes.size(); }

private:
    std::string m_bytes;
    bool m_isGiven = false;
};

} // namespace sallyport::egress
