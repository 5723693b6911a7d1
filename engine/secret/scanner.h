#pragma once

// Finds any of many texts in a stream of bytes in one pass, whatever its pieces (Aho-Corasick).
// Built once, then immutable: any thread. Its tables spell out what it looks for, so they are
// wiped when it goes.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::secret {

class Scanner
{
public:
    // Where a stream stands; a new one for each stream.
    using State = std::uint32_t;
    static constexpr State Start = 0;

    struct Hit
    {
        std::size_t end = 0;    // bytes of the piece up to and with the last of the match
        std::size_t needle = 0; // its index among those given
    };

    Scanner() = default;
    // Empty texts are never found. Of two equal ones the first is reported.
    explicit Scanner(const std::vector<std::string>& needles);
    ~Scanner();
    Scanner(Scanner&&) = default;
    Scanner& operator=(Scanner&&) = default;
    Scanner(const Scanner&) = delete;
    Scanner& operator=(const Scanner&) = delete;

    // Reads on from `state` until the first match's end, or to the end of the piece. Of texts that
    // end at the same place the longest is reported.
    [[nodiscard]] std::optional<Hit> find(State& state, std::string_view piece) const;
    // How many of the bytes read last may be the beginning of a match.
    [[nodiscard]] std::size_t pending(State state) const;

    [[nodiscard]] bool isEmpty() const { return m_next.empty(); }

private:
    [[nodiscard]] State& next(State state, std::size_t byteClass)
    {
        return m_next[state * m_classes + byteClass];
    }
    void number(const std::vector<std::string>& needles);
    void grow(const std::string& needle, std::size_t index);
    void link();

    static constexpr std::uint32_t None = UINT32_MAX;
    std::array<std::uint8_t, 256> m_classOf{}; // 0: a byte of no text
    std::size_t m_classes = 1;
    std::vector<State> m_next;           // by state and class
    std::vector<std::uint32_t> m_depth;  // by state
    std::vector<std::uint32_t> m_needle; // by state: the longest that ends here, or None
};

} // namespace sallyport::secret
