#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/budgets.h"
#include "engine/policy/decision.h"
#include "engine/policy/pattern.h"
#include "engine/service/settings_book.h"

namespace sallyport::service
{

// So many requests or bytes in a time, of a sandbox to all hosts or to those of a pattern. What is used is stored once a
// second, so a new engine goes on with it. Network thread only.
class BudgetBook
{
public:
    // `used` is what save() gave for each sandbox; a text that can't be read counts as nothing used.
    explicit BudgetBook(const SettingsBook& settings, const std::map<api::SandboxId, std::string>& used = {});

    struct Over
    {
        std::string reason; // names the budget
        bool asks = false;  // the person is asked, else the request is refused
        int retryAfterSeconds = 0; // until the budget begins anew
    };
    // Counts a request that may pass, unless a budget is used up.
    [[nodiscard]] std::optional<Over> admit(api::SandboxId sandbox, const policy::Request& request, UnixMillis now);
    // Counts one that the person let pass.
    void count(api::SandboxId sandbox, const policy::Request& request, UnixMillis now);
    // Whether the person would be asked for a budget; counts nothing.
    [[nodiscard]] bool asksFor(api::SandboxId sandbox, const policy::Request& request, UnixMillis now);
    // Counts bytes that have passed. Which budget is used up by them, if one is.
    [[nodiscard]] std::optional<std::string>
    spend(api::SandboxId sandbox, const policy::Host& host, int port, std::int64_t bytes, UnixMillis now);

    // All budgets of a sandbox, in the order of the settings.
    [[nodiscard]] std::vector<api::BudgetUse> uses(api::SandboxId sandbox, UnixMillis now);
    // What has been used, of sandboxes where that changed since the last call.
    [[nodiscard]] std::map<api::SandboxId, std::string> save();

    // The settings budget.* changed. A budget that stays the same keeps its counts.
    void settingsChanged() { ++m_generation; }
    void removeSandbox(api::SandboxId sandbox) { m_sandboxes.erase(sandbox); }

    // For SettingsBook::setCheck of budget.hosts.
    [[nodiscard]] static Status checkHosts(const api::Json& value);

private:
    struct Meter
    {
        std::optional<policy::Pattern> hosts; // unset: all
        std::int64_t mostRequests = 0;        // 0: any number
        std::int64_t mostBytes = 0;
        std::int64_t windowMs = 0;
        std::string text; // "*.example.com 100 requests per 1h"
        UnixMillis since = 0;
        std::int64_t requests = 0;
        std::int64_t bytes = 0;

        [[nodiscard]] bool isUsedUp() const;
        [[nodiscard]] std::int64_t secondsLeft(UnixMillis now) const;
        [[nodiscard]] std::string reason(UnixMillis now) const;
    };
    struct Known
    {
        std::uint64_t generation = 0;
        bool isChanged = false; // since save()
        std::vector<Meter> meters;
    };

    [[nodiscard]] static Result<Meter> parse(std::string_view line);
    // Those that the host falls under, with windows that are over begun anew.
    [[nodiscard]] std::vector<Meter*> metersOf(api::SandboxId sandbox, const policy::Host& host, int port, UnixMillis now);
    void refill(Known& known, api::SandboxId sandbox) const;

    const SettingsBook& m_settings;
    std::uint64_t m_generation = 1;
    std::map<api::SandboxId, Known> m_sandboxes;
};

} // namespace sallyport::service
