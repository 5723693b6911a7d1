#include <ctime>

#include <QTest>

#include "engine/policy/path_glob.h"

using namespace sallyport::policy;

namespace {

// Milliseconds of processor time of this process: other work on the machine does not count.
double processorMs()
{
    return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC;
}

} // namespace

class PathGlobTest : public QObject
{
    Q_OBJECT

private slots:
    // allow: what an allow rule with this path does; deny: what a deny rule does.
    void matchesPaths_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("target");
        QTest::addColumn<bool>("allow");
        QTest::addColumn<bool>("deny");
        const auto row = [](const char* pattern, const char* target, bool allow, bool deny) {
            QTest::addRow("%s | %s", pattern, target) << pattern << target << allow << deny;
        };
        const auto both = [&row](const char* pattern, const char* target, bool matches) {
            row(pattern, target, matches, matches);
        };
        both("", "/anything", true);
        both("", "", true);
        both("/a", "/a", true);
        both("/a", "/a?x=/b", true);
        both("/a", "/A", false);
        both("/a", "/a/", false);
        both("/a", "/ab", false);
        both("/a/*", "/a/b", true);
        both("/a/*", "/a/", true);
        both("/a/*", "/a/b/c", false);
        both("/a/**", "/a/b/c", true);
        both("/a/**", "/a", false);
        both("/a/*/c", "/a/b/c", true);
        both("/a/*/c", "/a/b/b/c", false);
        both("/a/**/c", "/a/b/b/c", true);
        both("/a/**/c", "/a/c", false);
        both("/*.git/**", "/repo.git/info/refs?service=git-upload-pack", true);
        both("**.png", "/x/y.png", true);
        both("**.png", "/x/y.png.exe", false);
        both("*", "/a", false);
        both("**", "/a", true);
        both("**", "*", true);
        both("/***/x", "/a/b/x", true);
        both("/v*/i*s", "/v1/items", true);
        both("/v*/i*s", "/v1/items/s", false);

        // Escapes of unreserved bytes mean the byte; the case of the others does not matter.
        both("/~user", "/%7euser", true);
        both("/%7Euser", "/~user", true);
        both("/a%2fb", "/a%2Fb", true);
        both("/a%20b", "/a%20b", true);
        both("/caf%c3%a9", "/caf%C3%A9", true);
        both("/a*b", "/a%2Ab", true);
        both("/a%2Ab", "/a*b", true);
        both("/a%2Ab", "/axb", false);

        // Escapes from an allowed folder.
        row("/public/**", "/public/../secret", false, true);
        row("/public/**", "/public/./../secret", false, true);
        row("/public/**", "/public/%2e%2e/secret", false, true);
        row("/public/**", "/public/%2E%2E%2Fsecret", false, true);
        row("/public/**", "/public/..%2fsecret", false, true);
        row("/public/**", "/public/..%5csecret", false, true);
        row("/public/**", "/public/..\\secret", false, true);
        row("/public/**", "/public/%252e%252e/secret", false, true);
        row("/public/**", "/public/%25252e%25252e/secret", false, true);
        row("/public/**", "/public/..;/secret", false, true);
        row("/public/**", "/public/..;a=b/secret", false, true);
        row("/public/**", "/public//../../secret", false, true);
        row("/public/**", "/public/..", false, true);
        row("/public/**", "/public/a/%00/../../secret", false, true);
        row("/public/**", "//public/x", false, true);
        row("/public/**", "/secret/../public/x", false, true);
        both("/public/**", "/public/.hidden", true);
        both("/public/**", "/public/..hidden", true);
        both("/public/**", "/public/a//b", true);
        both("/public/**", "/public/a/../b", true);
        both("/public/**", "/public/a%2fb", true);
        row("/public/*", "/public/a%2fb", false, true);
        both("/public/**", "/public/100%", true);
        both("/public/**", "/public/%zz", true);

        // The same tricks do not get around a deny.
        row("/admin/**", "/x/../admin/y", false, true);
        row("/admin/**", "/%61dmin/y", true, true);
        row("/admin/**", "//admin/y", false, true);
        row("/admin/**", "/x/..%2fadmin/y", false, true);
        row("/admin/**", "/%2561dmin/y", false, true);
        row("/admin/**", "/public/%00", false, true);
    }
    void matchesPaths()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, target);
        QFETCH(bool, allow);
        QFETCH(bool, deny);
        const auto glob = PathGlob::parse(pattern.toStdString());
        QVERIFY2(glob, glob ? "" : glob.error().text.c_str());
        const RequestPath path(target.toStdString());
        QCOMPARE(glob->matchesEvery(path), allow);
        QCOMPARE(glob->matchesSome(path), deny);
    }

    void refusesBadPatterns()
    {
        for (const char* text : {"a", "a/b", "/a?x", "/a#x", "/a b", "/a\n", "/a\\b", "/a/../b",
                                 "/a/./b", "/a//b", "/a/%2e%2e/b"})
            QVERIFY2(!PathGlob::parse(text), text);
        QVERIFY(!PathGlob::parse('/' + std::string(1024, 'a')));
        QVERIFY(PathGlob::parse("/.well-known/**"));
    }

    void makesPatternsOfPrefixes()
    {
        using Patterns = std::vector<std::string>;
        QCOMPARE(patternsForPrefix("/v1/items?x=1"), (Patterns{"/v1/items", "/v1/items/**"}));
        QCOMPARE(patternsForPrefix("/"), (Patterns{"/**"}));
        QCOMPARE(patternsForPrefix("/v1/"), (Patterns{"/v1/**"}));
        QCOMPARE(patternsForPrefix("/a*b"), (Patterns{"/a%2Ab", "/a%2Ab/**"}));
        for (const char* odd :
             {"", "*", "/a/../b", "/a//b", "/a%2fb", "/a\\b", "/a%252fb", "/a/%2e%3bx/b"})
            QVERIFY2(patternsForPrefix(odd).empty(), odd);
        // What comes out is a valid pattern that matches the path it was made of.
        for (const char* target : {"/a%20b/c%C3%A9", "/@scope/name", "/a;b=c", "/x,y:z"}) {
            for (const std::string& pattern : patternsForPrefix(target)) {
                const auto glob = PathGlob::parse(pattern);
                QVERIFY(glob);
                QCOMPARE(glob->matchesEvery(RequestPath(target)), !pattern.ends_with("/**"));
            }
        }
    }

    void takesLinearTimeOnHostilePaths()
    {
        std::string pattern = "/";
        for (int i = 0; i < 100; ++i)
            pattern += "**a*";
        pattern += "b";
        const auto glob = PathGlob::parse(pattern);
        QVERIFY(glob);
        const std::string target = '/' + std::string(16'000, 'a');
        double start = processorMs();
        QVERIFY(!glob->matchesEvery(RequestPath(target)));
        QVERIFY2(processorMs() - start < 2000, "the pattern is 400 bytes, the path 16,000");
        // Readings do not multiply either.
        std::string dots;
        while (dots.size() < 16'000)
            dots += "/%252e%252e//..;/%2f\\";
        start = processorMs();
        QVERIFY(!glob->matchesEvery(RequestPath(dots)));
        QVERIFY(processorMs() - start < 2000);
    }
};

QTEST_APPLESS_MAIN(PathGlobTest)
#include "path_glob_test.moc"
