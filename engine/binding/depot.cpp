#include "engine/binding/depot.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/binding/schema.h"

namespace sallyport::binding {

namespace {

tl::unexpected<Error> full(std::int64_t most)
{
    return fail(Error::Code::TooLarge,
                fmt::format("it holds at most {} bytes, which is a setting of it", most));
}

} // namespace

Depot::Depot(store::Database database, const std::filesystem::path& contents)
    : m_files(contents)
    , m_database(std::move(database))
{
}

Result<std::shared_ptr<Depot>> Depot::open(const std::filesystem::path& folder)
{
    const std::filesystem::path contents = folder / "contents";
    if (const Status made = Files(contents).prepare(); !made)
        return tl::unexpected(made.error());
    auto database =
        store::Database::open(folder / "bindings.db", store::Database::Access::ReadWrite);
    if (!database)
        return tl::unexpected(database.error());
    if (const Status ready = prepareSchema(*database); !ready)
        return fail("open the bindings' database", ready.error());
    std::shared_ptr<Depot> depot(new Depot(std::move(*database), contents));
    if (const Status loaded = depot->load(); !loaded)
        return fail("read the bindings' database", loaded.error());
    return depot;
}

Status Depot::load()
{
    const std::lock_guard lock(m_mutex);
    auto usage = m_database.statement("SELECT id, entries, bytes FROM bindings");
    if (!usage)
        return tl::unexpected(usage.error());
    for (;;) {
        const auto row = usage->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        std::int64_t id = 0;
        Usage held;
        if (const Status read = usage->read(id, held.entries, held.bytes); !read)
            return read;
        m_usage[id] = held;
    }
    if (const Status swept = sweepLoose(); !swept)
        return swept;
    return readCatalogue();
}

// What an engine that was killed has left.
Status Depot::sweepLoose()
{
    auto loose = m_database.statement("SELECT file FROM loose");
    if (!loose)
        return tl::unexpected(loose.error());
    for (;;) {
        const auto row = loose->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        std::string file;
        if (const Status read = loose->read(file); !read)
            return read;
        m_files.remove(file);
    }
    static_cast<void>(m_files.takeRemoved());
    return m_database.execute("DELETE FROM loose");
}

Status Depot::readCatalogue()
{
    auto bindings = m_database.statement(
        "SELECT id, kind, name, most_bytes, port, owner, note, created_at FROM bindings "
        "ORDER BY kind, name");
    if (!bindings)
        return tl::unexpected(bindings.error());
    std::vector<CatalogueEntry> entries;
    for (;;) {
        const auto row = bindings->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        CatalogueEntry entry;
        api::Binding& binding = entry.binding;
        if (const Status read =
                bindings->read(entry.id, binding.kind, binding.name, binding.mostBytes,
                               binding.port, binding.owner, binding.note, binding.createdAt);
            !read)
            return read;
        entries.push_back(std::move(entry));
    }
    auto uses = m_database.statement(
        "SELECT binding, nullif(sandbox, 0), access, variable, reach FROM uses ORDER BY sandbox");
    if (!uses)
        return tl::unexpected(uses.error());
    for (;;) {
        const auto row = uses->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            break;
        std::int64_t binding = 0;
        api::BindingUse use;
        if (const Status read =
                uses->read(binding, use.sandbox, use.access, use.variable, use.reach);
            !read)
            return read;
        const auto found = std::find_if(entries.begin(), entries.end(),
                                        [&](const auto& entry) { return entry.id == binding; });
        if (found != entries.end())
            found->binding.uses.push_back(std::move(use));
    }
    const std::lock_guard lock(m_catalogueMutex);
    m_catalogue = std::make_shared<const Catalogue>(std::move(entries));
    return {};
}

void Depot::setListener(std::function<void(bool)> listener)
{
    const std::lock_guard lock(m_mutex);
    m_listener = std::move(listener);
}

void Depot::announce(bool catalogueToo)
{
    if (m_listener)
        m_listener(catalogueToo);
}

std::shared_ptr<const Catalogue> Depot::catalogue() const
{
    const std::lock_guard lock(m_catalogueMutex);
    return m_catalogue;
}

// ---- What there is

std::vector<api::Binding> Depot::list()
{
    const std::lock_guard lock(m_mutex);
    std::vector<api::Binding> all;
    for (const CatalogueEntry& entry : catalogue()->entries()) {
        all.push_back(entry.binding);
        all.back().entries = m_usage[entry.id].entries;
        all.back().bytes = m_usage[entry.id].bytes;
    }
    return all;
}

Result<const CatalogueEntry*> Depot::entryOf(api::BindingKind kind, std::string_view name) const
{
    const std::lock_guard lock(m_catalogueMutex);
    if (const CatalogueEntry* const entry = m_catalogue->find(kind, name))
        return entry;
    return fail(Error::Code::NotFound, fmt::format("there is no {} '{}'", kindName(kind), name));
}

Result<api::Binding> Depot::shown(api::BindingKind kind, std::string_view name)
{
    if (const Status read = readCatalogue(); !read)
        return tl::unexpected(read.error());
    announce(true);
    const auto entry = entryOf(kind, name);
    if (!entry)
        return tl::unexpected(entry.error());
    api::Binding binding = (*entry)->binding;
    binding.entries = m_usage[(*entry)->id].entries;
    binding.bytes = m_usage[(*entry)->id].bytes;
    return binding;
}

Result<api::Binding> Depot::create(const api::Binding& wanted, UnixMillis now)
{
    api::Binding binding = wanted;
    const bool isService = binding.kind == api::BindingKind::Service;
    if (isService)
        binding.mostBytes = 0;
    else if (binding.mostBytes == 0)
        binding.mostBytes = UsualMostBytes;
    if (const Status good = checkBinding(binding); !good)
        return tl::unexpected(good.error());
    const std::lock_guard lock(m_mutex);
    if (entryOf(binding.kind, binding.name))
        return fail(Error::Code::Exists, fmt::format("there is a {} '{}' already",
                                                     kindName(binding.kind), binding.name));
    if (catalogue()->entries().size() >= MostBindings)
        return fail(Error::Code::TooLarge, fmt::format("there are {} already", MostBindings));
    auto insertion = m_database.statement(
        "INSERT INTO bindings (kind, name, most_bytes, port, owner, note, created_at, entries, "
        "bytes) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)");
    if (!insertion)
        return tl::unexpected(insertion.error());
    if (const Status inserted =
            insertion
                ->bind(binding.kind, binding.name, binding.mostBytes, isService ? binding.port : 0,
                       isService ? binding.owner : std::nullopt, binding.note, now)
                .run();
        !inserted)
        return tl::unexpected(inserted.error());
    return shown(binding.kind, binding.name);
}

Result<api::Binding> Depot::update(const api::Binding& wanted)
{
    const std::lock_guard lock(m_mutex);
    const auto entry = entryOf(wanted.kind, wanted.name);
    if (!entry)
        return tl::unexpected(entry.error());
    api::Binding binding = (*entry)->binding;
    binding.mostBytes = wanted.mostBytes;
    binding.port = wanted.port;
    binding.note = wanted.note;
    if (const Status good = checkBinding(binding); !good)
        return tl::unexpected(good.error());
    auto change =
        m_database.statement("UPDATE bindings SET most_bytes = ?, port = ?, note = ? WHERE id = ?");
    if (!change)
        return tl::unexpected(change.error());
    if (const Status changed =
            change->bind(binding.mostBytes, binding.port, binding.note, (*entry)->id).run();
        !changed)
        return tl::unexpected(changed.error());
    return shown(binding.kind, binding.name);
}

Status Depot::remove(api::BindingKind kind, std::string_view name, bool force)
{
    const std::lock_guard lock(m_mutex);
    const auto entry = entryOf(kind, name);
    if (!entry)
        return tl::unexpected(entry.error());
    const std::int64_t id = (*entry)->id;
    if (m_usage[id].entries > 0 && !force)
        return fail(Error::Code::Conflict,
                    fmt::format("the {} {} holds {} entries; remove them first, or force it",
                                kindName(kind), name, m_usage[id].entries));
    const Status removed = transact([&]() -> Status {
        for (const char* sql :
             {"INSERT OR IGNORE INTO loose SELECT file FROM segments WHERE item IN (SELECT id "
              "FROM items WHERE store = ?1)",
              "INSERT OR IGNORE INTO loose SELECT file FROM parts WHERE upload IN (SELECT id FROM "
              "uploads WHERE store = ?1)",
              "DELETE FROM segments WHERE item IN (SELECT id FROM items WHERE store = ?1)",
              "DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE store = ?1)",
              "DELETE FROM items WHERE store = ?1", "DELETE FROM uploads WHERE store = ?1",
              "DELETE FROM uses WHERE binding = ?1", "DELETE FROM bindings WHERE id = ?1",
              // A copy into another bucket may still need the file.
              "DELETE FROM loose WHERE file IN (SELECT file FROM segments) AND ?1 > 0"}) {
            auto statement = m_database.statement(sql);
            if (!statement)
                return tl::unexpected(statement.error());
            if (const Status done = statement->bind(id).run(); !done)
                return done;
        }
        return {};
    });
    if (!removed)
        return removed;
    m_usage.erase(id);
    if (const Status read = readCatalogue(); !read)
        return read;
    auto loose = m_database.statement("SELECT file FROM loose");
    if (!loose)
        return tl::unexpected(loose.error());
    std::vector<std::string> files;
    for (;;) {
        const auto row = loose->step();
        std::string file;
        if (!row || !*row || !loose->read(file))
            break;
        files.push_back(std::move(file));
    }
    for (const std::string& file : files)
        if (!m_drafts.contains(file))
            m_files.remove(file);
    announce(true);
    return {};
}

Result<api::Binding>
Depot::bind(api::BindingKind kind, std::string_view name, const api::BindingUse& use)
{
    if (const Status good = checkVariable(use.variable); !good)
        return tl::unexpected(good.error());
    if (use.reach == api::BindingReach::Handlers && use.variable.empty())
        return fail(Error::Code::Invalid, "variable: handlers find it by one, and nobody else may");
    const std::lock_guard lock(m_mutex);
    const auto entry = entryOf(kind, name);
    if (!entry)
        return tl::unexpected(entry.error());
    // One name, one thing: of the same sandbox, or of all.
    if (!use.variable.empty())
        for (const CatalogueEntry& other : catalogue()->entries())
            for (const api::BindingUse& each : other.binding.uses)
                if (other.id != (*entry)->id && each.variable == use.variable &&
                    each.sandbox == use.sandbox)
                    return fail(Error::Code::Exists,
                                fmt::format("env.{} stands for the {} {} already; choose another "
                                            "variable",
                                            use.variable, kindName(other.binding.kind),
                                            other.binding.name));
    auto insertion = m_database.statement(
        "INSERT OR REPLACE INTO uses (binding, sandbox, access, variable, reach) "
        "VALUES (?, ?, ?, ?, ?)");
    if (!insertion)
        return tl::unexpected(insertion.error());
    if (const Status inserted =
            insertion
                ->bind((*entry)->id, use.sandbox.value_or(0), use.access, use.variable, use.reach)
                .run();
        !inserted)
        return tl::unexpected(inserted.error());
    return shown(kind, name);
}

Result<api::Binding>
Depot::unbind(api::BindingKind kind, std::string_view name, std::optional<api::SandboxId> sandbox)
{
    const std::lock_guard lock(m_mutex);
    const auto entry = entryOf(kind, name);
    if (!entry)
        return tl::unexpected(entry.error());
    auto deletion = m_database.statement("DELETE FROM uses WHERE binding = ? AND sandbox = ?");
    if (!deletion)
        return tl::unexpected(deletion.error());
    if (const Status deleted = deletion->bind((*entry)->id, sandbox.value_or(0)).run(); !deleted)
        return tl::unexpected(deleted.error());
    if (m_database.changes() == 0)
        return fail(Error::Code::NotFound,
                    fmt::format("the {} {} is not bound {}", kindName(kind), name,
                                sandbox ? "to this sandbox" : "to all sandboxes"));
    return shown(kind, name);
}

void Depot::sandboxRemoved(api::SandboxId sandbox)
{
    const std::lock_guard lock(m_mutex);
    const Status removed = transact([&]() -> Status {
        for (const char* sql :
             {"DELETE FROM uses WHERE sandbox = ?1",
              "DELETE FROM uses WHERE binding IN (SELECT id FROM bindings WHERE owner = ?1)",
              "DELETE FROM bindings WHERE owner = ?1"}) {
            auto statement = m_database.statement(sql);
            if (!statement)
                return tl::unexpected(statement.error());
            if (const Status done = statement->bind(sandbox).run(); !done)
                return done;
        }
        return {};
    });
    const Status read = removed ? readCatalogue() : removed;
    if (!read)
        log::warning("bindings", "forget the sandbox's: " + read.error().text);
    announce(true);
}

// ---- Limits

Result<std::int64_t> Depot::mostBytesOf(std::int64_t store) const
{
    const auto now = catalogue();
    const auto found = std::find_if(now->entries().begin(), now->entries().end(),
                                    [store](const auto& entry) { return entry.id == store; });
    if (found == now->entries().end())
        return fail(Error::Code::NotFound, "it was removed meanwhile");
    return found->binding.mostBytes;
}

Status Depot::reserve(std::int64_t store, std::int64_t bytes)
{
    const std::lock_guard lock(m_mutex);
    const auto most = mostBytesOf(store);
    if (!most)
        return tl::unexpected(most.error());
    Usage& usage = m_usage[store];
    if (usage.bytes + usage.reserved + bytes > *most)
        return full(*most);
    usage.reserved += bytes;
    return {};
}

void Depot::release(std::int64_t store, std::int64_t bytes)
{
    const std::lock_guard lock(m_mutex);
    if (const auto found = m_usage.find(store); found != m_usage.end())
        found->second.reserved -= bytes;
}

// ---- Files

Result<UniqueFd> Depot::createFile(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    // Known as loose before it is there, so that no crash leaves it behind.
    auto insertion = m_database.statement("INSERT INTO loose (file) VALUES (?)");
    if (!insertion)
        return tl::unexpected(insertion.error());
    if (const Status inserted = insertion->bind(name).run(); !inserted)
        return tl::unexpected(inserted.error());
    m_drafts.insert(name);
    return m_files.create(name);
}

void Depot::discard(const std::string& file)
{
    const std::lock_guard lock(m_mutex);
    m_drafts.erase(file);
    m_files.remove(file);
}

// ---- What is past its time

void Depot::tidy(UnixMillis now)
{
    const std::lock_guard lock(m_mutex);
    const auto each = [&](const char* sql, UnixMillis before, const auto& use) -> Status {
        std::vector<std::pair<std::int64_t, std::string>> found;
        {
            auto query = m_database.statement(sql);
            if (!query)
                return tl::unexpected(query.error());
            query->bind(before);
            for (;;) {
                const auto row = query->step();
                if (!row)
                    return tl::unexpected(row.error());
                if (!*row)
                    break;
                auto& [store, name] = found.emplace_back();
                if (const Status read = query->read(store, name); !read)
                    return read;
            }
        }
        for (const auto& [store, name] : found)
            if (const Status used = use(store, name); !used)
                return used;
        return {};
    };
    bool isChanged = false;
    const Status tidied = transact([&]() -> Status {
        const Status expired = each("SELECT store, key FROM items WHERE expires_at <= ? LIMIT 1000",
                                    now, [&](std::int64_t store, const std::string& key) -> Status {
                                        const auto row = find(store, key);
                                        isChanged = true;
                                        return row && *row ? erase(store, **row) : Status();
                                    });
        if (!expired)
            return expired;
        const Status left =
            each("SELECT store, id FROM uploads WHERE started_at <= ? LIMIT 1000", now - UploadLife,
                 [&](std::int64_t store, const std::string& upload) {
                     return eraseUpload(store, upload);
                 });
        return left;
    });
    if (!tidied)
        log::warning("bindings", "remove what is past its time: " + tidied.error().text);
    for (const std::string& file : m_files.takeRemoved()) {
        auto deletion = m_database.statement("DELETE FROM loose WHERE file = ?");
        const Status deleted =
            deletion ? deletion->bind(file).run() : tl::unexpected(deletion.error());
        if (!deleted)
            log::warning("bindings", deleted.error().text);
    }
    if (isChanged)
        announce(false);
}

} // namespace sallyport::binding
