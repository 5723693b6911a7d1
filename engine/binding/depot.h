#pragma once

// Namespaces, buckets and services of this machine, and all that they hold: one database and a
// folder of content files. What was acknowledged survives a kill of the process; what was not is
// cleaned up at the next start.
//
// Any thread may call; but for catalogue() the calls wait for the disk. Nothing here asks who may:
// that is the catalogue's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/binding/catalogue.h"
#include "engine/binding/content.h"
#include "engine/binding/draft.h"
#include "engine/binding/files.h"
#include "engine/binding/item.h"
#include "engine/store/database.h"

namespace sallyport::binding {

struct PutOutcome
{
    Precondition precondition = Precondition::Holds;
    Item item; // as stored; where the precondition failed, as it is
};

struct ListQuery
{
    std::string prefix;
    std::string delimiter; // empty: none
    std::string after;     // keys past this one; a prefix that was given out counts as its last key
    int limit = 1000;
};

struct ListPage
{
    std::vector<Item> items;
    std::vector<std::string> prefixes;
    std::string last;   // what to go on after
    bool isCut = false; // there is more
};

struct Upload
{
    std::string id;
    std::string key;
    ItemProperties properties;
    UnixMillis startedAt = 0;
};

struct Part
{
    int number = 0;
    std::int64_t bytes = 0;
    std::string etag;
    UnixMillis storedAt = 0;
};

class Depot : public std::enable_shared_from_this<Depot>
{
public:
    static constexpr std::int64_t UsualMostBytes = std::int64_t{1024} * 1024 * 1024;
    static constexpr std::int64_t MostEntries = 1000000; // of one binding
    static constexpr std::size_t MostBindings = 1000;
    static constexpr int MostListed = 1000;
    static constexpr int MostParts = 10000;
    static constexpr int MostUploads = 1000; // of one bucket, unfinished
    static constexpr std::int64_t LeastPartBytes = std::int64_t{5} * 1024 * 1024; // but the last
    static constexpr UnixMillis UploadLife = UnixMillis{7} * 24 * 3600 * 1000;

    [[nodiscard]] static Result<std::shared_ptr<Depot>> open(const std::filesystem::path& folder);
    ~Depot() = default;
    Depot(const Depot&) = delete;
    Depot& operator=(const Depot&) = delete;

    // Called after what is listed has changed, on the thread of the change.
    void setListener(std::function<void(bool catalogueToo)> listener);

    // ---- What there is

    [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const;
    [[nodiscard]] std::vector<api::Binding> list(); // with what they hold
    [[nodiscard]] Result<api::Binding> create(const api::Binding& binding, UnixMillis now);
    [[nodiscard]] Result<api::Binding> update(const api::Binding& binding);
    [[nodiscard]] Status remove(api::BindingKind kind, std::string_view name, bool force);
    [[nodiscard]] Result<api::Binding>
    bind(api::BindingKind kind, std::string_view name, const api::BindingUse& use);
    [[nodiscard]] Result<api::Binding>
    unbind(api::BindingKind kind, std::string_view name, std::optional<api::SandboxId> sandbox);
    // Its uses and its services.
    void sandboxRemoved(api::SandboxId sandbox);

    // ---- Contents; `store` is the id of an entry of the catalogue

    [[nodiscard]] Result<std::unique_ptr<Draft>>
    begin(std::int64_t store, Draft::Place place, std::int64_t most);
    // Takes a finished draft.
    [[nodiscard]] Result<PutOutcome> put(std::int64_t store,
                                         std::string_view key,
                                         Draft& draft,
                                         const ItemProperties& properties,
                                         const Condition& condition,
                                         UnixMillis now);
    [[nodiscard]] Result<std::optional<Item>>
    head(std::int64_t store, std::string_view key, UnixMillis now);
    // Null where there is none.
    [[nodiscard]] Result<std::shared_ptr<Content>>
    open(std::int64_t store, std::string_view key, UnixMillis now);
    // Without `properties` those of the source. NotFound without one.
    [[nodiscard]] Result<Item> copy(std::int64_t from,
                                    std::string_view fromKey,
                                    std::int64_t to,
                                    std::string_view toKey,
                                    const std::optional<ItemProperties>& properties,
                                    UnixMillis now);
    // Whether there was one.
    [[nodiscard]] Result<bool> removeItem(std::int64_t store, std::string_view key);
    [[nodiscard]] Result<ListPage>
    listItems(std::int64_t store, const ListQuery& query, UnixMillis now);

    // ---- Contents in parts

    [[nodiscard]] Result<Upload> beginUpload(std::int64_t store,
                                             std::string_view key,
                                             const ItemProperties& properties,
                                             UnixMillis now);
    // NotFound where there is no such upload of this key.
    [[nodiscard]] Result<Upload>
    findUpload(std::int64_t store, std::string_view key, std::string_view id);
    [[nodiscard]] Result<Part>
    putPart(std::int64_t store, const Upload& upload, int number, Draft& draft, UnixMillis now);
    [[nodiscard]] Result<std::vector<Part>> parts(const Upload& upload);
    [[nodiscard]] Result<std::vector<Upload>> uploads(std::int64_t store, std::string_view prefix);
    // `wanted` has numbers and etags, in ascending order.
    [[nodiscard]] Result<Item> completeUpload(std::int64_t store,
                                              const Upload& upload,
                                              const std::vector<Part>& wanted,
                                              UnixMillis now);
    [[nodiscard]] Status abortUpload(std::int64_t store, const Upload& upload);

    // What is past its time goes; call it every minute.
    void tidy(UnixMillis now);

    // ---- For drafts

    [[nodiscard]] Status reserve(std::int64_t store, std::int64_t bytes);
    void release(std::int64_t store, std::int64_t bytes);
    [[nodiscard]] Result<UniqueFd> createFile(const std::string& name);
    void discard(const std::string& file);

private:
    struct Usage
    {
        std::int64_t entries = 0;
        std::int64_t bytes = 0;
        std::int64_t reserved = 0;
    };
    struct Row
    {
        Item item;
        std::vector<Content::Segment> segments;
    };

    Depot(store::Database database, const std::filesystem::path& contents);

    [[nodiscard]] Status load();
    [[nodiscard]] Status readCatalogue();
    [[nodiscard]] Status sweepLoose();
    void announce(bool catalogueToo);
    [[nodiscard]] Result<api::Binding> shown(api::BindingKind kind, std::string_view name);
    [[nodiscard]] Result<const CatalogueEntry*> entryOf(api::BindingKind kind,
                                                        std::string_view name) const;

    // With the mutex held.
    [[nodiscard]] Status transact(const std::function<Status()>& steps);
    [[nodiscard]] Result<std::optional<Row>> find(std::int64_t store, std::string_view key);
    [[nodiscard]] Result<std::vector<Content::Segment>> segmentsOf(std::int64_t item);
    [[nodiscard]] Status insert(std::int64_t store, Item& item, std::string_view bytes);
    [[nodiscard]] Status addSegment(std::int64_t item, int number, const Content::Segment& segment);
    // Takes the row and what only it refers to away; its files are loose then.
    [[nodiscard]] Status erase(std::int64_t store, const Row& row);
    [[nodiscard]] Status loosen(const std::string& file);
    [[nodiscard]] Status erasePart(std::int64_t store, std::string_view upload, int number);
    [[nodiscard]] Status eraseUpload(std::int64_t store, std::string_view upload);
    [[nodiscard]] Status count(std::int64_t store, std::int64_t entries, std::int64_t bytes);
    [[nodiscard]] Result<std::int64_t> mostBytesOf(std::int64_t store) const;
    [[nodiscard]] Result<bool>
    addNext(std::int64_t store, const ListQuery& query, UnixMillis now, ListPage& page);

    Files m_files;
    mutable std::mutex m_mutex; // guards the database and what follows
    store::Database m_database;
    std::map<std::int64_t, Usage> m_usage;  // as committed
    std::map<std::int64_t, Usage> m_change; // by the transaction that runs
    std::vector<std::string> m_loosened;    // by it
    std::set<std::string> m_drafts;         // files that are being written
    std::function<void(bool)> m_listener;
    mutable std::mutex m_catalogueMutex; // guards what follows
    std::shared_ptr<const Catalogue> m_catalogue = std::make_shared<const Catalogue>();
};

} // namespace sallyport::binding
