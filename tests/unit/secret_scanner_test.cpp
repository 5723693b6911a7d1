#include <random>

#include <QtTest>

#include "engine/base/text.h"
#include "engine/secret/encoding.h"
#include "engine/secret/replacer.h"
#include "engine/secret/scanner.h"

using namespace sallyport;
using namespace sallyport::secret;

namespace {

using Kind = MatchAction::Kind;

std::vector<std::size_t> lengthsOf(const std::vector<std::string>& needles)
{
    std::vector<std::size_t> lengths;
    for (const std::string& needle : needles)
        lengths.push_back(needle.size());
    return lengths;
}

struct Outcome
{
    std::string out;
    std::optional<std::size_t> stopped;
};

// The text in pieces of `size` bytes; after each piece the stream waits where `waits`.
Outcome carry(const std::vector<std::string>& needles,
              const std::vector<MatchAction>& actions,
              std::string_view text,
              std::size_t size,
              bool waits = false)
{
    const Scanner scanner(needles);
    const auto lengths = lengthsOf(needles);
    Replacer replacer(scanner, lengths, actions);
    Outcome outcome;
    for (std::size_t at = 0; at < text.size(); at += size) {
        outcome.stopped = replacer.feed(text.substr(at, size), outcome.out);
        if (outcome.stopped)
            return outcome;
        if (waits)
            replacer.release(outcome.out);
    }
    replacer.finish(outcome.out);
    return outcome;
}

} // namespace

class SecretScannerTest : public QObject
{
    Q_OBJECT

private slots:
    void findsEachTextWhateverThePieces()
    {
        const std::vector<std::string> needles{"abcabd", "bca", "cabdx", ""};
        const Scanner scanner(needles);
        const std::string text = "zabcabdxz";
        for (std::size_t size = 1; size <= text.size(); ++size) {
            Scanner::State state = Scanner::Start;
            std::vector<std::size_t> found;
            for (std::size_t at = 0; at < text.size(); at += size) {
                std::string_view piece = std::string_view(text).substr(at, size);
                while (const auto hit = scanner.find(state, piece)) {
                    found.push_back(hit->needle);
                    piece.remove_prefix(hit->end);
                }
            }
            QCOMPARE(found, (std::vector<std::size_t>{1, 0, 2}));
        }
    }

    void knowsHowMuchMayBeABeginning()
    {
        const Scanner scanner({"secret-1", "cretin"});
        Scanner::State state = Scanner::Start;
        QVERIFY(!scanner.find(state, "a secre"));
        QCOMPARE(scanner.pending(state), std::size_t{5});
        QVERIFY(!scanner.find(state, "ti"));
        QCOMPARE(scanner.pending(state), std::size_t{5}); // "creti"
        QVERIFY(!scanner.find(state, "!"));
        QCOMPARE(scanner.pending(state), std::size_t{0});
    }

    void anEmptyScannerFindsNothing()
    {
        const Scanner scanner;
        Scanner::State state = Scanner::Start;
        QVERIFY(scanner.isEmpty());
        QVERIFY(!scanner.find(state, "anything"));
        QVERIFY(Scanner({"", ""}).isEmpty());
    }

    void replacesAcrossEveryBorder()
    {
        const std::vector<std::string> needles{"sp_one", "sp_two"};
        const std::vector<MatchAction> actions{{Kind::Replace, "FIRST"}, {Kind::Replace, ""}};
        const std::string text = "sp_one,sp_sp_two.sp_onsp_onesp_";
        for (std::size_t size = 1; size <= text.size(); ++size)
            QCOMPARE(carry(needles, actions, text, size).out,
                     std::string("FIRST,sp_.sp_onFIRSTsp_"));
    }

    void nothingOfWhatStopsTheStreamLeaves()
    {
        const std::vector<std::string> needles{"topsecretvalue"};
        const std::vector<MatchAction> actions{{Kind::Stop, {}}};
        const std::string text = "header=topsecretvalue;more";
        for (std::size_t size = 1; size <= text.size(); ++size) {
            const Outcome outcome = carry(needles, actions, text, size);
            QVERIFY(outcome.stopped.has_value());
            QVERIFY(std::string("header=").starts_with(outcome.out));
        }
    }

    void aStreamThatWaitsKeepsAtMostAFewBytes()
    {
        const std::vector<std::string> needles{"topsecretvalue"};
        const std::vector<MatchAction> actions{{Kind::Stop, {}}};
        // Ends that look like a beginning go on at once …
        QCOMPARE(carry(needles, actions, "event: stop", 100, true).out, std::string("event: stop"));
        // … and who sends the secret byte by byte gets no more than that out.
        const Outcome outcome = carry(needles, actions, "topsecretvalue", 1, true);
        QVERIFY(outcome.stopped.has_value());
        QCOMPARE(outcome.out, std::string("tops"));
    }

    void aReplacedMatchWhoseBeginningHasLeftStaysAsItIs()
    {
        const std::vector<std::string> needles{"sp_placeholder"};
        const std::vector<MatchAction> actions{{Kind::Replace, "VALUE"}};
        QCOMPARE(carry(needles, actions, "sp_placeholder!", 2, true).out,
                 std::string("sp_placeholder!"));
    }

    void randomStreamsComeOutAsByAPlainSearch()
    {
        std::mt19937 random(7); // NOLINT: the same each time
        for (int round = 0; round < 300; ++round) {
            std::string text;
            for (int i = 0; i < 60; ++i)
                text += "ab"[random() % 2];
            const std::vector<std::string> needles{"abbab", "bbb"};
            const std::vector<MatchAction> actions{{Kind::Replace, "<1>"}, {Kind::Replace, "<2>"}};
            std::string expected;
            std::string pending;
            for (const char c : text) {
                pending += c;
                for (std::size_t i = 0; i < needles.size(); ++i)
                    if (pending.ends_with(needles[i])) {
                        expected += pending.substr(0, pending.size() - needles[i].size());
                        expected += actions[i].with;
                        pending.clear();
                    }
            }
            QCOMPARE(carry(needles, actions, text, 1 + random() % 9).out, expected + pending);
        }
    }

    void encodedFormsAreWithinEveryMessage()
    {
        const std::string secret = "s3cr3t/with+odd bytes\xff";
        for (std::size_t before = 0; before < 7; ++before)
            for (std::size_t after = 0; after < 4; ++after) {
                const std::string message =
                    std::string(before, '{') + secret + std::string(after, '}');
                const std::string base64 = text::toBase64(message);
                const auto forms = base64Within(secret);
                QCOMPARE(std::count_if(forms.begin(), forms.end(),
                                       [&](const std::string& form) {
                                           return base64.find(form) != std::string::npos;
                                       }),
                         1);
            }
        QCOMPARE(percentEncoded("a b/\xc3\xa9~"), std::string("a%20b%2F%C3%A9~"));
        QCOMPARE(percentDecoded("a%20b%2f%zz%4"), std::string("a b/%zz%4"));
        QCOMPARE(toHex("\x01\xaf", HexCase::Upper), std::string("01AF"));
        QCOMPARE(inUrlAlphabet("a+/b"), std::string("a-_b"));
    }
};

QTEST_APPLESS_MAIN(SecretScannerTest)
#include "secret_scanner_test.moc"
