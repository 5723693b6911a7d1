#pragma once

// Everything that the engine keeps, in one SQLite file (WAL): sandboxes, rules, open questions,
// names of the DNS pool, and the rows of the egress log (engine/log is the way to those).
//
// Threads: any thread may call. Writes are queued to one writer thread, which commits them in
// batches, in the order of the calls; their callbacks run on that thread after COMMIT, so what was
// confirmed survives a kill -9 of any process. Reads of the log run on one reader thread. The load
// functions run on the caller's thread and are meant for the start.
//
// Bounds: at most MostQueued writes wait; a caller past that waits for room, which is the
// back-pressure on the door when the disk does not keep up. Callbacks must not wait for the store.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/store/database.h"
#include "engine/store/handlers.h"
#include "engine/store/phases.h"
#include "engine/store/settings.h"

namespace sallyport::store {

// One name of a sandbox's DNS pool and the place of its address in the pool.
struct PoolName
{
    std::string name;
    std::int64_t slot = 0;
};

// An open question, and the method and target of its request as they came: its own are cut for the eye.
struct SavedQuestion
{
    api::Question question;
    std::string method;
    std::string target;
};

class Store
{
public:
    using Done = std::function<void(Status)>;
    using Job = std::function<Status(Database&)>;

    // Opens or creates the database and brings its schema up to date. A file that is damaged, not
    // ours, or written by a newer version is an error that says so; it is never replaced.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);

    // Commits everything that is queued.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] Result<std::vector<api::Sandbox>> loadSandboxes(); // oldest first
    [[nodiscard]] Result<std::vector<api::Rule>> loadRules();
    [[nodiscard]] Result<std::vector<SavedQuestion>> loadQuestions();
    [[nodiscard]] Result<std::vector<api::Credential>> loadCredentials();
    [[nodiscard]] Result<std::vector<PoolName>> loadPoolNames(api::SandboxId sandbox);
    [[nodiscard]] Result<std::map<api::SandboxId, std::vector<api::Handler>>> loadHandlers();
    [[nodiscard]] Result<std::vector<StoredModule>> loadModules();
    [[nodiscard]] Result<std::vector<StoredSetting>> loadSettings();
    [[nodiscard]] Result<std::map<api::SandboxId, api::Phases>> loadPhases();
    [[nodiscard]] Result<std::map<api::SandboxId, std::string>> loadBudgets(); // budgets.h

    // Ids that were never used before, also not by something deleted since.
    [[nodiscard]] api::SandboxId newSandboxId() { return ++m_lastSandbox; }
    [[nodiscard]] api::RuleId newRuleId() { return ++m_lastRule; }
    [[nodiscard]] api::QuestionId newQuestionId() { return ++m_lastQuestion; }
    [[nodiscard]] api::CredentialId newCredentialId() { return ++m_lastCredential; }

    // Insert or replace by id. Live values (statistics, open questions, held counts) are not kept:
    // they are zero when loaded.
    void saveSandbox(const api::Sandbox& sandbox, Done done = {});
    void saveRule(const api::Rule& rule, Done done = {});
    void saveQuestion(const SavedQuestion& question, Done done = {});
    // References only; their values are not for this file.
    void saveCredential(const api::Credential& credential, Done done = {});
    void savePoolName(api::SandboxId sandbox, const PoolName& name, Done done = {});
    // All handlers of the sandbox, in place of what is stored.
    void saveHandlers(api::SandboxId sandbox, std::vector<api::Handler> handlers, Done done = {});
    void saveModule(const StoredModule& module, Done done = {});

    // With its rules, questions, pool names, handlers and their log. Its log rows stay until their time is over.
    void removeSandbox(api::SandboxId sandbox, Done done = {});
    void removeRule(api::RuleId rule, Done done = {});
    void removeModule(api::SandboxId sandbox, Done done = {});
    void removeQuestion(api::QuestionId question, Done done = {});
    void removeCredential(api::CredentialId credential, Done done = {});
    void removePoolNames(api::SandboxId sandbox, Done done = {});

    // Adds hits to a rule without rewriting it.
    void addRuleHits(api::RuleId rule, std::int64_t hits, UnixMillis lastHitAt, Done done = {});

    // A job of the caller's on the writer, in the same order and batches. When it fails, what it
    // did is rolled back and the rest of the batch stands.
    void write(Job job, Done done = {});
    // On the reader thread. False: too many reads wait already, the job was not taken.
    [[nodiscard]] bool read(std::function<void(Database&)> job);

    // Returns when everything queued before has been committed or has failed.
    void flush();

    // The last commit's failure (disk full, I/O error), until a commit succeeds again. The door
    // must not let new requests through while it is set: they could not be shown.
    [[nodiscard]] std::optional<Error> problem() const;

    static constexpr std::size_t MostQueued = 20000;
    static constexpr std::size_t MostReads = 256;

private:
    class Writer;
    class Reader;
    Store(Database loader, std::unique_ptr<Writer> writer, std::unique_ptr<Reader> reader);
    [[nodiscard]] Status seedIds();

    std::mutex m_loaderMutex; // guards m_loader
    Database m_loader;
    std::unique_ptr<Writer> m_writer;
    std::unique_ptr<Reader> m_reader;
    std::atomic<std::int64_t> m_lastSandbox = 0;
    std::atomic<std::int64_t> m_lastRule = 0;
    std::atomic<std::int64_t> m_lastQuestion = 0;
    std::atomic<std::int64_t> m_lastCredential = 0;
};

} // namespace sallyport::store
