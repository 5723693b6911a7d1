// The vault in the desktop's keyring: run by keyring_session.
#include <memory>

#include <QtTest>

#include "engine/secret/secret_service.h"

// After Qt: GLib has members named `signals`.
#undef signals
#include <libsecret/secret.h>

using namespace sallyport;
using namespace sallyport::secret;

namespace {

SharedSecret secretOf(std::string_view text)
{
    return std::make_shared<const SecretText>(text);
}

// As when the person locks it in the desktop's own program.
void lockKeyring()
{
    SecretService* const service =
        secret_service_get_sync(SECRET_SERVICE_LOAD_COLLECTIONS, nullptr, nullptr);
    QVERIFY(service != nullptr);
    GList* const all = secret_service_get_collections(service);
    QVERIFY(secret_service_lock_sync(service, all, nullptr, nullptr, nullptr) > 0);
    g_list_free_full(all, g_object_unref);
    g_object_unref(service);
}

} // namespace

class KeyringTest : public QObject
{
    Q_OBJECT

private slots:
    void keepsAValueForTheNextEngine()
    {
        const auto vault = openSecretService();
        QVERIFY(vault != nullptr);
        const api::Vault status = vault->status();
        QVERIFY2(status.problem.empty(), status.problem.c_str());
        QCOMPARE(status.kind, api::VaultKind::SecretService);
        QVERIFY(!status.isLocked && !status.isNew);
        // Any bytes, also those that are no text.
        const std::string bytes("s3cret \0\xff value", 15);
        const Status stored = vault->store("github", secretOf(bytes));
        QVERIFY2(stored.has_value(), stored ? "" : stored.error().text.c_str());
        QVERIFY(vault->store("shop", secretOf("another")).has_value());
        const auto next = openSecretService();
        const auto values = next->load();
        QVERIFY(values.has_value());
        QCOMPARE(values->size(), std::size_t{2});
        QVERIFY(values->at("github")->view() == bytes);
        QVERIFY(values->at("shop")->view() == "another");
    }

    void replacesAndRemoves()
    {
        const auto vault = openSecretService();
        QVERIFY(vault->store("github", secretOf("newer")).has_value());
        QVERIFY(vault->load()->at("github")->view() == "newer");
        QVERIFY(vault->remove("github").has_value());
        QVERIFY(!vault->load()->contains("github"));
        QVERIFY(vault->remove("github").has_value()); // also where there is none
    }

    void lockingOursLeavesTheKeyringOpen()
    {
        const auto vault = openSecretService();
        vault->lock();
        QVERIFY(vault->status().isLocked);
        QCOMPARE(vault->load().error().code, Error::Code::Unavailable);
        QCOMPARE(vault->store("shop", secretOf("x")).error().code, Error::Code::Unavailable);
        QVERIFY(openSecretService()->load()->contains("shop"));
        QVERIFY(vault->unlock({}).has_value());
        QVERIFY(vault->load()->contains("shop"));
    }

    // Last: nobody is there to type the password.
    void aLockedKeyringGivesNothingAndSaysSo()
    {
        const auto vault = openSecretService();
        lockKeyring();
        QVERIFY(vault->status().isLocked);
        const auto values = vault->load();
        QVERIFY(!values && values.error().code == Error::Code::Unavailable);
        QVERIFY(values.error().text.find("locked") != std::string::npos);
        const Status stored = vault->store("shop", secretOf("x"));
        QVERIFY(!stored && stored.error().text.find("locked") != std::string::npos);
        const Status removed = vault->remove("shop");
        QVERIFY(!removed && removed.error().text.find("locked") != std::string::npos);
        const Status unlocked = vault->unlock({});
        QVERIFY(!unlocked);
        QVERIFY(unlocked.error().text.find("keyring") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(KeyringTest)
#include "keyring_test.moc"
