#pragma once

// Notices a sandbox that uses names to carry something: very many queries, or many names that look
// like data. No query leaves the machine, so nothing is lost; but somebody tries. Pure: time is
// passed in.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::dns {

// Whether a label of the name reads like encoded data: long, and of many different letters and
// digits mixed. Names of content networks look like it as well, so one alone says nothing.
[[nodiscard]] bool looksEncoded(std::string_view name);

class QueryWatch
{
public:
    struct Limits
    {
        std::size_t queries = 0; // in a minute
        std::size_t odd = 0;     // encoded-looking names below one domain, in a minute
    };
    struct Alarm
    {
        std::string domain; // below which the names are; empty for the rate
        std::string reason; // a sentence
    };

    // Counts a query; the alarm that it sets off, at most one of each kind a minute.
    [[nodiscard]] std::optional<Alarm>
    query(std::string_view name, const Limits& limits, std::int64_t nowMs);

private:
    // Domains that are counted at a time; a guest that uses more is seen by its rate.
    static constexpr std::size_t MostDomains = 256;

    std::int64_t m_since = 0;
    std::size_t m_queries = 0;
    std::map<std::string, std::size_t, std::less<>> m_odd; // by domain
    bool m_hasToldRate = false;
    bool m_hasToldNames = false;
};

} // namespace sallyport::dns
