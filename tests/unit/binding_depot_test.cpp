// Namespaces and buckets on a real disk: what is stored is there after a restart, limits hold, a
// reader keeps what it opened, and nothing is left behind.
#include <filesystem>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>

#include "engine/binding/depot.h"

using namespace sallyport;
using namespace sallyport::binding;
using api::BindingAccess;
using api::BindingKind;

namespace {

constexpr UnixMillis Now = 1'800'000'000'000;
constexpr std::int64_t Mib = 1024 * 1024;

std::size_t filesIn(const std::filesystem::path& folder)
{
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "contents"))
        count += entry.is_regular_file() ? 1 : 0;
    return count;
}

std::string pattern(std::size_t size, char first = 'a')
{
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(first + static_cast<char>(i % 23));
    return bytes;
}

} // namespace

class BindingDepotTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::shared_ptr<Depot> m_depot;
    std::int64_t m_store = 0;

    std::filesystem::path folder() const { return m_folder->path().toStdString(); }

    void reopen()
    {
        m_depot.reset();
        auto depot = Depot::open(folder());
        QVERIFY2(depot, depot ? "" : depot.error().text.c_str());
        m_depot = std::move(*depot);
    }

    std::int64_t make(BindingKind kind, const std::string& name, std::int64_t most = 0)
    {
        api::Binding binding;
        binding.kind = kind;
        binding.name = name;
        binding.mostBytes = most;
        if (const auto made = m_depot->create(binding, Now); !made)
            qWarning("%s", made.error().text.c_str());
        const auto* const entry = m_depot->catalogue()->find(kind, name);
        return entry != nullptr ? entry->id : 0;
    }

    Result<PutOutcome> put(const std::string& key,
                           std::string_view bytes,
                           const ItemProperties& properties = {},
                           const Condition& condition = {})
    {
        auto draft = m_depot->begin(m_store, Draft::Place::Any, 100 * Mib);
        if (!draft)
            return tl::unexpected(draft.error());
        for (std::size_t at = 0; at < bytes.size(); at += 50000)
            if (const Status added = (*draft)->append(bytes.substr(at, 50000)); !added)
                return tl::unexpected(added.error());
        return m_depot->put(m_store, key, **draft, properties, condition, Now);
    }

    std::string read(const std::string& key, UnixMillis now = Now)
    {
        const auto content = m_depot->open(m_store, key, now);
        return content && *content ? all(**content) : "(none)";
    }

    static std::string all(Content& content)
    {
        std::string bytes;
        for (;;) {
            const auto piece = content.read(static_cast<std::int64_t>(bytes.size()), 70000);
            if (!piece || piece->empty())
                return piece ? bytes : "(failed) " + piece.error().text;
            bytes += *piece;
        }
    }

    std::vector<std::string> keys(const ListQuery& query, UnixMillis now = Now)
    {
        std::vector<std::string> found;
        const auto page = m_depot->listItems(m_store, query, now);
        if (!page)
            return {page.error().text};
        for (const Item& item : page->items)
            found.push_back(item.key);
        for (const std::string& prefix : page->prefixes)
            found.push_back(prefix);
        if (page->isCut)
            found.push_back("…");
        return found;
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        reopen();
        m_store = make(BindingKind::Objects, "bucket");
    }
    void cleanup()
    {
        m_depot.reset();
        m_folder.reset();
    }

    void keepsSmallAndLargeContentsOverARestart()
    {
        const std::string small("a\0b\xff", 4);
        const std::string large = pattern(300000);
        QVERIFY(put("small", small, {R"({"a":1})", "{}", {}}));
        QVERIFY(put("large", large));
        QVERIFY(put("empty", ""));
        reopen();
        QCOMPARE(read("small"), small);
        QCOMPARE(read("large"), large);
        QCOMPARE(read("empty"), std::string());
        const auto head = m_depot->head(m_store, "small", Now);
        QCOMPARE((*head)->metadata, std::string(R"({"a":1})"));
        QCOMPARE(m_depot->head(m_store, "empty", Now).value()->etag,
                 std::string("d41d8cd98f00b204e9800998ecf8427e"));
        QCOMPARE(filesIn(folder()), std::size_t{1});
        const auto listed = m_depot->list();
        QCOMPARE(listed.front().entries, std::int64_t{3});
        QCOMPARE(listed.front().bytes, std::int64_t{300004});
    }

    void aReaderKeepsWhatItOpened()
    {
        const std::string first = pattern(200000, 'a'), second = pattern(200000, 'b');
        QVERIFY(put("key", first));
        auto content = m_depot->open(m_store, "key", Now);
        QVERIFY(put("key", second));
        QCOMPARE(filesIn(folder()), std::size_t{2});
        QCOMPARE(all(**content), first);
        content = std::shared_ptr<Content>();
        QCOMPARE(filesIn(folder()), std::size_t{1});
        QCOMPARE(read("key"), second);
        QVERIFY(*m_depot->removeItem(m_store, "key"));
        QVERIFY(!*m_depot->removeItem(m_store, "key"));
        QCOMPARE(filesIn(folder()), std::size_t{0});
    }

    void holdsToItsLimitAlsoWhileDraftsAreWritten()
    {
        m_store = make(BindingKind::Objects, "tight", 100000);
        QVERIFY(put("one", pattern(60000)));
        QCOMPARE(put("two", pattern(60000)).error().code, Error::Code::TooLarge);
        {
            auto draft = m_depot->begin(m_store, Draft::Place::Any, Mib);
            QVERIFY((*draft)->append(pattern(40000)));
            QCOMPARE(put("two", pattern(1)).error().code, Error::Code::TooLarge);
        }
        QVERIFY(put("two", pattern(40000)));
        reopen();
        QCOMPARE(put("three", "x").error().code, Error::Code::TooLarge);
        QVERIFY(*m_depot->removeItem(m_store, "one"));
        QVERIFY(put("three", pattern(60000)));
        QCOMPARE(filesIn(folder()), std::size_t{0});
    }

    void leavesNothingOfWhatWasNotPut()
    {
        {
            auto draft = m_depot->begin(m_store, Draft::Place::Any, Mib);
            QVERIFY((*draft)->append(pattern(500000)));
            QCOMPARE(filesIn(folder()), std::size_t{1});
            QCOMPARE((*draft)->append(pattern(600000)).error().code, Error::Code::TooLarge);
        }
        QCOMPARE(filesIn(folder()), std::size_t{0});
    }

    void aKilledProcessLosesNothingThatWasPutAndLeavesNothingElse()
    {
        m_depot.reset();
        const pid_t child = ::fork();
        if (child == 0) {
            auto depot = Depot::open(folder());
            auto& one = **depot;
            auto draft = one.begin(m_store, Draft::Place::Any, 10 * Mib);
            static_cast<void>((*draft)->append(pattern(400000)));
            static_cast<void>(one.put(m_store, "kept", **draft, {}, {}, Now));
            auto half = one.begin(m_store, Draft::Place::Any, 10 * Mib);
            static_cast<void>((*half)->append(pattern(400000)));
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QVERIFY(WIFSIGNALED(status));
        QCOMPARE(filesIn(folder()), std::size_t{2});
        reopen();
        QCOMPARE(filesIn(folder()), std::size_t{1});
        QCOMPARE(read("kept"), pattern(400000));
    }

    void listsInTheOrderOfBytesWithPrefixDelimiterAndPages()
    {
        for (const char* key : {"b/2", "a", "b/1/x", "b/1/y", "c", "b", "ä", "B"})
            QVERIFY(put(key, "x"));
        using Keys = std::vector<std::string>;
        QCOMPARE(keys({}), (Keys{"B", "a", "b", "b/1/x", "b/1/y", "b/2", "c", "ä"}));
        QCOMPARE(keys({"b/", "", "", 1000}), (Keys{"b/1/x", "b/1/y", "b/2"}));
        QCOMPARE(keys({"", "/", "", 1000}), (Keys{"B", "a", "b", "c", "ä", "b/"}));
        QCOMPARE(keys({"b/", "/", "", 1000}), (Keys{"b/2", "b/1/"}));
        QCOMPARE(keys({"", "/", "", 4}), (Keys{"B", "a", "b", "b/", "…"}));
        QCOMPARE(keys({"", "/", "b/", 4}), (Keys{"c", "ä"}));
        QCOMPARE(keys({"", "", "b/1/x", 2}), (Keys{"b/1/y", "b/2", "…"}));
        QCOMPARE(keys({"zz", "", "", 10}), Keys{});
    }

    void expiredKeysAreGoneBeforeTheyAreSwept()
    {
        ItemProperties properties;
        properties.expiresAt = Now + 60000;
        QVERIFY(put("brief", pattern(100000), properties));
        QCOMPARE(read("brief").size(), std::size_t{100000});
        QCOMPARE(read("brief", Now + 60000), std::string("(none)"));
        QVERIFY(keys({}, Now + 60000).empty());
        m_depot->tidy(Now + 60000);
        QCOMPARE(filesIn(folder()), std::size_t{0});
        QCOMPARE(m_depot->list().front().entries, std::int64_t{0});
    }

    void conditionsHold()
    {
        Condition isNew;
        isNew.etagDoesNotMatch = {"*"};
        const auto first = put("key", "one", {}, isNew);
        QCOMPARE(first->precondition, Precondition::Holds);
        QCOMPARE(put("key", "two", {}, isNew)->precondition, Precondition::Unchanged);
        QCOMPARE(read("key"), std::string("one"));
        Condition isSame;
        isSame.etagMatches = {first->item.etag};
        QCOMPARE(put("key", "three", {}, isSame)->precondition, Precondition::Holds);
        QCOMPARE(put("key", "four", {}, isSame)->precondition, Precondition::Failed);
        Item item;
        item.storedAt = 5500;
        Condition since;
        since.isInSeconds = true;
        since.storedAfter = 5000;
        QCOMPARE(check(since, &item), Precondition::Unchanged);
        since.storedAfter.reset();
        since.storedBefore = 4000;
        QCOMPARE(check(since, &item), Precondition::Failed);
        since.storedBefore = 5000;
        QCOMPARE(check(since, &item), Precondition::Holds);
    }

    void partsBecomeOneObject()
    {
        const auto upload = m_depot->beginUpload(m_store, "big", {"{}", "{}", {}}, Now);
        QVERIFY(upload);
        const std::string one = pattern(5 * 1024 * 1024, 'a'), two = pattern(70000, 'b');
        std::vector<Part> stored;
        for (const auto& [number, bytes] :
             {std::pair<int, const std::string*>{1, &one}, {2, &one}, {7, &two}}) {
            auto draft = m_depot->begin(m_store, Draft::Place::File, 100 * Mib);
            QVERIFY((*draft)->append(*bytes));
            const auto part = m_depot->putPart(m_store, *upload, number, **draft, Now);
            QVERIFY(part);
            stored.push_back(*part);
        }
        QCOMPARE(m_depot->parts(*upload)->size(), std::size_t{3});
        QCOMPARE(
            m_depot->completeUpload(m_store, *upload, {stored[2], stored[0]}, Now).error().code,
            Error::Code::Conflict);
        Part wrong = stored[0];
        wrong.etag = "00000000000000000000000000000000";
        QCOMPARE(m_depot->completeUpload(m_store, *upload, {wrong}, Now).error().code,
                 Error::Code::Invalid);
        // The second is not wanted.
        const auto item = m_depot->completeUpload(m_store, *upload, {stored[0], stored[2]}, Now);
        QVERIFY2(item, item ? "" : item.error().text.c_str());
        QVERIFY(item->etag.ends_with("-2"));
        reopen();
        QCOMPARE(read("big"), one + two);
        QCOMPARE(filesIn(folder()), std::size_t{2});
        QCOMPARE(m_depot->list().front().bytes, static_cast<std::int64_t>((one + two).size()));
        QCOMPARE(m_depot->findUpload(m_store, "big", upload->id).error().code,
                 Error::Code::NotFound);
    }

    void anAbortedOrForgottenUploadIsGone()
    {
        for (int i = 0; i < 2; ++i) {
            const auto upload = m_depot->beginUpload(m_store, "big", {"{}", "{}", {}}, Now);
            auto draft = m_depot->begin(m_store, Draft::Place::File, 100 * Mib);
            QVERIFY((*draft)->append(pattern(1000)));
            QVERIFY(m_depot->putPart(m_store, *upload, 1, **draft, Now));
            QCOMPARE(filesIn(folder()), std::size_t{1});
            if (i == 0)
                QVERIFY(m_depot->abortUpload(m_store, *upload));
            else
                m_depot->tidy(Now + Depot::UploadLife);
            QCOMPARE(filesIn(folder()), std::size_t{0});
            QCOMPARE(m_depot->list().front().bytes, std::int64_t{0});
        }
    }

    void copiesShareTheirFile()
    {
        const std::int64_t other = make(BindingKind::Objects, "other");
        QVERIFY(put("from", pattern(200000)));
        QVERIFY(m_depot->copy(m_store, "from", other, "to", {}, Now));
        QVERIFY(
            m_depot->copy(m_store, "from", m_store, "from", ItemProperties{"{}", "{}", {}}, Now));
        QCOMPARE(filesIn(folder()), std::size_t{1});
        QVERIFY(*m_depot->removeItem(m_store, "from"));
        QCOMPARE(filesIn(folder()), std::size_t{1});
        const auto content = m_depot->open(other, "to", Now);
        QCOMPARE(all(**content), pattern(200000));
        QCOMPARE(m_depot->copy(m_store, "from", other, "to", {}, Now).error().code,
                 Error::Code::NotFound);
    }

    void aBucketWithContentsGoesOnlyByForce()
    {
        const std::int64_t other = make(BindingKind::Objects, "other");
        QVERIFY(put("key", pattern(200000)));
        QVERIFY(m_depot->copy(m_store, "key", other, "copy", {}, Now));
        QVERIFY(put("mine", pattern(200000)));
        QCOMPARE(m_depot->remove(BindingKind::Objects, "bucket", false).error().code,
                 Error::Code::Conflict);
        QVERIFY(m_depot->remove(BindingKind::Objects, "bucket", true));
        QCOMPARE(put("late", "x").error().code, Error::Code::NotFound);
        QCOMPARE(filesIn(folder()), std::size_t{1});
        const auto content = m_depot->open(other, "copy", Now);
        QCOMPARE(all(**content), pattern(200000));
    }

    void usesSayWhoMayWhat()
    {
        make(BindingKind::Kv, "cache");
        QVERIFY(m_depot->bind(BindingKind::Kv, "cache", {7, BindingAccess::ReadWrite, "KV"}));
        QVERIFY(m_depot->bind(BindingKind::Kv, "cache", {{}, BindingAccess::ReadOnly, "KV"}));
        reopen();
        const auto known = m_depot->catalogue();
        QVERIFY(known->open(7, BindingKind::Kv, "cache", BindingAccess::ReadWrite));
        QVERIFY(known->open(8, BindingKind::Kv, "cache", BindingAccess::ReadOnly));
        QCOMPARE(known->open(8, BindingKind::Kv, "cache", BindingAccess::ReadWrite).error().code,
                 Error::Code::Refused);
        QCOMPARE(known->open(8, BindingKind::Kv, "none", BindingAccess::ReadOnly).error().code,
                 Error::Code::NotFound);
        QCOMPARE(
            known->open(7, BindingKind::Objects, "bucket", BindingAccess::ReadOnly).error().code,
            Error::Code::NotFound);
        // What only handlers may is nothing for the guest, and the reverse.
        using api::BindingReach;
        make(BindingKind::Kv, "keys");
        QCOMPARE(m_depot
                     ->bind(BindingKind::Kv, "keys",
                            {7, BindingAccess::ReadOnly, "", BindingReach::Handlers})
                     .error()
                     .code,
                 Error::Code::Invalid);
        QVERIFY(m_depot->bind(BindingKind::Kv, "keys",
                              {7, BindingAccess::ReadOnly, "KEYS", BindingReach::Handlers}));
        reopen();
        const auto reopened = m_depot->catalogue();
        QVERIFY(
            reopened->open(7, BindingKind::Kv, "keys", BindingAccess::ReadOnly, Caller::Handler));
        QCOMPARE(reopened->open(7, BindingKind::Kv, "keys", BindingAccess::ReadOnly).error().code,
                 Error::Code::NotFound);
        QCOMPARE(reopened->usedBy(7, Caller::Guest).size(), std::size_t{1});
        QVERIFY(m_depot->bind(BindingKind::Kv, "keys", {7, BindingAccess::ReadOnly, ""}));
        QVERIFY(!m_depot->catalogue()->open(7, BindingKind::Kv, "keys", BindingAccess::ReadOnly,
                                            Caller::Handler));
        make(BindingKind::Kv, "second");
        QCOMPARE(m_depot->bind(BindingKind::Kv, "second", {7, BindingAccess::ReadOnly, "KV"})
                     .error()
                     .code,
                 Error::Code::Exists);
        QVERIFY(m_depot->unbind(BindingKind::Kv, "cache", std::nullopt));
        m_depot->sandboxRemoved(7);
        QVERIFY(m_depot->catalogue()->usedBy(7, Caller::Guest).empty());
    }

    void aServiceGoesWithItsSandbox()
    {
        api::Binding service;
        service.kind = BindingKind::Service;
        service.name = "web";
        service.port = 8080;
        service.owner = 7;
        QVERIFY(m_depot->create(service, Now));
        service.port = 70000;
        service.name = "web-2";
        QCOMPARE(m_depot->create(service, Now).error().code, Error::Code::Invalid);
        m_depot->sandboxRemoved(7);
        QVERIFY(m_depot->catalogue()->find(BindingKind::Service, "web") == nullptr);
    }

    void namesAndKeysAreChecked_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("isGood");
        for (const char* good : {"abc", "my-cache-2", "0ab"})
            QTest::newRow(good) << good << true;
        for (const char* bad : {"", "ab", "-ab", "ab-", "Abc", "a.b", "a b", "../x"})
            QTest::addRow("'%s'", bad) << bad << false;
    }
    void namesAndKeysAreChecked()
    {
        QFETCH(QString, name);
        QFETCH(bool, isGood);
        api::Binding binding;
        binding.mostBytes = 1;
        binding.name = name.toStdString();
        QCOMPARE(checkBinding(binding).has_value(), isGood);
        QVERIFY(!checkKvKey(".."));
        QVERIFY(!checkKvKey(std::string(513, 'a')));
        QVERIFY(checkKvKey(std::string(512, 'a')));
        QVERIFY(!checkObjectKey("a\xff"));
        QCOMPARE(variableFor("my-cache"), std::string("MY_CACHE"));
        QVERIFY(!checkVariable("a-b"));
        QVERIFY(!expiryOf(Now / 1000 + 59, {}, Now));
        QCOMPARE(**expiryOf({}, 60, Now), Now + 60000);
    }
};

QTEST_APPLESS_MAIN(BindingDepotTest)
#include "binding_depot_test.moc"
