#pragma once

// Carries a stream through a scanner: matches are let through, replaced, or end it. Nothing of a
// match that ends the stream is given out but what release() had to. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/secret/scanner.h"

namespace sallyport::secret {

// What is done with a match of one needle.
struct MatchAction
{
    enum class Kind
    {
        Pass,
        Replace,
        Stop,
    };
    Kind kind = Kind::Pass;
    std::string_view with; // for Replace; outlives the replacer
};

class Replacer
{
public:
    // One action for each needle of the scanner; `lengths` are the needles'. All outlive this.
    Replacer(const Scanner& scanner,
             const std::vector<std::size_t>& lengths,
             const std::vector<MatchAction>& actions)
        : m_scanner(scanner)
        , m_lengths(lengths)
        , m_actions(actions)
    {
    }

    // Appends to `out` what of the stream is known to be fine. Returns the needle that stops it;
    // nothing more may be fed then.
    [[nodiscard]] std::optional<std::size_t> feed(std::string_view piece, std::string& out);
    // The stream waits: gives out what is held back where that is at most ReleasedBytes, so that
    // the last bytes of an event do not wait for the next one.
    void release(std::string& out);
    // The end of the stream: what was held back is no match.
    void finish(std::string& out);

    // So many bytes of a match can leave, by a sender that waits after them.
    static constexpr std::size_t ReleasedBytes = 4;

private:
    const Scanner& m_scanner;
    const std::vector<std::size_t>& m_lengths;
    const std::vector<MatchAction>& m_actions;
    Scanner::State m_state = Scanner::Start;
    std::string m_held; // the end of what was fed, not given out yet
};

} // namespace sallyport::secret
