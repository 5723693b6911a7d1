#pragma once

// The bindings as they are now, without their contents: an immutable value, for any thread.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/api/bindings.h"
#include "engine/base/result.h"

namespace sallyport::binding {

struct CatalogueEntry
{
    std::int64_t id = 0;
    api::Binding binding;
};

// Who of a sandbox asks.
enum class Caller
{
    Guest,   // a program in it, by a virtual host
    Handler, // one of its handlers, by env
    Either,  // the ladder has said already who may
};

// One that a sandbox may use.
struct Usable
{
    const CatalogueEntry* entry = nullptr;
    api::BindingUse use;
};

class Catalogue
{
public:
    Catalogue() = default;
    explicit Catalogue(std::vector<CatalogueEntry> entries)
        : m_entries(std::move(entries))
    {
    }

    [[nodiscard]] const std::vector<CatalogueEntry>& entries() const { return m_entries; }
    [[nodiscard]] const CatalogueEntry* find(api::BindingKind kind, std::string_view name) const;
    // The sandbox's own use goes before everybody's.
    [[nodiscard]] std::optional<api::BindingUse> use(const CatalogueEntry& entry,
                                                     api::SandboxId sandbox) const;
    // What the sandbox may use, in the order of kind and name.
    [[nodiscard]] std::vector<Usable> usedBy(api::SandboxId sandbox, Caller caller) const;

    // One that the sandbox may use that way, or why not.
    [[nodiscard]] Result<Usable> open(api::SandboxId sandbox,
                                      api::BindingKind kind,
                                      std::string_view name,
                                      api::BindingAccess access,
                                      Caller caller = Caller::Guest) const;

private:
    std::vector<CatalogueEntry> m_entries;
};

// "namespace", "bucket", "service"
[[nodiscard]] std::string_view kindName(api::BindingKind kind);

// Whether it can be made so. The sandboxes that it names are not looked up.
[[nodiscard]] Status checkBinding(const api::Binding& binding);
// Of env.NAME; empty is none.
[[nodiscard]] Status checkVariable(std::string_view variable);
// "my-cache" → "MY_CACHE"
[[nodiscard]] std::string variableFor(std::string_view name);

} // namespace sallyport::binding
