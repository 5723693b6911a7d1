#include "engine/egress/screened_body.h"

#include <utility>

namespace sallyport::egress {

ScreenedSource::ScreenedSource(BodySource& inner, secret::Kit::Stream stream, OnStranger onStranger)
    : m_inner(inner)
    , m_stream(std::move(stream))
    , m_replacer(m_stream.scanner, m_stream.lengths, m_stream.actions)
    , m_onStranger(std::move(onStranger))
{
}

BodySource::State ScreenedSource::next(std::string_view& piece)
{
    if (m_stopped)
        return State::Failed;
    for (;;) {
        m_out.clear();
        std::string_view raw;
        const State state = m_ended ? State::End : m_inner.next(raw);
        switch (state) {
        case State::Piece:
            if (const auto needle = m_replacer.feed(raw, m_out))
                return stop(*needle);
            break;
        case State::Blocked:
            m_replacer.release(m_out);
            if (m_out.empty())
                return state;
            break;
        case State::End:
            return end(piece);
        case State::Failed:
            return state;
        }
        if (!m_out.empty()) {
            piece = m_out;
            return State::Piece;
        }
    }
}

BodySource::State ScreenedSource::end(std::string_view& piece)
{
    if (std::exchange(m_ended, true))
        return State::End;
    m_replacer.finish(m_out);
    if (const Fields* fields = m_inner.trailers())
        for (const Field field : *fields) {
            // Nothing is replaced in a trailer, but nothing leaves by it either.
            secret::Replacer trailer(m_stream.scanner, m_stream.lengths, m_stream.actions);
            std::string ignored;
            if (const auto needle = trailer.feed(field.value, ignored))
                return stop(*needle);
        }
    if (m_out.empty())
        return State::End;
    piece = m_out;
    return State::Piece;
}

BodySource::State ScreenedSource::stop(std::size_t needle)
{
    m_stopped = true;
    m_onStranger(m_stream.owners[needle]);
    return State::Failed;
}

std::string ScreenedSource::fault() const
{
    return m_stopped ? "it holds a credential" : m_inner.fault();
}

ScreenedSink::ScreenedSink(BodySink& inner, std::shared_ptr<const secret::Kit> kit)
    : m_inner(inner)
    , m_kit(std::move(kit))
    , m_stream(m_kit->arriving())
    , m_replacer(m_stream.scanner, m_stream.lengths, m_stream.actions)
{
}

void ScreenedSink::put(std::string_view piece)
{
    static_cast<void>(m_replacer.feed(piece, m_out)); // nothing stops it
    pass();
}

void ScreenedSink::finish(const Fields* trailers)
{
    m_replacer.finish(m_out);
    pass();
    if (!trailers) {
        m_inner.finish(nullptr);
        return;
    }
    const Fields seen = withPlaceholders(*trailers, *m_kit);
    m_inner.finish(&seen);
}

// Called where the upstream's answer pauses, among others.
boost::asio::awaitable<void> ScreenedSink::flush()
{
    m_replacer.release(m_out);
    pass();
    return m_inner.flush();
}

void ScreenedSink::pass()
{
    if (!m_out.empty())
        m_inner.put(m_out);
    m_out.clear();
}

Fields withPlaceholders(const Fields& fields, const secret::Kit& kit)
{
    Fields seen;
    for (const Field field : fields)
        seen.add(field.name,
                 kit.headerWithPlaceholders(field.value).value_or(std::string(field.value)));
    return seen;
}

} // namespace sallyport::egress
