#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/api/phases.h"
#include "engine/base/result.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// Each sandbox's phases, and which was entered. A phase that was promised for the end of a program is entered however the
// program ends, also with the engine; where that fails, everything is denied. Network thread only.
class PhaseBook
{
public:
    struct Parts
    {
        // Whether the phase could be entered now: its hosts, its handler.
        std::function<Status(api::SandboxId, const api::Phase&)> check;
        std::function<Status(api::SandboxId, const api::Phase&)> apply;
        std::function<void(api::SandboxId, const api::Phases&)> onChanged;
    };

    class Promise
    {
    public:
        Promise(PhaseBook& book, api::SandboxId sandbox, std::string phase);
        ~Promise();
        Promise(const Promise&) = delete;
        Promise& operator=(const Promise&) = delete;

    private:
        friend class PhaseBook;
        PhaseBook* m_book; // null: broken
        std::weak_ptr<bool> m_bookAlive;
        api::SandboxId m_sandbox;
        std::string m_phase;
    };

    static constexpr std::size_t MostPhases = 16;
    static constexpr std::size_t MostNameBytes = 32;

    // As they were stored. `store` outlives the book.
    PhaseBook(store::Store& store, std::map<api::SandboxId, api::Phases> stored, Parts parts);

    // Programs that were to end a phase ended with the engine before this one.
    void resume();

    [[nodiscard]] api::Phases of(api::SandboxId sandbox) const;
    [[nodiscard]] Result<api::Phases> set(api::SandboxId sandbox, std::vector<api::Phase> phases);
    [[nodiscard]] Result<api::Phases> enter(api::SandboxId sandbox, const std::string& name);
    // Enters the phase once the last copy of what it returns is gone, unless that was broken before.
    [[nodiscard]] Result<std::shared_ptr<Promise>> promise(api::SandboxId sandbox, const std::string& name);
    void breakPromise(Promise& promise);
    void removeSandbox(api::SandboxId sandbox);

private:
    void keepPromise(api::SandboxId sandbox, const std::string& name);
    void save(api::SandboxId sandbox);

    store::Store& m_store;
    std::map<api::SandboxId, api::Phases> m_phases;
    Parts m_parts;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace sallyport::service
