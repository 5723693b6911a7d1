// The parts of guestd that decide without touching the system.
#include <QtTest/QtTest>

#include "guestd/environment.h"
#include "guestd/java_trust.h"
#include "guestd/network.h"
#include "guestd/trust.h"
#include "guestd/users.h"

using namespace sallyport::guestd;

namespace {

const char* const Passwd = "root:x:0:0:root:/root:/bin/bash\n"
                           "broken line\n"
                           "bad:x:minus:1::/:/bin/sh\n"
                           "games:x:5:60:games:/usr/games:/usr/sbin/nologin\n"
                           "bare:x:1000:1000::\n"
                           "last:x:1001:1001::/home/last:/bin/zsh";
const char* const Group =
    "root:x:0:\nwheel:x:10:root,games\ngames:x:60:games\naudio:x:29:last,games\n"
    "trick:x:77:gamesters\n";

std::string value(const Environment& environment, std::string_view name)
{
    for (const auto& [key, text] : environment)
        if (key == name)
            return text;
    return "(not set)";
}

} // namespace

class GuestdPartsTest : public QObject
{
    Q_OBJECT

private slots:
    void makesAKeyStoreThatJavaReads()
    {
        const QByteArray der(200, 'x');
        const QByteArray pem =
            "text\n-----BEGIN CERTIFICATE-----\n" + der.toBase64() + "\n-----END CERTIFICATE-----\n";
        const std::string store = javaKeyStore((pem + pem).toStdString());
        const QByteArray bytes = QByteArray::fromStdString(store);
        QCOMPARE(bytes.left(12), QByteArray::fromHex("feedfeed0000000200000002"));
        QCOMPARE(bytes.count(der), 2);
        QCOMPARE(bytes.count("sallyport-0002"), 1);
        // The last 20 bytes are what the JDK checks it by.
        QByteArray signed_;
        for (const char c : QByteArray("changeit"))
            signed_ += QByteArray(1, '\0') + c;
        signed_ += "Mighty Aphrodite" + bytes.chopped(20);
        QCOMPARE(bytes.right(20), QCryptographicHash::hash(signed_, QCryptographicHash::Sha1));
        QCOMPARE(javaKeyStore("").size(), std::size_t{32});
    }

    void findsAUserByName()
    {
        User user;
        QVERIFY(findUser(Passwd, Group, "games", user));
        QCOMPARE(user.uid, 5U);
        QCOMPARE(user.gid, 60U);
        QCOMPARE(user.home, std::string("/usr/games"));
        QCOMPARE(user.groups, (std::vector<gid_t>{60, 10, 29}));
        QVERIFY(findUser(Passwd, Group, "last", user));
        QCOMPARE(user.shell, std::string("/bin/zsh"));
    }

    void findsRootForNoName()
    {
        User user;
        QVERIFY(findUser(Passwd, Group, "", user));
        QCOMPARE(user.shell, std::string("/bin/bash"));
        QVERIFY(findUser("", "", "", user)); // also in an image without users
        QCOMPARE(user.uid, 0U);
    }

    void findsAUserByNumber()
    {
        User user;
        QVERIFY(findUser(Passwd, Group, "1000", user));
        QCOMPARE(user.name, std::string("bare"));
        QCOMPARE(user.home, std::string("/"));
        QCOMPARE(user.shell, std::string("/bin/sh"));
        QVERIFY(findUser(Passwd, Group, "4242", user));
        QCOMPARE(user.uid, 4242U);
        QCOMPARE(user.gid, 4242U);
        QCOMPARE(user.groups, (std::vector<gid_t>{4242}));
    }

    void findsNoUserThatIsNotThere()
    {
        User user;
        for (const char* name :
             {"nobody", "game", "bad", "broken line", "-1", "4294967295", "99999999999", "5x"})
            QVERIFY2(!findUser(Passwd, Group, name, user), name);
    }

    void replacesItsBlockAndNothingElse()
    {
        const std::string once = withBlock("a\nb", "ours");
        QCOMPARE(once, std::string("a\nb\n# sallyport begin\nours\n# sallyport end\n"));
        QCOMPARE(withBlock(once + "c\n", "new\n"),
                 std::string("a\nb\nc\n# sallyport begin\nnew\n# sallyport end\n"));
        QCOMPARE(withBlock(once, ""), std::string("a\nb\n"));
        QCOMPARE(withBlock("a\n# sallyport begin\nhalf", "new"),
                 std::string("a\n# sallyport begin\nnew\n# sallyport end\n"));
    }

    void takesTheOldCertificateOutOfTheBundle()
    {
        const std::string distribution = "-----BEGIN-----\nD\n-----END-----\n";
        const std::string old = "-----BEGIN-----\nold\n-----END-----\n";
        const std::string fresh = "-----BEGIN-----\nnew\n-----END-----\n";
        const std::string first = bundleWith(distribution, "", old);
        // update-ca-certificates has put a copy among the others.
        const std::string second = bundleWith(old + first, old, fresh);
        QCOMPARE(second, distribution + "# sallyport begin\n" + fresh + "# sallyport end\n");
        QCOMPARE(bundleWith(second, fresh, ""), distribution);
    }

    void givesProcessesTheTrustVariables()
    {
        const User user;
        const Environment plain = processEnvironment(user, false, false, {});
        QCOMPARE(value(plain, "SSL_CERT_FILE"), std::string("(not set)"));
        QCOMPARE(value(plain, "TERM"), std::string("(not set)"));
        QCOMPARE(value(plain, "HOME"), std::string("/root"));
        const Environment own =
            processEnvironment(user, true, true, {{"PIP_CERT", "mine"}, {"X", "1"}});
        QCOMPARE(value(own, "SSL_CERT_FILE"), std::string(BundleFile));
        QCOMPARE(value(own, "NODE_EXTRA_CA_CERTS"), std::string(CaFile));
        QCOMPARE(value(own, "PIP_CERT"), std::string("mine"));
        QCOMPARE(value(own, "X"), std::string("1"));
        QCOMPARE(value(own, "TERM"), std::string("xterm-256color"));
    }

    void knowsAHostname()
    {
        for (const char* name : {"a", "agent-1", "A9"})
            QVERIFY2(isHostname(name), name);
        for (const char* name : {"", "-a", "a-", "a b", "a.b", "a\n"})
            QVERIFY2(!isHostname(name), name);
        QVERIFY(!isHostname(std::string(64, 'a')));
    }
};

QTEST_APPLESS_MAIN(GuestdPartsTest)
#include "guestd_parts_test.moc"
