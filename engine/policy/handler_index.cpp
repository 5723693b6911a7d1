#include "engine/policy/handler_index.h"

#include <algorithm>

#include <fmt/format.h>

namespace sallyport::policy {

HandlerEntry compileHandler(const api::Handler& slot)
{
    HandlerEntry entry;
    entry.slot = slot;
    if (slot.kind == api::HandlerKind::JavaScript) {
        entry.slot.text = "A handler of the sandbox's module.";
        return entry;
    }
    auto builtIn = parseBuiltIn(slot.name, slot.params);
    if (builtIn) {
        entry.slot.text = describe(*builtIn);
        entry.builtIn = std::move(*builtIn);
    } else {
        entry.problem = builtIn.error().text;
        entry.slot.text = fmt::format("Denies, since it can't be used: {}.", entry.problem);
    }
    return entry;
}

std::string handlerName(const api::Handler& slot)
{
    return slot.host.empty() ? fmt::format("the catch-all handler {}", slot.name)
                             : fmt::format("the handler {} of {}", slot.name, slot.host);
}

HandlerIndex::HandlerIndex(const std::vector<api::Handler>& slots,
                           std::vector<std::string>& problems)
    : m_runTime(makeRung(slots, api::HandlerOrigin::RunTime, problems))
    , m_declared(makeRung(slots, api::HandlerOrigin::Declared, problems))
{
}

HandlerIndex::Rung HandlerIndex::makeRung(const std::vector<api::Handler>& slots,
                                          api::HandlerOrigin origin,
                                          std::vector<std::string>& problems)
{
    Rung rung;
    std::vector<std::pair<RuleEntry, std::shared_ptr<const HandlerEntry>>> found;
    for (const api::Handler& slot : slots) {
        if (slot.origin != origin)
            continue;
        auto handler = std::make_shared<const HandlerEntry>(compileHandler(slot));
        if (slot.host.empty()) {
            rung.catchAll = std::move(handler);
            continue;
        }
        Result<RuleEntry> entry = compileHostEntry(slot.host);
        if (!entry) {
            problems.push_back(fmt::format("handlers: {}", entry.error().text));
            continue;
        }
        entry->createdAt = slot.setAt;
        found.emplace_back(std::move(*entry), std::move(handler));
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return isMoreSpecific(a.first, b.first); });
    std::vector<RuleEntry> index;
    for (auto& [entry, handler] : found) {
        rung.entries.push_back(std::move(handler));
        entry.id = static_cast<api::RuleId>(rung.entries.size());
        index.push_back(std::move(entry));
    }
    rung.index = RuleIndex(std::move(index), RuleIndex::Paths::Some);
    return rung;
}

std::shared_ptr<const HandlerEntry> HandlerIndex::find(const Request& request) const
{
    const RequestPath anyPath("");
    for (const Rung* rung : {&m_runTime, &m_declared})
        if (const RuleEntry* const entry = rung->index.find(request, anyPath, 0))
            return rung->entries.at(static_cast<std::size_t>(*entry->id) - 1);
    return m_runTime.catchAll ? m_runTime.catchAll : m_declared.catchAll;
}

std::vector<std::shared_ptr<const HandlerEntry>> HandlerIndex::inOrder() const
{
    Entries all;
    for (const Rung* rung : {&m_runTime, &m_declared})
        all.insert(all.end(), rung->entries.begin(), rung->entries.end());
    for (const Rung* rung : {&m_runTime, &m_declared})
        if (rung->catchAll)
            all.push_back(rung->catchAll);
    return all;
}

} // namespace sallyport::policy
