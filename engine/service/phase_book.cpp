#include "engine/service/phase_book.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace sallyport::service
{

namespace
{

const api::Phase* find(const api::Phases& phases, const std::string& name)
{
    const auto found = std::find_if(phases.phases.begin(), phases.phases.end(), [&](const api::Phase& each) { return each.name == name; });
    return found == phases.phases.end() ? nullptr : &*found;
}

Result<const api::Phase*> need(const api::Phases& phases, const std::string& name)
{
    if (const api::Phase* phase = find(phases, name))
        return phase;
    std::vector<std::string> names;
    for (const api::Phase& each : phases.phases)
        names.push_back(each.name);
    return fail(Error::Code::NotFound, names.empty() ? "the sandbox has no phases"
                                                     : fmt::format("there is no phase \"{}\"; there are {}", name, fmt::join(names, ", ")));
}

bool isName(const std::string& name)
{
    const auto isGood = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= PhaseBook::MostNameBytes && name.front() != '-' && name.back() != '-' &&
           std::all_of(name.begin(), name.end(), isGood);
}

bool isSame(const api::Phase& a, const api::Phase& b)
{
    return a.defaultAction == b.defaultAction && a.allowedHosts == b.allowedHosts && a.handler == b.handler && a.params == b.params;
}

} // namespace

PhaseBook::PhaseBook(store::Store& store, std::map<api::SandboxId, api::Phases> stored, Parts parts)
    : m_store(store)
    , m_phases(std::move(stored))
    , m_parts(std::move(parts))
{
}

void PhaseBook::resume()
{
    std::vector<std::pair<api::SandboxId, std::string>> promised;
    for (const auto& [sandbox, phases] : m_phases)
        if (!phases.next.empty())
            promised.emplace_back(sandbox, phases.next);
    for (const auto& [sandbox, name] : promised)
        keepPromise(sandbox, name);
}

api::Phases PhaseBook::of(api::SandboxId sandbox) const
{
    const auto found = m_phases.find(sandbox);
    return found == m_phases.end() ? api::Phases() : found->second;
}

Result<api::Phases> PhaseBook::set(api::SandboxId sandbox, std::vector<api::Phase> phases)
{
    if (phases.size() > MostPhases)
        return fail(Error::Code::TooLarge, fmt::format("phases: more than {}", MostPhases));
    std::set<std::string> names;
    for (const api::Phase& phase : phases) {
        if (!isName(phase.name))
            return fail(Error::Code::Invalid,
                        fmt::format("phase \"{}\": a name is 1 to {} of a-z, 0-9 and inner '-'", phase.name.substr(0, MostNameBytes), MostNameBytes));
        if (!names.insert(phase.name).second)
            return fail(Error::Code::Invalid, fmt::format("phase {}: is there twice", phase.name));
        if (Status good = m_parts.check(sandbox, phase); !good)
            return fail("phase " + phase.name, good.error());
    }
    api::Phases next = of(sandbox);
    const api::Phase* before = find(next, next.current);
    const auto was = before != nullptr ? std::optional(*before) : std::nullopt;
    next.phases = std::move(phases);
    if (!next.next.empty() && find(next, next.next) == nullptr)
        return fail(Error::Code::Conflict, fmt::format("phase {}: a program runs at whose end it is to be entered", next.next));
    const api::Phase* now = find(next, next.current);
    if (now == nullptr)
        next.current.clear();
    else if (was && !isSame(*was, *now))
        if (Status applied = m_parts.apply(sandbox, *now); !applied)
            return tl::unexpected(applied.error());
    m_phases[sandbox] = next;
    save(sandbox);
    return next;
}

Result<api::Phases> PhaseBook::enter(api::SandboxId sandbox, const std::string& name)
{
    api::Phases phases = of(sandbox);
    const auto phase = need(phases, name);
    if (!phase)
        return tl::unexpected(phase.error());
    if (Status applied = m_parts.apply(sandbox, **phase); !applied)
        return fail("enter phase " + name, applied.error());
    phases.current = name;
    phases.problem.clear();
    m_phases[sandbox] = phases;
    save(sandbox);
    return phases;
}

PhaseBook::Promise::Promise(PhaseBook& book, api::SandboxId sandbox, std::string phase)
    : m_book(&book)
    , m_bookAlive(book.m_alive)
    , m_sandbox(sandbox)
    , m_phase(std::move(phase))
{
}

PhaseBook::Promise::~Promise()
{
    if (m_book != nullptr && !m_bookAlive.expired())
        m_book->keepPromise(m_sandbox, m_phase);
}

void PhaseBook::breakPromise(Promise& promise)
{
    promise.m_book = nullptr;
    const auto found = m_phases.find(promise.m_sandbox);
    if (found == m_phases.end())
        return;
    found->second.next.clear();
    save(promise.m_sandbox);
}

Result<std::shared_ptr<PhaseBook::Promise>> PhaseBook::promise(api::SandboxId sandbox, const std::string& name)
{
    api::Phases phases = of(sandbox);
    if (const auto phase = need(phases, name); !phase)
        return tl::unexpected(phase.error());
    phases.next = name;
    m_phases[sandbox] = phases;
    save(sandbox);
    return std::make_shared<Promise>(*this, sandbox, name);
}

void PhaseBook::keepPromise(api::SandboxId sandbox, const std::string& name)
{
    const auto found = m_phases.find(sandbox);
    if (found == m_phases.end())
        return; // removed meanwhile
    found->second.next.clear();
    const auto entered = enter(sandbox, name);
    if (entered)
        return;
    // Whatever it was to allow, what came before it is over.
    api::Phase nothing;
    nothing.allowedHosts.emplace();
    const Status denied = m_parts.apply(sandbox, nothing);
    found->second.current.clear();
    found->second.problem = entered.error().text;
    if (!denied)
        found->second.problem += "; " + denied.error().text;
    save(sandbox);
}

void PhaseBook::removeSandbox(api::SandboxId sandbox)
{
    m_phases.erase(sandbox);
}

void PhaseBook::save(api::SandboxId sandbox)
{
    const api::Phases& phases = m_phases[sandbox];
    m_store.write([sandbox, phases](store::Database& database) { return store::phases::save(database, sandbox, phases); });
    m_parts.onChanged(sandbox, phases);
}

} // namespace sallyport::service
