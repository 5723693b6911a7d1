#pragma once

// Entries of one rung of the ladder, found by host: a hash of exact names, one of suffixes, one of
// address ranges, and the entries for every host. Cost of a look-up: the labels of the name, not
// the number of rules. Immutable after build(); any thread.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/api/types.h"
#include "engine/policy/decision.h"
#include "engine/policy/path_glob.h"
#include "engine/policy/pattern.h"

namespace sallyport::policy {

// One compiled rule, or one entry of allowedHosts or deniedHosts (without an id).
struct RuleEntry
{
    std::optional<api::RuleId> id;
    Pattern host;
    std::optional<int> port;
    std::string scheme; // empty: any
    std::string method; // upper case; empty: any
    PathGlob path;
    UnixMillis expiresAt = std::numeric_limits<UnixMillis>::max();
    UnixMillis createdAt = 0;
    std::string text;   // for Decision::ruleText: "GET https://*.example.com/v1/**"
    std::string reason; // the person's, for the guest; may be empty
};

// Compiles a rule; the errors are those of validateRule().
[[nodiscard]] Result<RuleEntry> compileRule(const api::Rule& rule);
[[nodiscard]] Result<RuleEntry> compileHostEntry(std::string_view pattern);

// More specific first: host, then path, method, port, scheme; equals newest first.
[[nodiscard]] bool isMoreSpecific(const RuleEntry& a, const RuleEntry& b);

class RuleIndex
{
public:
    // How a path with several readings matches: an allow needs all of them, a deny one.
    enum class Paths
    {
        Every,
        Some,
    };

    RuleIndex() = default;
    RuleIndex(std::vector<RuleEntry> entries, Paths paths);

    // The most specific entry that matches and has not expired, or nullptr.
    [[nodiscard]] const RuleEntry*
    find(const Request& request, const RequestPath& path, UnixMillis now) const;
    [[nodiscard]] bool isEmpty() const { return m_entries.empty(); }

private:
    struct TextHash
    {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Bucket = std::vector<std::uint32_t>; // of m_entries, most specific first
    using ByName = std::unordered_map<std::string, Bucket, TextHash, std::equal_to<>>;
    struct Ranges
    {
        int bits = 0;
        std::unordered_map<Address, Bucket, AddressHash> byAddress;
    };

    [[nodiscard]] const RuleEntry* findIn(const Bucket& bucket,
                                          const Request& request,
                                          const RequestPath& path,
                                          UnixMillis now) const;
    [[nodiscard]] const RuleEntry* findByAddress(const std::vector<Ranges>& ranges,
                                                 const Request& request,
                                                 const RequestPath& path,
                                                 UnixMillis now) const;

    std::vector<RuleEntry> m_entries; // sorted, most specific first
    Paths m_paths = Paths::Some;
    ByName m_names;
    ByName m_below; // by the name after "*."
    int m_mostLabelsBelow = 0;
    std::vector<Ranges> m_v4; // longest prefix first
    std::vector<Ranges> m_v6;
    Bucket m_any;
};

} // namespace sallyport::policy
