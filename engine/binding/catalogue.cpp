#include "engine/binding/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::binding {

namespace {

constexpr std::size_t LeastNameBytes = 3; // as S3 has it
constexpr std::size_t MostNameBytes = 63;
constexpr std::size_t MostNoteBytes = 1000;

bool isLower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool isFor(const api::BindingUse& use, Caller caller)
{
    switch (caller) {
    case Caller::Guest:
        return use.reach == api::BindingReach::Sandbox;
    case Caller::Handler:
        return !use.variable.empty();
    case Caller::Either:
        break;
    }
    return true;
}

} // namespace

const CatalogueEntry* Catalogue::find(api::BindingKind kind, std::string_view name) const
{
    const auto found =
        std::find_if(m_entries.begin(), m_entries.end(), [&](const CatalogueEntry& entry) {
            return entry.binding.kind == kind && entry.binding.name == name;
        });
    return found == m_entries.end() ? nullptr : &*found;
}

std::optional<api::BindingUse> Catalogue::use(const CatalogueEntry& entry,
                                              api::SandboxId sandbox) const
{
    std::optional<api::BindingUse> everybodys;
    for (const api::BindingUse& use : entry.binding.uses) {
        if (use.sandbox == sandbox)
            return use;
        if (!use.sandbox)
            everybodys = use;
    }
    return everybodys;
}

std::vector<Usable> Catalogue::usedBy(api::SandboxId sandbox, Caller caller) const
{
    std::vector<Usable> all;
    for (const CatalogueEntry& entry : m_entries)
        if (auto found = use(entry, sandbox); found && isFor(*found, caller))
            all.push_back({&entry, std::move(*found)});
    return all;
}

Result<Usable> Catalogue::open(api::SandboxId sandbox,
                               api::BindingKind kind,
                               std::string_view name,
                               api::BindingAccess access,
                               Caller caller) const
{
    const CatalogueEntry* const entry = find(kind, name);
    const auto found = entry != nullptr ? use(*entry, sandbox) : std::nullopt;
    // One that is not this sandbox's looks like one that is not there.
    if (!found || !isFor(*found, caller))
        return fail(Error::Code::NotFound,
                    fmt::format("no {} '{}' is bound to this sandbox", kindName(kind),
                                text::escapeControls(text::elide(name, 80))));
    if (access == api::BindingAccess::ReadWrite && found->access == api::BindingAccess::ReadOnly)
        return fail(Error::Code::Refused, fmt::format("the {} {} is bound to this sandbox for "
                                                      "reading only",
                                                      kindName(kind), name));
    return Usable{entry, *found};
}

std::string_view kindName(api::BindingKind kind)
{
    switch (kind) {
    case api::BindingKind::Kv:
        return "namespace";
    case api::BindingKind::Objects:
        return "bucket";
    case api::BindingKind::Service:
        return "service";
    }
    return "binding";
}

Status checkBinding(const api::Binding& binding)
{
    const std::string& name = binding.name;
    const bool isName =
        name.size() >= LeastNameBytes && name.size() <= MostNameBytes && isLower(name.front()) &&
        isLower(name.back()) &&
        std::all_of(name.begin(), name.end(), [](char c) { return isLower(c) || c == '-'; });
    if (!isName)
        return fail(Error::Code::Invalid,
                    fmt::format("name: '{}' is none: {} to {} of a-z and 0-9, with '-' inside",
                                text::escapeControls(text::elide(name, 80)), LeastNameBytes,
                                MostNameBytes));
    if (binding.note.size() > MostNoteBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("note: longer than {} bytes", MostNoteBytes));
    if (binding.kind == api::BindingKind::Service) {
        if (binding.port < 1 || binding.port > 65535)
            return fail(Error::Code::Invalid, "port: not a port from 1 to 65535");
    } else if (binding.mostBytes < 1) {
        return fail(Error::Code::Invalid, "mostBytes: at least 1");
    }
    return {};
}

Status checkVariable(std::string_view variable)
{
    const bool isName =
        variable.size() <= MostNameBytes &&
        std::all_of(variable.begin(), variable.end(),
                    [](char c) { return isLower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }) &&
        (variable.empty() || variable.front() < '0' || variable.front() > '9');
    if (!isName || variable == "__proto__")
        return fail(Error::Code::Invalid,
                    fmt::format("variable: '{}' is no name of letters, digits and '_'",
                                text::escapeControls(text::elide(variable, 80))));
    return {};
}

std::string variableFor(std::string_view name)
{
    std::string variable(name);
    for (char& c : variable)
        c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return variable.empty() || (variable.front() >= '0' && variable.front() <= '9') ? "_" + variable
                                                                                    : variable;
}

} // namespace sallyport::binding
