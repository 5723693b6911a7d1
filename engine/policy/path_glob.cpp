#include "engine/policy/path_glob.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::policy {
namespace {

constexpr std::uint16_t Star = 0x100;     // any run without '/'
constexpr std::uint16_t StarStar = 0x101; // any run
constexpr int MostEscapeLayers = 4;

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte of the escape at `at`, or nullopt where there is none.
std::optional<char> escapeAt(std::string_view text, std::size_t at)
{
    if (text[at] != '%' || at + 2 >= text.size())
        return std::nullopt;
    const int high = hexValue(text[at + 1]);
    const int low = hexValue(text[at + 2]);
    if (high < 0 || low < 0)
        return std::nullopt;
    return static_cast<char>(high * 16 + low);
}

bool isUnreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string escaped(char c)
{
    return fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

// RFC 3986 6.2.2.1 and 6.2.2.2. With `escapeStar` a plain '*' becomes "%2A", so that in patterns
// '*' is always the wildcard.
std::string normaliseEscapes(std::string_view text, bool escapeStar)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::optional<char> byte = escapeAt(text, i);
        if (byte) {
            out += isUnreserved(*byte) ? std::string(1, *byte) : escaped(*byte);
            i += 2;
        } else if (text[i] == '*' && escapeStar) {
            out += "%2A";
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string decodeOnce(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::optional<char> byte = escapeAt(text, i);
        out += byte.value_or(text[i]);
        i += byte ? 2 : 0;
    }
    return out;
}

// RFC 3986 5.2.4 for absolute paths. `lenient` also takes "..;x" as ".." (path parameters, which
// some servers cut off first).
std::string withoutDotSegments(std::string_view path, bool lenient)
{
    if (!path.starts_with('/'))
        return std::string(path);
    std::string out;
    while (!path.empty()) {
        const std::size_t next = std::min(path.find('/', 1), path.size());
        const std::string_view whole = path.substr(1, next - 1);
        const std::string_view segment = lenient ? whole.substr(0, whole.find(';')) : whole;
        const bool isLast = next == path.size();
        path.remove_prefix(next);
        if (segment == "..")
            out.erase(std::min(out.rfind('/'), out.size()));
        if (segment == "." || segment == "..") {
            if (isLast)
                out += '/';
            continue;
        }
        out += '/';
        out += whole;
    }
    return out;
}

std::string withoutSlashRuns(std::string_view path)
{
    std::string out;
    out.reserve(path.size());
    for (const char c : path) {
        if (c != '/' || out.empty() || out.back() != '/')
            out += c;
    }
    return out;
}

bool hasDotSegments(std::string_view path)
{
    return path.find("/.") != std::string_view::npos && path != withoutDotSegments(path, true);
}

} // namespace

RequestPath::RequestPath(std::string_view target)
{
    const std::string_view path = target.substr(0, target.find_first_of("?#"));
    m_strict.push_back(normaliseEscapes(path, true));
    const std::string asSent = m_strict.front();
    const auto add = [this](std::string reading) {
        if (std::find(m_strict.begin(), m_strict.end(), reading) == m_strict.end())
            m_strict.push_back(std::move(reading));
    };
    if (hasDotSegments(asSent))
        add(withoutDotSegments(asSent, false));
    if (asSent.find("//") != std::string::npos)
        add(withoutDotSegments(withoutSlashRuns(asSent), false));

    const bool hasEscapes = asSent.find('%') != std::string::npos;
    if (hasEscapes || asSent.find('\\') != std::string::npos || hasDotSegments(asSent)) {
        std::string decoded = std::string(path);
        int layers = 0;
        for (std::string next = decodeOnce(decoded); next != decoded; next = decodeOnce(decoded)) {
            decoded = std::move(next);
            if (++layers > MostEscapeLayers) {
                m_unreadable = true;
                break;
            }
        }
        m_unreadable = m_unreadable || decoded.find('\0') != std::string::npos;
        // A second layer, or a delimiter that was hidden in the first, can be read two ways.
        m_plain = layers <= 1 && decoded.find('\\') == std::string::npos &&
                  std::count(decoded.begin(), decoded.end(), '/') ==
                      std::count(asSent.begin(), asSent.end(), '/');
        std::replace(decoded.begin(), decoded.end(), '\\', '/');
        m_decoded = withoutDotSegments(withoutSlashRuns(decoded), true);
        m_plain = m_plain && m_decoded == decoded;
        m_hasDecoded = true;
    }
    m_plain = m_plain && !m_unreadable && m_strict.size() == 1 && !hasDotSegments(asSent);
}

Result<PathGlob> PathGlob::parse(std::string_view pattern)
{
    const auto bad = [&](std::string_view why) {
        return fail(Error::Code::Invalid,
                    fmt::format("path \"{}\": {}",
                                text::elide(text::escapeControls(pattern.substr(0, 400)), 100),
                                why));
    };
    PathGlob glob;
    if (pattern.empty())
        return glob;
    if (pattern.size() > MostPathPatternBytes)
        return bad("longer than 1024 bytes");
    if (!pattern.starts_with('/') && !pattern.starts_with('*'))
        return bad("must begin with '/' or '*'");
    if (pattern.find_first_of("?#") != std::string_view::npos)
        return bad("the query is not part of a path; leave out '?' and what follows");
    for (const char c : pattern) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\')
            return bad("spaces, controls and '\\' must be written as escapes (%20)");
    }
    const std::string normal = normaliseEscapes(pattern, false);
    if (hasDotSegments(normal) || normal.find("//") != std::string::npos)
        return bad("\"//\", \".\" and \"..\" segments can't be matched");

    for (std::size_t i = 0; i < normal.size(); ++i) {
        if (normal[i] == '*') {
            const bool two = i + 1 < normal.size() && normal[i + 1] == '*';
            i += two ? 1 : 0;
            const std::uint16_t token = two ? StarStar : Star;
            // "***" and the like are one wildcard, the stronger.
            if (!glob.m_strict.empty() && glob.m_strict.back() >= Star)
                glob.m_strict.back() = std::max(glob.m_strict.back(), token);
            else
                glob.m_strict.push_back(token);
            continue;
        }
        glob.m_strict.push_back(static_cast<unsigned char>(normal[i]));
        ++glob.m_literalBytes;
    }
    // The same with the escapes of literals undone.
    std::string run;
    const auto flush = [&] {
        for (const char c : decodeOnce(run))
            glob.m_decoded.push_back(static_cast<unsigned char>(c));
        run.clear();
    };
    for (const std::uint16_t token : glob.m_strict) {
        if (token < Star) {
            run += static_cast<char>(token);
            continue;
        }
        flush();
        glob.m_decoded.push_back(token);
    }
    flush();
    return glob;
}

bool PathGlob::matchesEvery(const RequestPath& path) const
{
    if (isAny())
        return true;
    if (path.m_unreadable)
        return false;
    return std::all_of(path.m_strict.begin(), path.m_strict.end(),
                       [&](const std::string& reading) { return matches(m_strict, reading); }) &&
           (!path.m_hasDecoded || matches(m_decoded, path.m_decoded));
}

bool PathGlob::matchesSome(const RequestPath& path) const
{
    if (isAny() || path.m_unreadable)
        return true;
    return std::any_of(path.m_strict.begin(), path.m_strict.end(),
                       [&](const std::string& reading) { return matches(m_strict, reading); }) ||
           (path.m_hasDecoded && matches(m_decoded, path.m_decoded));
}

// The literal prefix is compared at once; from the first wildcard on, the set of positions in the
// pattern that the path read so far can have reached is carried along. No backtracking.
bool PathGlob::matches(const Tokens& tokens, std::string_view path)
{
    std::size_t prefix = 0;
    while (prefix < tokens.size() && tokens[prefix] < Star) {
        if (prefix >= path.size() || tokens[prefix] != static_cast<unsigned char>(path[prefix]))
            return false;
        ++prefix;
    }
    if (prefix == tokens.size())
        return path.size() == prefix;
    if (prefix + 1 == tokens.size())
        return tokens[prefix] == StarStar || path.find('/', prefix) == std::string_view::npos;

    std::vector<std::size_t> now;
    std::vector<std::size_t> next;
    // A wildcard may be empty: reaching it also reaches what follows it.
    const auto reach = [&](std::vector<std::size_t>& set, std::size_t position) {
        for (;; ++position) {
            if (set.empty() || set.back() < position)
                set.push_back(position);
            if (position >= tokens.size() || tokens[position] < Star)
                return;
        }
    };
    reach(now, prefix);
    for (const char c : path.substr(prefix)) {
        next.clear();
        for (const std::size_t position : now) {
            if (position == tokens.size())
                continue;
            const std::uint16_t token = tokens[position];
            if (token == StarStar || (token == Star && c != '/'))
                reach(next, position);
            else if (token == static_cast<unsigned char>(c))
                reach(next, position + 1);
        }
        now.swap(next);
        if (now.empty())
            return false;
    }
    return std::find(now.begin(), now.end(), tokens.size()) != now.end();
}

std::vector<std::string> patternsForPrefix(std::string_view target)
{
    const RequestPath path(target);
    std::string exact = normaliseEscapes(target.substr(0, target.find_first_of("?#")), true);
    if (!path.isPlain() || !exact.starts_with('/') || exact.size() + 3 > MostPathPatternBytes)
        return {};
    if (exact.ends_with('/'))
        return {exact + "**"};
    std::string below = exact + "/**";
    return {std::move(exact), std::move(below)};
}

} // namespace sallyport::policy
