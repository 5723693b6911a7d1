#include "engine/store/store.h"

#include <future>
#include <utility>

#include "engine/store/budgets.h"
#include "engine/store/reader.h"
#include "engine/store/schema.h"
#include "engine/store/tables.h"
#include "engine/store/writer.h"

namespace sallyport::store {

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file)
{
    auto writing = Database::open(file, Database::Access::ReadWrite);
    if (!writing)
        return tl::unexpected<Error>(std::move(writing.error()));
    if (auto migrated = migrate(*writing); !migrated)
        return fail(file.string(), std::move(migrated.error()));
    auto reading = Database::open(file, Database::Access::ReadOnly);
    auto loading = Database::open(file, Database::Access::ReadOnly);
    for (auto* database : {&reading, &loading})
        if (!*database)
            return tl::unexpected<Error>(std::move(database->error()));
    auto store = std::unique_ptr<Store>(new Store(std::move(*loading),
                                                  std::make_unique<Writer>(std::move(*writing)),
                                                  std::make_unique<Reader>(std::move(*reading))));
    if (auto seeded = store->seedIds(); !seeded)
        return tl::unexpected<Error>(std::move(seeded.error()));
    return store;
}

Store::Store(Database loader, std::unique_ptr<Writer> writer, std::unique_ptr<Reader> reader)
    : m_loader(std::move(loader))
    , m_writer(std::move(writer))
    , m_reader(std::move(reader))
{
}

Store::~Store()
{
    // Both stay in place meanwhile: a callback of the one may still call the other.
    m_reader->stop();
    m_writer->stop();
}

// SQLite keeps the highest id ever used of an AUTOINCREMENT table.
Status Store::seedIds()
{
    const std::pair<const char*, std::atomic<std::int64_t>*> tables[] = {
        {"SELECT seq FROM sqlite_sequence WHERE name = 'sandboxes'", &m_lastSandbox},
        {"SELECT seq FROM sqlite_sequence WHERE name = 'rules'", &m_lastRule},
        {"SELECT seq FROM sqlite_sequence WHERE name = 'questions'", &m_lastQuestion},
        {"SELECT seq FROM sqlite_sequence WHERE name = 'credentials'", &m_lastCredential},
    };
    for (const auto& [sql, last] : tables) {
        const auto highest = m_loader.integer(sql);
        if (!highest)
            return tl::unexpected<Error>(highest.error());
        *last = *highest;
    }
    return {};
}

Result<std::vector<api::Sandbox>> Store::loadSandboxes()
{
    const std::lock_guard lock(m_loaderMutex);
    return tables::loadSandboxes(m_loader);
}

Result<std::vector<api::Rule>> Store::loadRules()
{
    const std::lock_guard lock(m_loaderMutex);
    return tables::loadRules(m_loader);
}

Result<std::vector<SavedQuestion>> Store::loadQuestions()
{
    const std::lock_guard lock(m_loaderMutex);
    return tables::loadQuestions(m_loader);
}

Result<std::vector<api::Credential>> Store::loadCredentials()
{
    const std::lock_guard lock(m_loaderMutex);
    return tables::loadCredentials(m_loader);
}

Result<std::vector<PoolName>> Store::loadPoolNames(api::SandboxId sandbox)
{
    const std::lock_guard lock(m_loaderMutex);
    return tables::loadPoolNames(m_loader, sandbox);
}

Result<std::map<api::SandboxId, std::vector<api::Handler>>> Store::loadHandlers()
{
    const std::lock_guard lock(m_loaderMutex);
    return handlers::loadHandlers(m_loader);
}

Result<std::vector<StoredModule>> Store::loadModules()
{
    const std::lock_guard lock(m_loaderMutex);
    return handlers::loadModules(m_loader);
}

Result<std::vector<StoredSetting>> Store::loadSettings()
{
    const std::lock_guard lock(m_loaderMutex);
    return settings::load(m_loader);
}

Result<std::map<api::SandboxId, std::string>> Store::loadBudgets()
{
    const std::lock_guard lock(m_loaderMutex);
    return budgets::load(m_loader);
}

Result<std::map<api::SandboxId, api::Phases>> Store::loadPhases()
{
    const std::lock_guard lock(m_loaderMutex);
    return phases::load(m_loader);
}

void Store::saveHandlers(api::SandboxId sandbox, std::vector<api::Handler> handlers, Done done)
{
    write([sandbox, all = std::move(handlers)](
              Database& database) { return handlers::save(database, sandbox, all); },
          std::move(done));
}

void Store::saveModule(const StoredModule& module, Done done)
{
    write([module](Database& database) { return handlers::save(database, module); },
          std::move(done));
}

void Store::removeModule(api::SandboxId sandbox, Done done)
{
    write([sandbox](Database& database) { return handlers::removeModule(database, sandbox); },
          std::move(done));
}

void Store::saveSandbox(const api::Sandbox& sandbox, Done done)
{
    write([sandbox](Database& database) { return tables::save(database, sandbox); },
          std::move(done));
}

void Store::saveRule(const api::Rule& rule, Done done)
{
    write([rule](Database& database) { return tables::save(database, rule); }, std::move(done));
}

void Store::saveQuestion(const SavedQuestion& question, Done done)
{
    write([question](Database& database) { return tables::save(database, question); },
          std::move(done));
}

void Store::saveCredential(const api::Credential& credential, Done done)
{
    write([credential](Database& database) { return tables::save(database, credential); },
          std::move(done));
}

void Store::savePoolName(api::SandboxId sandbox, const PoolName& name, Done done)
{
    write([sandbox, name](Database& database) { return tables::save(database, sandbox, name); },
          std::move(done));
}

void Store::removeSandbox(api::SandboxId sandbox, Done done)
{
    write([sandbox](Database& database) { return tables::removeSandbox(database, sandbox); },
          std::move(done));
}

void Store::removeRule(api::RuleId rule, Done done)
{
    write([rule](Database& database) { return tables::removeRule(database, rule); },
          std::move(done));
}

void Store::removeQuestion(api::QuestionId question, Done done)
{
    write([question](Database& database) { return tables::removeQuestion(database, question); },
          std::move(done));
}

void Store::removeCredential(api::CredentialId credential, Done done)
{
    write(
        [credential](Database& database) { return tables::removeCredential(database, credential); },
        std::move(done));
}

void Store::removePoolNames(api::SandboxId sandbox, Done done)
{
    write([sandbox](Database& database) { return tables::removePoolNames(database, sandbox); },
          std::move(done));
}

void Store::addRuleHits(api::RuleId rule, std::int64_t hits, UnixMillis lastHitAt, Done done)
{
    write([=](Database& database) { return tables::addRuleHits(database, rule, hits, lastHitAt); },
          std::move(done));
}

void Store::write(Job job, Done done)
{
    m_writer->add(std::move(job), std::move(done));
}

bool Store::read(std::function<void(Database&)> job)
{
    return m_reader->add(std::move(job));
}

void Store::flush()
{
    std::promise<void> reached;
    write([](Database&) { return Status(); }, [&](const Status&) { reached.set_value(); });
    m_writer->hurry();
    reached.get_future().wait();
}

std::optional<Error> Store::problem() const
{
    return m_writer->problem();
}

} // namespace sallyport::store
