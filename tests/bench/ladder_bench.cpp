// Microseconds a decision costs among many rules. Prints figures; not a test.
#include <chrono>
#include <cstdio>
#include <string>

#include "engine/policy/ladder.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

constexpr UnixMillis Now = 1'700'000'000'000;

// Names, wildcards, paths and addresses in turn; one in seven denies.
std::vector<api::Rule> makeRules(int count)
{
    std::vector<api::Rule> rules(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        api::Rule& rule = rules[static_cast<std::size_t>(i)];
        rule.id = i + 1;
        rule.action = i % 7 == 0 ? api::Action::Deny : api::Action::Allow;
        const std::string name = "h" + std::to_string(i) + ".example.com";
        rule.match.host = i % 3 == 0 ? "*." + name : name;
        if (i % 5 == 0)
            rule.match.host = Address::v4(0xcb000000U + static_cast<std::uint32_t>(i)).text();
        if (i % 4 == 0)
            rule.match.path = "/v1/**";
    }
    return rules;
}

double microseconds(const Snapshot& snapshot, const Request& request)
{
    constexpr int Times = 200'000;
    const auto start = std::chrono::steady_clock::now();
    int allowed = 0;
    for (int i = 0; i < Times; ++i)
        allowed += decide(snapshot, request, Now).verdict == Verdict::Allow ? 1 : 0;
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - start;
    return allowed < 0 ? 0 : taken.count() / Times;
}

Request get(const std::string& host, const std::string& path)
{
    Request request;
    request.scheme = "https";
    request.method = "GET";
    request.host = parseHost(host).value();
    request.port = 443;
    request.path = path;
    return request;
}

} // namespace

int main()
{
    std::string deep;
    for (int i = 0; i < 100; ++i)
        deep += "a.";
    for (const int count : {0, 1000, 100'000}) {
        const auto start = std::chrono::steady_clock::now();
        const auto snapshot = Snapshot::build({}, makeRules(count), {}, Now);
        const std::chrono::duration<double, std::milli> built =
            std::chrono::steady_clock::now() - start;
        std::printf("%6d rules: built in %.1f ms; exact %.2f us, below %.2f us, unknown %.2f us, "
                    "100 labels %.2f us, odd path %.2f us, address %.2f us\n",
                    count, built.count(),
                    microseconds(*snapshot, get("h997.example.com", "/v1/items?x=1")),
                    microseconds(*snapshot, get("a.b.h999.example.com", "/v1/items")),
                    microseconds(*snapshot, get("unknown.example.org", "/v1/items")),
                    microseconds(*snapshot, get(deep + "example.com", "/v1/items")),
                    microseconds(*snapshot, get("h997.example.com", "/v1/%2e%2e/%252e//x")),
                    microseconds(*snapshot, get("203.0.3.227", "/v1/items")));
    }
    return 0;
}
