// The contents: items, their listing, uploads in parts.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "engine/binding/depot.h"

namespace sallyport::binding {

namespace {

// Every byte of UTF-8 is less: what lies between a prefix and this begins with the prefix.
std::string endOf(std::string_view prefix)
{
    return std::string(prefix) + '\xff';
}

// The etag of an object in parts: the MD5 of the parts' MD5s, and their number.
Result<std::string> etagOf(const std::vector<Part>& parts)
{
    std::string digests;
    for (const Part& part : parts)
        for (std::size_t i = 0; i + 1 < part.etag.size(); i += 2) {
            const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
            digests.push_back(
                static_cast<char>(nibble(part.etag[i]) * 16 + nibble(part.etag[i + 1])));
        }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(digests.data(), digests.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
        return fail(Error::Code::Internal, "no MD5 can be computed");
    std::string text;
    for (unsigned int i = 0; i < size; ++i)
        text += fmt::format("{:02x}", digest.at(i));
    return fmt::format("{}-{}", text, parts.size());
}

bool isExpired(const Item& item, UnixMillis now)
{
    return item.expiresAt && *item.expiresAt <= now;
}

} // namespace

Status Depot::transact(const std::function<Status()>& steps)
{
    m_change.clear();
    m_loosened.clear();
    if (const Status begun = m_database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    Status done = steps();
    for (const auto& [store, change] : m_change) {
        if (!done)
            break;
        auto update = m_database.statement(
            "UPDATE bindings SET entries = entries + ?, bytes = bytes + ? WHERE id = ?");
        done = update ? update->bind(change.entries, change.bytes, store).run()
                      : tl::unexpected(update.error());
    }
    if (done)
        done = m_database.execute("COMMIT");
    if (!done) {
        if (m_database.isInTransaction())
            static_cast<void>(m_database.execute("ROLLBACK"));
        return done;
    }
    for (const auto& [store, change] : m_change) {
        Usage& usage = m_usage[store];
        usage.entries += change.entries;
        usage.bytes += change.bytes;
    }
    for (const std::string& file : std::exchange(m_loosened, {}))
        m_files.remove(file);
    return {};
}

Status Depot::count(std::int64_t store, std::int64_t entries, std::int64_t bytes)
{
    Usage& change = m_change[store];
    change.entries += entries;
    change.bytes += bytes;
    if (entries > 0 && m_usage[store].entries + change.entries > MostEntries)
        return fail(Error::Code::TooLarge, fmt::format("it holds {} entries already", MostEntries));
    return {};
}

Result<std::vector<Content::Segment>> Depot::segmentsOf(std::int64_t item)
{
    std::vector<Content::Segment> segments;
    auto query =
        m_database.statement("SELECT file, bytes FROM segments WHERE item = ? ORDER BY number");
    if (!query)
        return tl::unexpected(query.error());
    query->bind(item);
    for (;;) {
        const auto row = query->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            return segments;
        Content::Segment& segment = segments.emplace_back();
        if (const Status read = query->read(segment.file, segment.bytes); !read)
            return tl::unexpected(read.error());
    }
}

Result<std::optional<Depot::Row>> Depot::find(std::int64_t store, std::string_view key)
{
    Row row;
    {
        auto query = m_database.statement(
            "SELECT id, key, bytes, etag, metadata, http, expires_at, stored_at FROM items WHERE "
            "store = ? AND key = ?");
        if (!query)
            return tl::unexpected(query.error());
        const auto found = query->bind(store, key).step();
        if (!found)
            return tl::unexpected(found.error());
        if (!*found)
            return std::optional<Row>{};
        Item& item = row.item;
        if (const Status read = query->read(item.id, item.key, item.bytes, item.etag, item.metadata,
                                            item.http, item.expiresAt, item.storedAt);
            !read)
            return tl::unexpected(read.error());
    }
    auto segments = segmentsOf(row.item.id);
    if (!segments)
        return tl::unexpected(segments.error());
    row.segments = std::move(*segments);
    return std::optional(std::move(row));
}

Status Depot::loosen(const std::string& file)
{
    auto others = m_database.statement("SELECT count(*) FROM segments WHERE file = ?");
    if (!others)
        return tl::unexpected(others.error());
    std::int64_t users = 0;
    const auto row = others->bind(file).step();
    if (!row)
        return tl::unexpected(row.error());
    if (const Status read = others->read(users); !read)
        return read;
    if (users > 0)
        return {};
    auto insertion = m_database.statement("INSERT OR IGNORE INTO loose (file) VALUES (?)");
    if (!insertion)
        return tl::unexpected(insertion.error());
    if (const Status inserted = insertion->bind(file).run(); !inserted)
        return inserted;
    m_loosened.push_back(file);
    return {};
}

Status Depot::erase(std::int64_t store, const Row& row)
{
    for (const char* sql :
         {"DELETE FROM segments WHERE item = ?", "DELETE FROM items WHERE id = ?"}) {
        auto deletion = m_database.statement(sql);
        if (!deletion)
            return tl::unexpected(deletion.error());
        if (const Status deleted = deletion->bind(row.item.id).run(); !deleted)
            return deleted;
    }
    for (const Content::Segment& segment : row.segments)
        if (const Status loose = loosen(segment.file); !loose)
            return loose;
    return count(store, -1, -row.item.bytes);
}

Status Depot::insert(std::int64_t store, Item& item, std::string_view bytes)
{
    {
        // The cast makes a BLOB of what is bound as text.
        auto insertion = m_database.statement(
            "INSERT INTO items (store, key, bytes, etag, metadata, http, expires_at, stored_at, "
            "value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB))");
        if (!insertion)
            return tl::unexpected(insertion.error());
        if (const Status inserted =
                insertion
                    ->bind(store, item.key, item.bytes, item.etag, item.metadata, item.http,
                           item.expiresAt, item.storedAt, bytes)
                    .run();
            !inserted)
            return inserted;
    }
    const auto id = m_database.integer("SELECT last_insert_rowid()");
    if (!id)
        return tl::unexpected(id.error());
    item.id = *id;
    return count(store, 1, item.bytes);
}

Status Depot::addSegment(std::int64_t item, int number, const Content::Segment& segment)
{
    auto insertion = m_database.statement(
        "INSERT INTO segments (item, number, file, bytes) VALUES (?, ?, ?, ?)");
    if (!insertion)
        return tl::unexpected(insertion.error());
    if (const Status inserted = insertion->bind(item, number, segment.file, segment.bytes).run();
        !inserted)
        return inserted;
    auto deletion = m_database.statement("DELETE FROM loose WHERE file = ?");
    if (!deletion)
        return tl::unexpected(deletion.error());
    return deletion->bind(segment.file).run();
}

// ---- Items

Result<std::unique_ptr<Draft>>
Depot::begin(std::int64_t store, Draft::Place place, std::int64_t most)
{
    if (const Status room = m_files.checkRoom(); !room)
        return tl::unexpected(room.error());
    if (const auto limit = mostBytesOf(store); !limit)
        return tl::unexpected(limit.error());
    return std::make_unique<Draft>(shared_from_this(), store, place, most);
}

Result<PutOutcome> Depot::put(std::int64_t store,
                              std::string_view key,
                              Draft& draft,
                              const ItemProperties& properties,
                              const Condition& condition,
                              UnixMillis now)
{
    if (const Status finished = draft.finish(); !finished)
        return tl::unexpected(finished.error());
    const std::lock_guard lock(m_mutex);
    if (const auto most = mostBytesOf(store); !most)
        return tl::unexpected(most.error());
    PutOutcome outcome;
    const Status done = transact([&]() -> Status {
        auto old = find(store, key);
        if (!old)
            return tl::unexpected(old.error());
        const bool isThere = *old && !isExpired((*old)->item, now);
        outcome.precondition = check(condition, isThere ? &(*old)->item : nullptr);
        if (outcome.precondition != Precondition::Holds) {
            if (isThere)
                outcome.item = (*old)->item;
            return {};
        }
        if (*old)
            if (const Status erased = erase(store, **old); !erased)
                return erased;
        Item& item = outcome.item;
        item.key = key;
        item.bytes = draft.bytes();
        item.etag = draft.md5();
        item.metadata = properties.metadata;
        item.http = properties.http;
        item.expiresAt = properties.expiresAt;
        item.storedAt = now;
        if (const Status inserted = insert(store, item, draft.m_inline); !inserted)
            return inserted;
        return draft.m_file.empty() ? Status()
                                    : addSegment(item.id, 0, {draft.m_file, draft.bytes()});
    });
    if (!done)
        return tl::unexpected(done.error());
    if (outcome.precondition == Precondition::Holds) {
        draft.m_isTaken = true;
        m_drafts.erase(draft.m_file);
        announce(false);
    }
    return outcome;
}

Result<std::optional<Item>> Depot::head(std::int64_t store, std::string_view key, UnixMillis now)
{
    const std::lock_guard lock(m_mutex);
    auto row = find(store, key);
    if (!row)
        return tl::unexpected(row.error());
    if (!*row || isExpired((*row)->item, now))
        return std::optional<Item>{};
    return std::optional(std::move((*row)->item));
}

Result<std::shared_ptr<Content>>
Depot::open(std::int64_t store, std::string_view key, UnixMillis now)
{
    const std::lock_guard lock(m_mutex);
    auto row = find(store, key);
    if (!row)
        return tl::unexpected(row.error());
    if (!*row || isExpired((*row)->item, now))
        return std::shared_ptr<Content>();
    std::string bytes;
    if ((*row)->segments.empty()) {
        auto query = m_database.statement("SELECT value FROM items WHERE id = ?");
        if (!query)
            return tl::unexpected(query.error());
        const auto found = query->bind((*row)->item.id).step();
        if (!found)
            return tl::unexpected(found.error());
        if (const Status read = query->read(bytes); !read)
            return tl::unexpected(read.error());
    }
    std::vector<std::string> files;
    for (const Content::Segment& segment : (*row)->segments)
        files.push_back(segment.file);
    m_files.pin(files);
    return std::make_shared<Content>(shared_from_this(), m_files, std::move((*row)->item),
                                     std::move(bytes), std::move((*row)->segments));
}

Result<Item> Depot::copy(std::int64_t from,
                         std::string_view fromKey,
                         std::int64_t to,
                         std::string_view toKey,
                         const std::optional<ItemProperties>& properties,
                         UnixMillis now)
{
    const std::lock_guard lock(m_mutex);
    const auto most = mostBytesOf(to);
    if (!most)
        return tl::unexpected(most.error());
    Item made;
    const Status done = transact([&]() -> Status {
        auto source = find(from, fromKey);
        if (!source)
            return tl::unexpected(source.error());
        if (!*source || isExpired((*source)->item, now))
            return fail(Error::Code::NotFound, fmt::format("there is no '{}'", fromKey));
        const Usage& usage = m_usage[to];
        if (usage.bytes + usage.reserved + (*source)->item.bytes > *most)
            return fail(Error::Code::TooLarge,
                        fmt::format("it holds at most {} bytes, which is a setting of it", *most));
        std::string value;
        if ((*source)->segments.empty()) {
            auto query = m_database.statement("SELECT value FROM items WHERE id = ?");
            if (!query)
                return tl::unexpected(query.error());
            const auto found = query->bind((*source)->item.id).step();
            if (!found)
                return tl::unexpected(found.error());
            if (const Status read = query->read(value); !read)
                return read;
        }
        made = (*source)->item;
        made.key = toKey;
        made.storedAt = now;
        if (properties) {
            made.metadata = properties->metadata;
            made.http = properties->http;
        }
        // First the new one, so that files which both have never look unused.
        auto old = find(to, toKey);
        if (!old)
            return tl::unexpected(old.error());
        if (*old) {
            auto aside = m_database.statement("UPDATE items SET store = -1 WHERE id = ?");
            if (!aside)
                return tl::unexpected(aside.error());
            if (const Status moved = aside->bind((*old)->item.id).run(); !moved)
                return moved;
        }
        if (const Status inserted = insert(to, made, value); !inserted)
            return inserted;
        int number = 0;
        for (const Content::Segment& segment : (*source)->segments)
            if (const Status added = addSegment(made.id, number++, segment); !added)
                return added;
        return *old ? erase(to, **old) : Status();
    });
    if (!done)
        return tl::unexpected(done.error());
    announce(false);
    return made;
}

Result<bool> Depot::removeItem(std::int64_t store, std::string_view key)
{
    const std::lock_guard lock(m_mutex);
    bool wasThere = false;
    const Status done = transact([&]() -> Status {
        const auto row = find(store, key);
        if (!row)
            return tl::unexpected(row.error());
        wasThere = row->has_value();
        return wasThere ? erase(store, **row) : Status();
    });
    if (!done)
        return tl::unexpected(done.error());
    if (wasThere)
        announce(false);
    return wasThere;
}

// ---- Listing

Result<bool>
Depot::addNext(std::int64_t store, const ListQuery& query, UnixMillis now, ListPage& page)
{
    auto next = m_database.statement(
        "SELECT id, key, bytes, etag, metadata, http, expires_at, stored_at FROM items WHERE "
        "store = ?1 AND key > ?2 AND key >= ?3 AND key < ?4 AND (expires_at IS NULL OR expires_at "
        "> ?5) ORDER BY key LIMIT ?6");
    if (!next)
        return tl::unexpected(next.error());
    // Without a delimiter all come by one question; with one, each prefix is skipped by a jump.
    const auto count = static_cast<int>(page.items.size() + page.prefixes.size());
    next->bind(store, page.last, query.prefix, endOf(query.prefix), now, query.limit - count + 1);
    for (;;) {
        const auto row = next->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            return false;
        if (static_cast<int>(page.items.size() + page.prefixes.size()) == query.limit) {
            page.isCut = true;
            return false;
        }
        Item item;
        if (const Status read = next->read(item.id, item.key, item.bytes, item.etag, item.metadata,
                                           item.http, item.expiresAt, item.storedAt);
            !read)
            return tl::unexpected(read.error());
        const std::size_t cut = query.delimiter.empty()
                                    ? std::string::npos
                                    : item.key.find(query.delimiter, query.prefix.size());
        if (cut != std::string::npos) {
            page.prefixes.push_back(item.key.substr(0, cut + query.delimiter.size()));
            page.last = endOf(page.prefixes.back());
            return true;
        }
        page.last = item.key;
        page.items.push_back(std::move(item));
    }
}

Result<ListPage> Depot::listItems(std::int64_t store, const ListQuery& wanted, UnixMillis now)
{
    ListQuery query = wanted;
    query.limit = std::clamp(query.limit, 0, MostListed);
    ListPage page;
    page.last = query.after;
    if (query.limit == 0)
        return page;
    // A prefix that was given out stands for all below it.
    if (!query.delimiter.empty() && query.after.ends_with(query.delimiter))
        page.last = endOf(query.after);
    const std::lock_guard lock(m_mutex);
    for (;;) {
        const auto isMore = addNext(store, query, now, page);
        if (!isMore)
            return tl::unexpected(isMore.error());
        if (!*isMore)
            break;
    }
    if (!page.last.empty() && page.last.back() == '\xff')
        page.last.pop_back();
    return page;
}

// ---- Uploads

Result<Upload> Depot::beginUpload(std::int64_t store,
                                  std::string_view key,
                                  const ItemProperties& properties,
                                  UnixMillis now)
{
    if (const Status room = m_files.checkRoom(); !room)
        return tl::unexpected(room.error());
    const std::lock_guard lock(m_mutex);
    if (const auto most = mostBytesOf(store); !most)
        return tl::unexpected(most.error());
    const Upload upload{Files::newName(), std::string(key), properties, now};
    const Status done = transact([&]() -> Status {
        {
            auto query = m_database.statement("SELECT count(*) FROM uploads WHERE store = ?");
            if (!query)
                return tl::unexpected(query.error());
            std::int64_t running = 0;
            const auto row = query->bind(store).step();
            if (!row)
                return tl::unexpected(row.error());
            if (const Status read = query->read(running); !read)
                return read;
            if (running >= MostUploads)
                return fail(Error::Code::TooLarge,
                            fmt::format("{} uploads are unfinished; end or abort some", running));
        }
        auto insertion = m_database.statement(
            "INSERT INTO uploads (id, store, key, metadata, http, started_at) VALUES (?, ?, ?, ?, "
            "?, ?)");
        if (!insertion)
            return tl::unexpected(insertion.error());
        return insertion
            ->bind(upload.id, store, upload.key, properties.metadata, properties.http, now)
            .run();
    });
    if (!done)
        return tl::unexpected(done.error());
    return upload;
}

Result<Upload> Depot::findUpload(std::int64_t store, std::string_view key, std::string_view id)
{
    const std::lock_guard lock(m_mutex);
    auto query = m_database.statement("SELECT id, key, metadata, http, started_at FROM uploads "
                                      "WHERE id = ? AND store = ? AND key = ?");
    if (!query)
        return tl::unexpected(query.error());
    const auto row = query->bind(id, store, key).step();
    if (!row)
        return tl::unexpected(row.error());
    if (!*row)
        return fail(Error::Code::NotFound, "there is no such upload");
    Upload upload;
    if (const Status read = query->read(upload.id, upload.key, upload.properties.metadata,
                                        upload.properties.http, upload.startedAt);
        !read)
        return tl::unexpected(read.error());
    return upload;
}

Status Depot::erasePart(std::int64_t store, std::string_view upload, int number)
{
    std::string file;
    std::int64_t bytes = 0;
    {
        auto query =
            m_database.statement("SELECT file, bytes FROM parts WHERE upload = ? AND number = ?");
        if (!query)
            return tl::unexpected(query.error());
        const auto row = query->bind(upload, number).step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            return {};
        if (const Status read = query->read(file, bytes); !read)
            return read;
    }
    auto deletion = m_database.statement("DELETE FROM parts WHERE upload = ? AND number = ?");
    if (!deletion)
        return tl::unexpected(deletion.error());
    if (const Status deleted = deletion->bind(upload, number).run(); !deleted)
        return deleted;
    if (const Status loose = loosen(file); !loose)
        return loose;
    return count(store, 0, -bytes);
}

Result<Part>
Depot::putPart(std::int64_t store, const Upload& upload, int number, Draft& draft, UnixMillis now)
{
    if (number < 1 || number > MostParts)
        return fail(Error::Code::Invalid,
                    fmt::format("a part has a number from 1 to {}", MostParts));
    if (const Status finished = draft.finish(); !finished)
        return tl::unexpected(finished.error());
    const std::lock_guard lock(m_mutex);
    const Part part{number, draft.bytes(), draft.md5(), now};
    const Status done = transact([&]() -> Status {
        {
            // It may have been ended meanwhile.
            auto query = m_database.statement("SELECT 1 FROM uploads WHERE id = ?");
            if (!query)
                return tl::unexpected(query.error());
            const auto row = query->bind(upload.id).step();
            if (!row)
                return tl::unexpected(row.error());
            if (!*row)
                return fail(Error::Code::NotFound, "there is no such upload any more");
        }
        if (const Status erased = erasePart(store, upload.id, number); !erased)
            return erased;
        auto insertion = m_database.statement("INSERT INTO parts (upload, number, file, bytes, "
                                              "etag, stored_at) VALUES (?, ?, ?, ?, ?, ?)");
        if (!insertion)
            return tl::unexpected(insertion.error());
        if (const Status inserted =
                insertion->bind(upload.id, number, draft.m_file, part.bytes, part.etag, now).run();
            !inserted)
            return inserted;
        auto deletion = m_database.statement("DELETE FROM loose WHERE file = ?");
        if (!deletion)
            return tl::unexpected(deletion.error());
        if (const Status deleted = deletion->bind(draft.m_file).run(); !deleted)
            return deleted;
        return count(store, 0, part.bytes);
    });
    if (!done)
        return tl::unexpected(done.error());
    draft.m_isTaken = true;
    m_drafts.erase(draft.m_file);
    return part;
}

Result<std::vector<Part>> Depot::parts(const Upload& upload)
{
    const std::lock_guard lock(m_mutex);
    auto query = m_database.statement(
        "SELECT number, bytes, etag, stored_at FROM parts WHERE upload = ? ORDER BY number");
    if (!query)
        return tl::unexpected(query.error());
    query->bind(upload.id);
    std::vector<Part> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            return all;
        Part& part = all.emplace_back();
        if (const Status read = query->read(part.number, part.bytes, part.etag, part.storedAt);
            !read)
            return tl::unexpected(read.error());
    }
}

Result<std::vector<Upload>> Depot::uploads(std::int64_t store, std::string_view prefix)
{
    const std::lock_guard lock(m_mutex);
    auto query = m_database.statement(
        "SELECT id, key, metadata, http, started_at FROM uploads WHERE store = ? AND key >= ? AND "
        "key < ? ORDER BY key, started_at");
    if (!query)
        return tl::unexpected(query.error());
    query->bind(store, prefix, endOf(prefix));
    std::vector<Upload> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return tl::unexpected(row.error());
        if (!*row)
            return all;
        Upload& upload = all.emplace_back();
        if (const Status read = query->read(upload.id, upload.key, upload.properties.metadata,
                                            upload.properties.http, upload.startedAt);
            !read)
            return tl::unexpected(read.error());
    }
}

Result<Item> Depot::completeUpload(std::int64_t store,
                                   const Upload& upload,
                                   const std::vector<Part>& wanted,
                                   UnixMillis now)
{
    if (wanted.empty() || wanted.size() > static_cast<std::size_t>(MostParts))
        return fail(Error::Code::Invalid, "an upload has between one part and 10000");
    const auto stored = parts(upload);
    if (!stored)
        return tl::unexpected(stored.error());
    std::vector<Part> chosen;
    for (const Part& part : wanted) {
        if (!chosen.empty() && part.number <= chosen.back().number)
            return fail(Error::Code::Conflict, "the parts are not in ascending order");
        const auto found = std::find_if(stored->begin(), stored->end(), [&](const Part& each) {
            return each.number == part.number && each.etag == part.etag;
        });
        if (found == stored->end())
            return fail(Error::Code::Invalid,
                        fmt::format("part {} was not stored, or has another etag", part.number));
        if (!chosen.empty() && chosen.back().bytes < LeastPartBytes)
            return fail(Error::Code::TooLarge,
                        fmt::format("part {} has {} bytes; each but the last needs {} or more",
                                    chosen.back().number, chosen.back().bytes, LeastPartBytes));
        chosen.push_back(*found);
    }
    const auto etag = etagOf(chosen);
    if (!etag)
        return tl::unexpected(etag.error());
    const std::lock_guard lock(m_mutex);
    Item item;
    item.key = upload.key;
    item.etag = *etag;
    item.metadata = upload.properties.metadata;
    item.http = upload.properties.http;
    item.storedAt = now;
    for (const Part& part : chosen)
        item.bytes += part.bytes;
    const Status done = transact([&]() -> Status {
        auto old = find(store, upload.key);
        if (!old)
            return tl::unexpected(old.error());
        if (*old)
            if (const Status erased = erase(store, **old); !erased)
                return erased;
        if (const Status inserted = insert(store, item, {}); !inserted)
            return inserted;
        int number = 0;
        for (const Part& part : chosen) {
            Content::Segment segment;
            {
                auto query = m_database.statement(
                    "SELECT file, bytes FROM parts WHERE upload = ? AND number = ? AND etag = ?");
                if (!query)
                    return tl::unexpected(query.error());
                const auto row = query->bind(upload.id, part.number, part.etag).step();
                if (!row)
                    return tl::unexpected(row.error());
                if (!*row)
                    return fail(Error::Code::NotFound, "there is no such upload any more");
                if (const Status read = query->read(segment.file, segment.bytes); !read)
                    return read;
            }
            if (const Status added = addSegment(item.id, number++, segment); !added)
                return added;
        }
        // Its parts' files are in use now, and so stay.
        return eraseUpload(store, upload.id);
    });
    if (!done)
        return tl::unexpected(done.error());
    announce(false);
    return item;
}

Status Depot::eraseUpload(std::int64_t store, std::string_view upload)
{
    std::vector<int> numbers;
    {
        auto query = m_database.statement("SELECT number FROM parts WHERE upload = ?");
        if (!query)
            return tl::unexpected(query.error());
        query->bind(upload);
        for (;;) {
            const auto row = query->step();
            if (!row)
                return tl::unexpected(row.error());
            if (!*row)
                break;
            if (const Status read = query->read(numbers.emplace_back()); !read)
                return read;
        }
    }
    for (const int number : numbers)
        if (const Status erased = erasePart(store, upload, number); !erased)
            return erased;
    auto deletion = m_database.statement("DELETE FROM uploads WHERE id = ?");
    if (!deletion)
        return tl::unexpected(deletion.error());
    return deletion->bind(upload).run();
}

Status Depot::abortUpload(std::int64_t store, const Upload& upload)
{
    const std::lock_guard lock(m_mutex);
    return transact([&] { return eraseUpload(store, upload.id); });
}

} // namespace sallyport::binding
