#include "engine/dns/query_watch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sallyport::dns {

namespace {

constexpr std::int64_t WindowMs = 60'000;
constexpr std::size_t LongLabel = 24;
constexpr double ManyBits = 3.3; // of each letter; hexadecimal digits have 4, English words 2 to 3

double bitsPerLetter(std::string_view label)
{
    std::array<int, 256> counts{};
    for (const char c : label)
        ++counts[static_cast<unsigned char>(c)];
    double bits = 0;
    for (const int count : counts)
        if (count > 0) {
            const double share = count / static_cast<double>(label.size());
            bits -= share * std::log2(share);
        }
    return bits;
}

bool isEncodedLabel(std::string_view label)
{
    if (label.size() < LongLabel || label.starts_with("xn--"))
        return false;
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    const auto digits = std::count_if(label.begin(), label.end(), isDigit);
    return digits * 10 >= static_cast<std::ptrdiff_t>(label.size()) &&
           bitsPerLetter(label) >= ManyBits;
}

// The last two labels: near enough to what somebody registers.
std::string_view domainOf(std::string_view name)
{
    const std::size_t last = name.rfind('.');
    if (last == std::string_view::npos || last == 0)
        return name;
    const std::size_t before = name.rfind('.', last - 1);
    return before == std::string_view::npos ? name : name.substr(before + 1);
}

} // namespace

bool looksEncoded(std::string_view name)
{
    while (!name.empty()) {
        const std::size_t end = std::min(name.find('.'), name.size());
        if (isEncodedLabel(name.substr(0, end)))
            return true;
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return false;
}

std::optional<QueryWatch::Alarm>
QueryWatch::query(std::string_view name, const Limits& limits, std::int64_t nowMs)
{
    if (nowMs >= m_since + WindowMs || nowMs < m_since)
        *this = {};
    if (m_since == 0)
        m_since = nowMs;
    ++m_queries;
    if (looksEncoded(name)) {
        const std::string domain(domainOf(name));
        if (m_odd.size() < MostDomains || m_odd.contains(domain)) {
            if (++m_odd[domain] >= limits.odd && !std::exchange(m_hasToldNames, true))
                return Alarm{domain, "alarm: " + std::to_string(limits.odd) +
                                         " names that look like data below " + domain +
                                         " within a minute; no query leaves this machine"};
        }
    }
    if (m_queries >= limits.queries && !std::exchange(m_hasToldRate, true))
        return Alarm{{},
                     "alarm: " + std::to_string(limits.queries) +
                         " DNS queries within a minute; no query leaves this machine"};
    return std::nullopt;
}

} // namespace sallyport::dns
