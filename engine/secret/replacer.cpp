#include "engine/secret/replacer.h"

#include <algorithm>

namespace sallyport::secret {

std::optional<std::size_t> Replacer::feed(std::string_view piece, std::string& out)
{
    std::size_t read = 0; // of the piece, by the scanner
    std::size_t kept = 0; // of the piece, given out or dropped
    // Gives out all but the last `most` bytes of what was read.
    const auto giveOut = [&](std::size_t most) {
        const std::size_t waiting = m_held.size() + (read - kept);
        std::size_t ready = waiting > most ? waiting - most : 0;
        const std::size_t ofHeld = std::min(ready, m_held.size());
        out.append(m_held, 0, ofHeld);
        m_held.erase(0, ofHeld);
        ready -= ofHeld;
        out.append(piece.substr(kept, ready));
        kept += ready;
    };
    for (;;) {
        const auto hit = m_scanner.find(m_state, piece.substr(read));
        if (!hit) {
            read = piece.size();
            break;
        }
        read += hit->end;
        const MatchAction& action = m_actions[hit->needle];
        if (action.kind == MatchAction::Kind::Pass)
            continue;
        // Bytes of this very match that release() gave out can't be taken back.
        giveOut(m_lengths[hit->needle]);
        if (action.kind == MatchAction::Kind::Stop)
            return hit->needle;
        if (m_held.size() + (read - kept) == m_lengths[hit->needle])
            out.append(action.with);
        else
            giveOut(0); // its beginning has left: too late to replace it
        m_held.clear();
        kept = read;
        m_state = Scanner::Start;
    }
    giveOut(m_scanner.pending(m_state));
    m_held.append(piece.substr(kept));
    return std::nullopt;
}

void Replacer::release(std::string& out)
{
    if (m_held.size() > ReleasedBytes || m_scanner.pending(m_state) > ReleasedBytes)
        return;
    out.append(m_held);
    m_held.clear();
}

void Replacer::finish(std::string& out)
{
    out.append(m_held);
    m_held.clear();
    m_state = Scanner::Start;
}

} // namespace sallyport::secret
