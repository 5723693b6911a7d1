#include "engine/secret/scanner.h"

#include <queue>

#include <openssl/crypto.h>

namespace sallyport::secret {

Scanner::Scanner(const std::vector<std::string>& needles)
{
    number(needles);
    if (m_classes == 1)
        return;
    m_next.assign(m_classes, None);
    m_depth.assign(1, 0);
    m_needle.assign(1, None);
    for (std::size_t i = 0; i < needles.size(); ++i)
        if (!needles[i].empty())
            grow(needles[i], i);
    link();
}

Scanner::~Scanner()
{
    OPENSSL_cleanse(m_next.data(), m_next.size() * sizeof(State));
    OPENSSL_cleanse(m_classOf.data(), m_classOf.size());
}

// Texts use few of the 256 bytes; tables by class are a fraction of tables by byte.
void Scanner::number(const std::vector<std::string>& needles)
{
    for (const std::string& needle : needles)
        for (const char c : needle) {
            std::uint8_t& byteClass = m_classOf[static_cast<unsigned char>(c)];
            // Were all 256 in use, the last would share a class with "none": then it is never
            // found, so texts are to leave one byte out. Ours do.
            if (byteClass == 0 && m_classes < 256)
                byteClass = static_cast<std::uint8_t>(m_classes++);
        }
}

void Scanner::grow(const std::string& needle, std::size_t index)
{
    State state = Start;
    for (const char c : needle) {
        const std::size_t byteClass = m_classOf[static_cast<unsigned char>(c)];
        if (next(state, byteClass) == None) {
            const auto made = static_cast<State>(m_depth.size());
            next(state, byteClass) = made;
            m_depth.push_back(m_depth[state] + 1);
            m_needle.push_back(None);
            m_next.resize(m_next.size() + m_classes, None);
        }
        state = next(state, byteClass);
    }
    if (m_needle[state] == None)
        m_needle[state] = static_cast<std::uint32_t>(index);
}

// Breadth first: where a text breaks off, the state of the longest end of what was read that
// begins a text goes on.
void Scanner::link()
{
    std::vector<State> fallback(m_depth.size(), Start);
    std::queue<State> waiting;
    waiting.push(Start);
    while (!waiting.empty()) {
        const State state = waiting.front();
        waiting.pop();
        const State other = fallback[state];
        if (m_needle[state] == None)
            m_needle[state] = m_needle[other];
        for (std::size_t byteClass = 0; byteClass < m_classes; ++byteClass) {
            State& target = next(state, byteClass);
            const State instead = state == Start ? Start : next(other, byteClass);
            if (target == None) {
                target = instead;
            } else {
                fallback[target] = instead;
                waiting.push(target);
            }
        }
    }
}

std::optional<Scanner::Hit> Scanner::find(State& state, std::string_view piece) const
{
    if (isEmpty())
        return std::nullopt;
    State at = state;
    for (std::size_t i = 0; i < piece.size(); ++i) {
        at = m_next[at * m_classes + m_classOf[static_cast<unsigned char>(piece[i])]];
        if (m_needle[at] != None) {
            state = at;
            return Hit{i + 1, m_needle[at]};
        }
    }
    state = at;
    return std::nullopt;
}

std::size_t Scanner::pending(State state) const
{
    return isEmpty() ? 0 : m_depth[state];
}

} // namespace sallyport::secret
