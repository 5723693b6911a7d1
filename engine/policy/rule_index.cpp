#include "engine/policy/rule_index.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/base/text.h"
#include "engine/policy/parsed_match.h"

namespace sallyport::policy {
namespace {

int labelsOf(std::string_view name)
{
    return 1 + static_cast<int>(std::count(name.begin(), name.end(), '.'));
}

} // namespace

Result<RuleEntry> compileRule(const api::Rule& rule)
{
    Result<ParsedMatch> match = parseMatch(rule.match);
    if (!match)
        return tl::unexpected(match.error());
    if (Status status = validateTexts(rule); !status)
        return tl::unexpected(status.error());
    RuleEntry entry;
    entry.id = rule.id;
    entry.text = matchText(rule.match, &match->host);
    entry.host = std::move(match->host);
    entry.port = rule.match.port;
    entry.scheme = rule.match.scheme;
    entry.method = rule.match.method;
    entry.path = std::move(match->path);
    entry.expiresAt = rule.expiresAt.value_or(entry.expiresAt);
    entry.createdAt = rule.createdAt;
    entry.reason = rule.reason;
    return entry;
}

Result<RuleEntry> compileHostEntry(std::string_view pattern)
{
    Result<Pattern> host = Pattern::parse(pattern);
    if (!host)
        return tl::unexpected(host.error());
    RuleEntry entry;
    entry.host = std::move(*host);
    entry.text = entry.host.text();
    return entry;
}

bool isMoreSpecific(const RuleEntry& a, const RuleEntry& b)
{
    const auto rank = [](const RuleEntry& entry) {
        return std::make_tuple(entry.host.specificity(),
                               entry.path.isAny() ? -1 : entry.path.literalBytes(),
                               !entry.method.empty(), entry.port || entry.host.port(),
                               !entry.scheme.empty(), entry.createdAt, entry.id.value_or(0));
    };
    return rank(a) > rank(b);
}

RuleIndex::RuleIndex(std::vector<RuleEntry> entries, Paths paths)
    : m_entries(std::move(entries))
    , m_paths(paths)
{
    std::stable_sort(m_entries.begin(), m_entries.end(), isMoreSpecific);
    const auto rangesOf = [](std::vector<Ranges>& all, int bits) -> Ranges& {
        const auto found = std::find_if(
            all.begin(), all.end(), [bits](const Ranges& ranges) { return ranges.bits == bits; });
        if (found != all.end())
            return *found;
        all.push_back({bits, {}});
        return all.back();
    };
    for (std::uint32_t i = 0; i < m_entries.size(); ++i) {
        const Pattern& host = m_entries[i].host;
        switch (host.kind()) {
        case Pattern::Kind::Any:
            m_any.push_back(i);
            break;
        case Pattern::Kind::Name:
            m_names[host.name()].push_back(i);
            break;
        case Pattern::Kind::Below:
            m_below[host.name()].push_back(i);
            m_mostLabelsBelow = std::max(m_mostLabelsBelow, labelsOf(host.name()));
            break;
        case Pattern::Kind::Range:
            rangesOf(host.range().address().isV4() ? m_v4 : m_v6, host.range().bits())
                .byAddress[host.range().address()]
                .push_back(i);
            break;
        }
    }
    const auto longestFirst = [](const Ranges& a, const Ranges& b) { return a.bits > b.bits; };
    std::sort(m_v4.begin(), m_v4.end(), longestFirst);
    std::sort(m_v6.begin(), m_v6.end(), longestFirst);
}

const RuleEntry*
RuleIndex::find(const Request& request, const RequestPath& path, UnixMillis now) const
{
    if (m_entries.empty())
        return nullptr;
    if (request.host.address) {
        const RuleEntry* const found =
            findByAddress(request.host.address->isV4() ? m_v4 : m_v6, request, path, now);
        return found != nullptr ? found : findIn(m_any, request, path, now);
    }
    const std::string_view name = request.host.name;
    if (const auto exact = m_names.find(name); exact != m_names.end()) {
        if (const RuleEntry* const found = findIn(exact->second, request, path, now))
            return found;
    }
    // Suffixes with more labels than any key are skipped: a guest can send names of 127 labels.
    int labels = labelsOf(name);
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        if (--labels > m_mostLabelsBelow)
            continue;
        const auto below = m_below.find(name.substr(dot + 1));
        if (below == m_below.end())
            continue;
        if (const RuleEntry* const found = findIn(below->second, request, path, now))
            return found;
    }
    return findIn(m_any, request, path, now);
}

const RuleEntry* RuleIndex::findIn(const Bucket& bucket,
                                   const Request& request,
                                   const RequestPath& path,
                                   UnixMillis now) const
{
    for (const std::uint32_t index : bucket) {
        const RuleEntry& entry = m_entries[index];
        if (entry.expiresAt <= now || (entry.port && *entry.port != request.port) ||
            (entry.host.port() && *entry.host.port() != request.port) ||
            (!entry.scheme.empty() && entry.scheme != request.scheme))
            continue;
        // Datagrams are opened by rules that name them, and closed by any.
        if (request.scheme == "udp" && m_paths == Paths::Every && entry.id && entry.scheme.empty())
            continue;
        if (request.isConnection) {
            if (m_paths == Paths::Some || (entry.method.empty() && entry.path.isAny()))
                return &entry;
            continue;
        }
        if (!entry.method.empty() && !text::equalsIgnoringCase(entry.method, request.method))
            continue;
        if (m_paths == Paths::Every ? entry.path.matchesEvery(path) : entry.path.matchesSome(path))
            return &entry;
    }
    return nullptr;
}

const RuleEntry* RuleIndex::findByAddress(const std::vector<Ranges>& ranges,
                                          const Request& request,
                                          const RequestPath& path,
                                          UnixMillis now) const
{
    for (const Ranges& length : ranges) {
        const auto bucket =
            length.byAddress.find(AddressRange(*request.host.address, length.bits).address());
        if (bucket == length.byAddress.end())
            continue;
        if (const RuleEntry* const found = findIn(bucket->second, request, path, now))
            return found;
    }
    return nullptr;
}

} // namespace sallyport::policy
