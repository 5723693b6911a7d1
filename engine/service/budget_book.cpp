#include "engine/service/budget_book.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/api/json.h"
#include "engine/base/text.h"

namespace sallyport::service
{
namespace
{

using api::Json;
using api::SettingType;

Result<std::int64_t> positive(SettingType type, std::string_view text)
{
    const auto value = api::settingFromText(type, text);
    if (!value)
        return tl::unexpected(value.error());
    const auto number = value->get<std::int64_t>();
    if (number < 1)
        return fail(Error::Code::Invalid, "a budget is at least one");
    return number;
}

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

} // namespace

BudgetBook::BudgetBook(const SettingsBook& settings, const std::map<api::SandboxId, std::string>& used)
    : m_settings(settings)
{
    for (const auto& [sandbox, text] : used) {
        const Json all = Json::parse(text, nullptr, false);
        if (!all.is_array())
            continue;
        for (const Json& each : all) {
            const auto use = api::fromJson<api::BudgetUse>(each);
            if (!use || !use->endsAt)
                continue;
            Meter meter;
            meter.text = use->text;
            meter.windowMs = use->windowMs;
            meter.since = *use->endsAt - use->windowMs;
            meter.requests = use->requests;
            meter.bytes = use->bytes;
            m_sandboxes[sandbox].meters.push_back(std::move(meter)); // taken over by refill()
        }
    }
}

std::int64_t BudgetBook::Meter::secondsLeft(UnixMillis now) const
{
    return (std::max<std::int64_t>(since + windowMs - now, 0) + 999) / 1000;
}

bool BudgetBook::Meter::isUsedUp() const
{
    return (mostRequests > 0 && requests >= mostRequests) || (mostBytes > 0 && bytes >= mostBytes);
}

std::string BudgetBook::Meter::reason(UnixMillis now) const
{
    return fmt::format("the budget is used up: {}; it begins anew in {} s", text, secondsLeft(now));
}

// "HOST AMOUNT per TIME", where AMOUNT is "100 requests" or "10 MiB".
Result<BudgetBook::Meter> BudgetBook::parse(std::string_view line)
{
    const std::size_t blank = line.find(' ');
    const std::size_t per = line.rfind(" per ");
    if (blank == std::string_view::npos || per == std::string_view::npos || per <= blank)
        return fail(Error::Code::Invalid, fmt::format("'{}': write HOST 100 requests per 1h, or HOST 10MiB per 1d",
                                                      text::escapeControls(text::elide(line, 80))));
    auto hosts = policy::Pattern::parse(line.substr(0, blank));
    if (!hosts)
        return tl::unexpected(hosts.error());
    Meter meter;
    meter.text = line;
    meter.hosts = std::move(*hosts);
    const auto window = positive(SettingType::Time, line.substr(per + 5));
    if (!window)
        return tl::unexpected(window.error());
    meter.windowMs = *window;
    std::string_view amount = trimmed(line.substr(blank + 1, per - blank - 1));
    bool isRequests = false;
    for (const std::string_view word : {std::string_view("requests"), std::string_view("request")})
        if (!isRequests && amount.ends_with(word)) {
            amount.remove_suffix(word.size());
            isRequests = true;
        }
    const auto most = positive(isRequests ? SettingType::Count : SettingType::Bytes, amount);
    if (!most)
        return tl::unexpected(most.error());
    (isRequests ? meter.mostRequests : meter.mostBytes) = *most;
    return meter;
}

Status BudgetBook::checkHosts(const Json& value)
{
    for (const Json& line : value)
        if (const auto meter = parse(line.get_ref<const std::string&>()); !meter)
            return tl::unexpected(meter.error());
    return {};
}

void BudgetBook::refill(Known& known, api::SandboxId sandbox) const
{
    std::vector<Meter> meters;
    const std::int64_t window = m_settings.number("budget.window", sandbox);
    const auto addOwn = [&](std::int64_t most, SettingType type, std::int64_t Meter::*limit, std::string_view unit) {
        if (most == 0)
            return;
        Meter meter;
        meter.*limit = most;
        meter.windowMs = window;
        meter.text = fmt::format("{}{} per {} of this sandbox", api::settingText(type, most), unit, api::settingText(SettingType::Time, window));
        meters.push_back(std::move(meter));
    };
    addOwn(m_settings.number("budget.requests", sandbox), SettingType::Count, &Meter::mostRequests, " requests");
    addOwn(m_settings.number("budget.bytes", sandbox), SettingType::Bytes, &Meter::mostBytes, "");
    for (const std::string& line : m_settings.list("budget.hosts", sandbox))
        if (auto meter = parse(line))
            meters.push_back(std::move(*meter));
    for (Meter& meter : meters) {
        const auto former = std::find_if(known.meters.begin(), known.meters.end(), [&](const Meter& each) { return each.text == meter.text; });
        if (former == known.meters.end())
            continue;
        meter.since = former->since;
        meter.requests = former->requests;
        meter.bytes = former->bytes;
    }
    known.meters = std::move(meters);
    known.generation = m_generation;
}

std::vector<BudgetBook::Meter*> BudgetBook::metersOf(api::SandboxId sandbox, const policy::Host& host, int port, UnixMillis now)
{
    Known& known = m_sandboxes[sandbox];
    if (known.generation != m_generation)
        refill(known, sandbox);
    std::vector<Meter*> meters;
    for (Meter& meter : known.meters) {
        if (meter.hosts && !meter.hosts->matches(host, port))
            continue;
        if (now >= meter.since + meter.windowMs || now < meter.since) {
            meter.since = now;
            meter.requests = meter.bytes = 0;
        }
        meters.push_back(&meter);
    }
    return meters;
}

std::optional<BudgetBook::Over> BudgetBook::admit(api::SandboxId sandbox, const policy::Request& request, UnixMillis now)
{
    const auto meters = metersOf(sandbox, request.host, request.port, now);
    for (const Meter* meter : meters)
        if (meter->isUsedUp())
            return Over{meter->reason(now), m_settings.text("budget.over", sandbox) == "ask",
                        static_cast<int>(std::max<std::int64_t>(meter->secondsLeft(now), 1))};
    for (Meter* meter : meters)
        ++meter->requests;
    m_sandboxes[sandbox].isChanged = true;
    return std::nullopt;
}

void BudgetBook::count(api::SandboxId sandbox, const policy::Request& request, UnixMillis now)
{
    for (Meter* meter : metersOf(sandbox, request.host, request.port, now))
        ++meter->requests;
    m_sandboxes[sandbox].isChanged = true;
}

bool BudgetBook::asksFor(api::SandboxId sandbox, const policy::Request& request, UnixMillis now)
{
    const auto meters = metersOf(sandbox, request.host, request.port, now);
    return std::any_of(meters.begin(), meters.end(), [](const Meter* meter) { return meter->isUsedUp(); }) &&
           m_settings.text("budget.over", sandbox) == "ask";
}

std::optional<std::string>
BudgetBook::spend(api::SandboxId sandbox, const policy::Host& host, int port, std::int64_t bytes, UnixMillis now)
{
    std::optional<std::string> over;
    m_sandboxes[sandbox].isChanged = true;
    for (Meter* meter : metersOf(sandbox, host, port, now)) {
        meter->bytes += bytes;
        if (!over && meter->mostBytes > 0 && meter->bytes >= meter->mostBytes)
            over = meter->reason(now);
    }
    return over;
}

std::vector<api::BudgetUse> BudgetBook::uses(api::SandboxId sandbox, UnixMillis now)
{
    Known& known = m_sandboxes[sandbox];
    if (known.generation != m_generation)
        refill(known, sandbox);
    std::vector<api::BudgetUse> uses;
    for (const Meter& meter : known.meters) {
        api::BudgetUse use;
        use.text = meter.text;
        use.hosts = meter.hosts ? meter.hosts->text() : std::string();
        use.mostRequests = meter.mostRequests;
        use.mostBytes = meter.mostBytes;
        use.windowMs = meter.windowMs;
        if (now >= meter.since && now < meter.since + meter.windowMs) {
            use.requests = meter.requests;
            use.bytes = meter.bytes;
            use.endsAt = meter.since + meter.windowMs;
        }
        uses.push_back(std::move(use));
    }
    return uses;
}

std::map<api::SandboxId, std::string> BudgetBook::save()
{
    std::map<api::SandboxId, std::string> changed;
    for (auto& [sandbox, known] : m_sandboxes)
        if (std::exchange(known.isChanged, false) && !known.meters.empty())
            changed[sandbox] = api::toJson(uses(sandbox, nowUnixMillis())).dump();
    return changed;
}

} // namespace sallyport::service
