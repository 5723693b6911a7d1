#pragma once

// Path patterns of rules, and the paths they are compared with. "*" is any run of bytes without
// '/', "**" any run. The query is never part of it.
//
// Servers read odd paths in different ways ("//", "/./", "..", "%2e", "%2f", '\', "..;"). A path
// is therefore taken apart into every reading a server may give it. An allow must match all of
// them, a deny any: "/public/**" does not open "/public/../secret", and a deny of "/admin/**" stops
// "/x/..%2fadmin/". Time is linear in the path for a given pattern. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace sallyport::policy {

inline constexpr std::size_t MostPathPatternBytes = 1024;

// The readings of one request target's path. Make it once a request and pass it to every pattern.
class RequestPath
{
public:
    // The target as sent: path, perhaps with a query; "*" and the empty path are kept as they are.
    explicit RequestPath(std::string_view target);

    // No server gives this path a second meaning.
    [[nodiscard]] bool isPlain() const { return m_plain; }

private:
    friend class PathGlob;
    // RFC 3986 6.2.2: escapes of unreserved bytes undone, the others in upper case. First as sent,
    // then without dot segments, then with runs of '/' merged as well.
    std::vector<std::string> m_strict;
    std::string m_decoded; // all escapes undone, repeatedly, '\' taken as '/'; where it can differ
    bool m_hasDecoded = false;
    bool m_plain = true;
    bool m_unreadable = false; // holds an encoded NUL or too many layers: no allow can match
};

class PathGlob
{
public:
    PathGlob() = default; // matches any path
    [[nodiscard]] static Result<PathGlob> parse(std::string_view pattern);

    [[nodiscard]] bool isAny() const { return m_strict.empty(); }
    // For allow rules: every reading matches.
    [[nodiscard]] bool matchesEvery(const RequestPath& path) const;
    // For deny rules: some reading matches.
    [[nodiscard]] bool matchesSome(const RequestPath& path) const;
    // Bytes that are not wildcards: more of them is more specific.
    [[nodiscard]] int literalBytes() const { return m_literalBytes; }

private:
    using Tokens = std::vector<std::uint16_t>; // a byte, or one of the two wildcards
    [[nodiscard]] static bool matches(const Tokens& tokens, std::string_view path);

    Tokens m_strict;
    Tokens m_decoded; // with the escapes of its literals undone, for RequestPath::m_decoded
    int m_literalBytes = 0;
};

// Patterns for this path and everything below it, as an answer with a path prefix makes:
// "/v1/items?x=1" gives "/v1/items" and "/v1/items/**", "/v1/" gives "/v1/**". A '*' of the path
// stays literal ("%2A"). Empty where servers may read the path in more than one way.
[[nodiscard]] std::vector<std::string> patternsForPrefix(std::string_view target);

} // namespace sallyport::policy
