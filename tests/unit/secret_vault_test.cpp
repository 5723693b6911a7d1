#include <fstream>
#include <iterator>

#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/secret/command.h"
#include "engine/secret/file_vault.h"

using namespace sallyport;
using namespace sallyport::secret;

namespace {

constexpr int Cost = 10; // quick: what is tested is not how slow guessing is
constexpr auto Passphrase = "correct horse battery";

SharedSecret secretOf(std::string_view text)
{
    return std::make_shared<const SecretText>(text);
}

std::string fileText(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

class SecretVaultTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_file = m_folder->path().toStdString() + "/vault.sealed";
    }

    void whatIsSealedOpensWithThePassphraseAlone()
    {
        const auto box = SealedBox::create(Passphrase, Cost);
        QVERIFY(box.has_value());
        const std::string sealed = box->seal("the plain text").value();
        QVERIFY(sealed.find("plain") == std::string::npos);
        QVERIFY(box->seal("the plain text").value() != sealed);
        QVERIFY(SealedBox::open(sealed, Passphrase)->plain.view() == "the plain text");
        const auto wrong = SealedBox::open(sealed, "correct horse batterx");
        QVERIFY(!wrong && wrong.error().code == Error::Code::Refused);
        QVERIFY(!SealedBox::create("short", Cost).has_value());
    }

    void everyChangedBitIsSeen()
    {
        const std::string sealed = SealedBox::create(Passphrase, Cost)->seal("text").value();
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            std::string changed = sealed;
            changed[i] = static_cast<char>(changed[i] ^ 0x01);
            QVERIFY(!SealedBox::open(changed, Passphrase).has_value());
        }
        for (std::size_t size = 0; size < sealed.size(); ++size)
            QVERIFY(!SealedBox::open(sealed.substr(0, size), Passphrase).has_value());
    }

    void aHeaderCanNotAskForAllMemory()
    {
        std::string sealed = SealedBox::create(Passphrase, Cost)->seal("text").value();
        sealed[8] = 40;
        const auto opened = SealedBox::open(sealed, Passphrase);
        QVERIFY(!opened && opened.error().code == Error::Code::Invalid);
    }

    void aVaultKeepsItsValuesOverALock()
    {
        FileVault vault(m_file, Cost);
        QVERIFY(vault.status().isNew && vault.status().isLocked);
        QVERIFY(!vault.store("github", secretOf("x")).has_value());
        QVERIFY(!vault.load().has_value());
        QVERIFY(vault.unlock(Passphrase).has_value());
        QVERIFY(vault.store("github", secretOf(std::string("ghp_\0\xff", 6))).has_value());
        QVERIFY(vault.store("other", secretOf("y")).has_value());
        QVERIFY(vault.remove("other").has_value());
        struct stat info
        {
        };
        QCOMPARE(::stat(m_file.c_str(), &info), 0);
        QCOMPARE(info.st_mode & 0777U, 0600U);
        QVERIFY(fileText(m_file).find("ghp_") == std::string::npos);

        vault.lock();
        QVERIFY(!vault.load().has_value());
        FileVault again(m_file, Cost);
        QVERIFY(!again.status().isNew && again.status().isLocked);
        QVERIFY(!again.unlock("not the passphrase").has_value());
        QVERIFY(again.status().isLocked);
        QVERIFY(again.unlock(Passphrase).has_value());
        const auto values = again.load();
        QVERIFY(values && values->size() == 1);
        QVERIFY(values->at("github")->view() == std::string_view("ghp_\0\xff", 6));
    }

    void aDamagedFileIsNeverReplaced()
    {
        std::ofstream(m_file) << "something else";
        FileVault vault(m_file, Cost);
        QVERIFY(!vault.unlock(Passphrase).has_value());
        QCOMPARE(fileText(m_file), std::string("something else"));
    }

    void aCommandPrintsTheValue()
    {
        QCOMPARE(runCommand({"sh", "-c", "printf secret"}).value(), std::string("secret"));
        QVERIFY(!runCommand({"sh", "-c", "printf x; exit 3"}).has_value());
        QVERIFY(!runCommand({"/no/such/program"}).has_value());
    }

    void aCommandSeesNothingOfOurs()
    {
        qputenv("SALLYPORT_TEST_PRIVATE", "1");
        QCOMPARE(runCommand({"sh", "-c",
                             "printf \"<$SALLYPORT_TEST_PRIVATE>\"; ls /proc/self/fd | wc -l | tr "
                             "-d '\\n'; cat"})
                     .value()
                     .substr(0, 2),
                 std::string("<>"));
    }

    void aCommandIsBoundedInTimeAndSize()
    {
        CommandLimits limits;
        limits.time = std::chrono::milliseconds(300);
        const auto slow = runCommand({"sh", "-c", "sleep 1000 & sleep 1000"}, limits);
        QVERIFY(!slow && slow.error().code == Error::Code::TimedOut);
        const auto silent = runCommand({"sh", "-c", "exec >&-; sleep 1000"}, limits);
        QVERIFY(!silent && silent.error().code == Error::Code::TimedOut);
        const auto large = runCommand({"yes"});
        QVERIFY(!large && large.error().code == Error::Code::TooLarge);
    }

    void secretsMoveWithoutACopy()
    {
        SecretText one("abc");
        SecretText two(std::move(one));
        QVERIFY(two.view() == "abc");
        std::string text = "abc";
        const SharedSecret taken = takeSecret(std::move(text));
        QVERIFY(taken->view() == "abc");
        QVERIFY(text.empty()); // NOLINT(bugprone-use-after-move)
    }
};

QTEST_APPLESS_MAIN(SecretVaultTest)
#include "secret_vault_test.moc"
