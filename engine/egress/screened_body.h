#pragma once

// Bodies on their way through a scanner for secrets: what may pass does, what is to be replaced is,
// and a stranger ends the body. Holds back no more than the beginning of a possible match.

#include <functional>
#include <string>

#include "engine/egress/body.h"
#include "engine/secret/kit.h"

namespace sallyport::egress {

// A guest's body.
class ScreenedSource final : public BodySource
{
public:
    using OnStranger = std::function<void(std::size_t entry)>;

    ScreenedSource(BodySource& inner, secret::Kit::Stream stream, OnStranger onStranger);
    ScreenedSource(const ScreenedSource&) = delete;
    ScreenedSource& operator=(const ScreenedSource&) = delete;

    [[nodiscard]] State next(std::string_view& piece) override;
    [[nodiscard]] boost::asio::awaitable<void> wait() override { return m_inner.wait(); }
    [[nodiscard]] const Fields* trailers() const override { return m_inner.trailers(); }
    [[nodiscard]] std::string fault() const override;

private:
    [[nodiscard]] State stop(std::size_t needle);
    [[nodiscard]] State end(std::string_view& piece);

    BodySource& m_inner;
    secret::Kit::Stream m_stream;
    secret::Replacer m_replacer;
    OnStranger m_onStranger;
    std::string m_out;
    bool m_ended = false;   // the inner body has
    bool m_stopped = false; // by a stranger
};

// What the guest gets of an answer's body.
class ScreenedSink final : public BodySink
{
public:
    ScreenedSink(BodySink& inner, std::shared_ptr<const secret::Kit> kit);
    ScreenedSink(const ScreenedSink&) = delete;
    ScreenedSink& operator=(const ScreenedSink&) = delete;

    void put(std::string_view piece) override;
    void finish(const Fields* trailers) override;
    [[nodiscard]] bool isFull() const override { return m_inner.isFull(); }
    [[nodiscard]] boost::asio::awaitable<void> flush() override;
    [[nodiscard]] bool isBroken() const override { return m_inner.isBroken(); }

private:
    void pass();

    BodySink& m_inner;
    std::shared_ptr<const secret::Kit> m_kit;
    secret::Kit::Stream m_stream;
    secret::Replacer m_replacer;
    std::string m_out;
};

// The fields with placeholders for values.
[[nodiscard]] Fields withPlaceholders(const Fields& fields, const secret::Kit& kit);

} // namespace sallyport::egress
