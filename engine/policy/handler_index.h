#pragma once

// Who stands on the handler rungs of a sandbox's ladder (docs/policy.md), found by host. Immutable
// after it is built; any thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/policy/built_in.h"
#include "engine/policy/rule_index.h"

namespace sallyport::policy {

struct HandlerEntry
{
    api::Handler slot;              // its text is filled in
    std::optional<BuiltIn> builtIn; // of a native one
    std::string problem;            // why a native one can't run; it denies
};

// Compiles what stands in a slot; a bad one becomes an entry with a problem.
[[nodiscard]] HandlerEntry compileHandler(const api::Handler& slot);
// "the handler readOnly of *.example.com", "the catch-all handler readOnly"
[[nodiscard]] std::string handlerName(const api::Handler& slot);

class HandlerIndex
{
public:
    HandlerIndex() = default;
    // Slots whose pattern can't be read are named in `problems` and left out.
    HandlerIndex(const std::vector<api::Handler>& slots, std::vector<std::string>& problems);

    // Host handlers set at run time, then declared ones, each the most specific; then the
    // catch-all, in the same order. Null: none.
    [[nodiscard]] std::shared_ptr<const HandlerEntry> find(const Request& request) const;

    // All entries, in the order in which they win.
    [[nodiscard]] std::vector<std::shared_ptr<const HandlerEntry>> inOrder() const;

private:
    using Entries = std::vector<std::shared_ptr<const HandlerEntry>>;
    struct Rung
    {
        Entries entries; // of host handlers, most specific first
        RuleIndex index; // ids are positions in entries, plus one
        std::shared_ptr<const HandlerEntry> catchAll;
    };

    [[nodiscard]] static Rung makeRung(const std::vector<api::Handler>& slots,
                                       api::HandlerOrigin origin,
                                       std::vector<std::string>& problems);

    Rung m_runTime;
    Rung m_declared;
};

} // namespace sallyport::policy
