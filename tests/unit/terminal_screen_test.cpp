#include <random>

#include <QKeyEvent>
#include <QTest>

#include "ui/bridge/text.h"
#include "ui/terminal/colors.h"
#include "ui/terminal/keys.h"
#include "ui/terminal/selection.h"

using namespace sallyport::ui;
using namespace sallyport::ui::terminal;

namespace {

struct Terminal
{
    std::string sent;
    Screen screen;

    explicit Terminal(int columns = 40, int rows = 5)
        : screen(columns, rows, [this](std::string_view bytes) { sent += bytes; })
    {
    }

    [[nodiscard]] QString row(LineNumber number) const
    {
        return lineText(screen.line(screen.screenTop() + number), 0, screen.columns()).trimmed();
    }
    std::string key(int key, Qt::KeyboardModifiers modifiers = {}, const QString& text = {})
    {
        sent.clear();
        (void)screen.sendKey(QKeyEvent(QEvent::KeyPress, key, modifiers, text));
        return std::exchange(sent, {});
    }
};

CellColor indexed(std::uint8_t index)
{
    return {CellColor::Kind::Indexed, index, 0, 0};
}

} // namespace

class TerminalScreenTest : public QObject
{
    Q_OBJECT

private slots:
    void showsTextAndMovesTheCursor()
    {
        Terminal t;
        t.screen.feed("hello\r\nworld");
        QCOMPARE(t.row(0), QStringLiteral("hello"));
        QCOMPARE(t.row(1), QStringLiteral("world"));
        QCOMPARE(t.screen.cursorColumn(), 5);
        QCOMPARE(t.screen.cursorLine(), t.screen.screenTop() + 1);
    }

    void keepsColoursAsTheyWereAsked()
    {
        Terminal t;
        t.screen.feed("\x1b[31mA\x1b[1;92mB\x1b[0;38;5;208mC\x1b[48;2;1;2;3mD\x1b[0mE\x1b[7mF");
        const Line line = t.screen.line(t.screen.screenTop());
        QVERIFY(line[0].foreground == indexed(1));
        QVERIFY(line[1].foreground == indexed(10));
        QVERIFY(line[1].bold);
        QVERIFY(line[2].foreground == indexed(208));
        QVERIFY(line[3].background == (CellColor{CellColor::Kind::Rgb, 1, 2, 3}));
        QVERIFY(line[4].sameLook(Cell{}));
        QVERIFY(line[5].reverse);
    }

    void wideCharactersFillTwoCells()
    {
        Terminal t;
        t.screen.feed("\xe6\xbc\xa2z");
        const Line line = t.screen.line(t.screen.screenTop());
        QCOMPARE(int(line[0].width), 2);
        QCOMPARE(int(line[1].width), 0);
        QCOMPARE(line[2].chars[0], U'z');
        QCOMPARE(lineText(line, 0, 3), QString::fromUtf8("\xe6\xbc\xa2z"));
    }

    void scrollbackIsKeptAndBounded()
    {
        Terminal t;
        for (int i = 0; i < 12'000; ++i)
            t.screen.feed("line " + std::to_string(i) + "\r\n");
        QCOMPARE(t.screen.screenTop() - t.screen.firstLine(),
                 static_cast<LineNumber>(Screen::MostHistoryLines));
        // Numbers count from the first line ever printed.
        QCOMPARE(lineText(t.screen.line(9000), 0, 40), QStringLiteral("line 9000"));
        QVERIFY(t.screen.line(0).empty());
    }

    void wideScrollbackIsBoundedByCells()
    {
        Terminal t(Screen::MostColumns, 5);
        const std::string full(Screen::MostColumns, 'x');
        for (int i = 0; i < 5000; ++i)
            t.screen.feed(full);
        const auto kept = static_cast<std::size_t>(t.screen.screenTop() - t.screen.firstLine());
        QVERIFY(kept * Screen::MostColumns <= Screen::MostHistoryCells);
        QVERIFY(kept > 1000);
    }

    void alternateScreenComesAndGoes()
    {
        Terminal t;
        t.screen.feed("shell\r\n\x1b[?1049h\x1b[2J\x1b[H~\r\n~\r\n-- INSERT --");
        QVERIFY(t.screen.isAlternate());
        QCOMPARE(t.row(2), QStringLiteral("-- INSERT --"));
        for (int i = 0; i < 100; ++i)
            t.screen.feed("scrolls by\r\n");
        QCOMPARE(t.screen.firstLine(), t.screen.screenTop());
        t.screen.feed("\x1b[?1049l");
        QVERIFY(!t.screen.isAlternate());
        QCOMPARE(t.row(0), QStringLiteral("shell"));
    }

    void resizingKeepsTheText()
    {
        Terminal t(40, 5);
        for (int i = 0; i < 20; ++i)
            t.screen.feed("row " + std::to_string(i) + "\r\n");
        t.screen.resize(60, 12);
        QCOMPARE(t.screen.rows(), 12);
        QCOMPARE(t.row(0), QStringLiteral("row 9"));
        t.screen.resize(20, 3);
        QCOMPARE(t.screen.columns(), 20);
        QVERIFY(t.screen.cursorLine() < t.screen.endLine());
        t.screen.resize(0, 0);
        QCOMPARE(t.screen.columns(), 2);
        t.screen.resize(100'000, 100'000);
        QCOMPARE(t.screen.columns(), Screen::MostColumns);
        QCOMPARE(t.screen.rows(), Screen::MostRows);
    }

    void shrinkingAboveTheTextIsSafe()
    {
        Terminal t(80, 25);
        t.screen.feed("\x1b[24HLine 24\r\nLine 25\x1b[H");
        t.screen.resize(80, 20);
        t.screen.feed("x");
        QCOMPARE(t.screen.cursorLine(), t.screen.screenTop());
        QCOMPARE(t.screen.cursorColumn(), 1);
        t.screen.resize(80, 1);
        t.screen.feed("y\r\nz");
        QCOMPARE(t.row(0), QStringLiteral("z"));
    }

    void keysBecomeTheirBytes()
    {
        Terminal t;
        QCOMPARE(t.key(Qt::Key_A, {}, QStringLiteral("a")), std::string("a"));
        QCOMPARE(t.key(Qt::Key_C, Qt::ControlModifier), std::string("\x03"));
        QCOMPARE(t.key(Qt::Key_BracketLeft, Qt::ControlModifier), std::string("\x1b"));
        QCOMPARE(t.key(Qt::Key_J, Qt::ControlModifier), std::string("\n"));
        QCOMPARE(t.key(Qt::Key_Space, Qt::ControlModifier), std::string(1, '\0'));
        QCOMPARE(t.key(Qt::Key_F, Qt::AltModifier, QStringLiteral("f")), std::string("\x1b"
                                                                                     "f"));
        QCOMPARE(t.key(Qt::Key_Return), std::string("\r"));
        QCOMPARE(t.key(Qt::Key_Backspace), std::string("\x7f"));
        QCOMPARE(t.key(Qt::Key_Tab), std::string("\t"));
        QCOMPARE(t.key(Qt::Key_Backtab, Qt::ShiftModifier), std::string("\x1b[Z"));
        QCOMPARE(t.key(Qt::Key_F5), std::string("\x1b[15~"));
        QCOMPARE(t.key(Qt::Key_Delete), std::string("\x1b[3~"));
        QCOMPARE(t.key(Qt::Key_Right, Qt::ControlModifier), std::string("\x1b[1;5C"));
        QCOMPARE(t.key(Qt::Key_Shift, Qt::ShiftModifier), std::string());
    }

    void arrowsFollowTheCursorKeyMode()
    {
        Terminal t;
        QCOMPARE(t.key(Qt::Key_Up), std::string("\x1b[A"));
        t.screen.feed("\x1b[?1h");
        QCOMPARE(t.key(Qt::Key_Up), std::string("\x1bOA"));
    }

    void pasteIsBracketedAndCannotTypeKeys()
    {
        Terminal t;
        t.screen.paste("ls\nrm\x1b[201~\x03");
        QCOMPARE(t.sent, std::string("ls\rrm[201~"));
        t.sent.clear();
        t.screen.feed("\x1b[?2004h");
        t.screen.paste("a\r\nb\x1b[201~\xc2\x9b"
                       "c");
        QCOMPARE(t.sent, std::string("\x1b[200~a\rb[201~c\x1b[201~"));
    }

    void mouseIsReportedWhenAsked()
    {
        Terminal t;
        QCOMPARE(int(t.screen.mouseMode()), int(MouseMode::None));
        t.screen.feed("\x1b[?1002h\x1b[?1006h");
        QCOMPARE(int(t.screen.mouseMode()), int(MouseMode::Drag));
        t.screen.mouseMove(2, 4, {});
        t.screen.mouseButton(1, true, {});
        t.screen.mouseButton(1, false, {});
        QCOMPARE(t.sent, std::string("\x1b[<0;5;3M\x1b[<0;5;3m"));
    }

    void titlesAndClipboardsAreIgnored()
    {
        Terminal t;
        t.screen.feed("\x1b]0;evil\x07\x1b]52;c;ZXZpbA==\x07\x1b]52;c;?\x07\x1b[21t\x1b]8;;file:///"
                      "etc/passwd\x07link\x1b]8;;\x07ok");
        QCOMPARE(t.sent, std::string());
        QCOMPARE(t.row(0), QStringLiteral("linkok"));
    }

    void endlessSequencesDoNotGrow()
    {
        Terminal t;
        t.screen.feed("\x1b]0;");
        const std::string junk(1 << 16, 'A');
        for (int i = 0; i < 64; ++i)
            t.screen.feed(junk);
        t.screen.feed("\x07\x1b[");
        for (int i = 0; i < 1000; ++i)
            t.screen.feed("1;");
        t.screen.feed("m ok");
        QVERIFY(t.row(0).contains(QLatin1String("ok")));
    }

    void theGuardLetsHonestSequencesPass()
    {
        Guard guard;
        for (const std::string text :
             {"plain \xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80", "\x1b[1;31m", "\x1b[38:2:1:2:3m",
              "\x1b[?1049h", "\x1b[>c", "\x1b[2 q", "\x1b[;5H", "\x1b(0", "\x1b#8",
              "\x1b"
              "7",
              "a\b\t\r\n", "\x1b[!p"})
            QCOMPARE(guard.filter(text), text);
        // Split anywhere.
        std::string joined;
        for (const char* piece : {"\x1b[3", "8;5;2", "08m", "\xe6", "\xbc\xa2"})
            joined += guard.filter(piece);
        QCOMPARE(joined, std::string("\x1b[38;5;208m\xe6\xbc\xa2"));
    }

    void theGuardTakesOutTheRest()
    {
        Guard guard;
        QCOMPARE(guard.filter("a\x1b]0;title\x07"
                              "b\x1bPq\x1b\\c\x1b_x\x1b\\d"),
                 std::string("abcd"));
        QCOMPARE(guard.filter("\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17mx"),
                 std::string("x"));
        QCOMPARE(guard.filter("\x1b[99999999999C"), std::string("\x1b[9999C"));
        QCOMPARE(guard.filter("\xc2\x9b"
                              "31m\x07"),
                 std::string("31m"));
        QCOMPARE(guard.filter("\xff\xc0\x80\xed\xa0\x80"),
                 std::string("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
        std::string marks = "e";
        for (int i = 0; i < 100; ++i)
            marks += "\xcc\x81";
        QCOMPARE(guard.filter(marks).size(), std::size_t{1 + 2 * Guard::MostMarks});
        QCOMPARE(guard.filter("\x1b[1;\x18ok"), std::string("ok"));
    }

    void hardlyReadablePairsAreMended()
    {
        const Colors& light = colorsFor(false);
        QCOMPARE(readable(light.indexed[0], light.indexed[2]), QColor(Qt::white));
        QCOMPARE(readable(light.text, light.background), light.text);
        QCOMPARE(readable(light.background, light.background), light.background);
        for (const bool dark : {false, true})
            for (std::size_t i = 1; i < 16; ++i)
                if (i != 7 && i != 8 && i != 15) // the greys lie near one of the two
                    QCOMPARE(readable(colorsFor(dark).indexed[i], colorsFor(dark).background),
                             colorsFor(dark).indexed[i]);
    }

    void anythingCanBeFed()
    {
        std::mt19937 random(7);
        const std::string pieces[] = {"\x1b[",
                                      "\x1b]",
                                      "?1049h",
                                      "?1049l",
                                      "\x1b[2J",
                                      "\x1b#8",
                                      "999;999H",
                                      "\x1b[1;3r",
                                      "\x1b[99L",
                                      "\x1b[99M",
                                      "\x1bP",
                                      "\xe6\xbc\xa2",
                                      "\xf0\x9f\x98\x80",
                                      "\xcc\x81",
                                      "\x1b[99@",
                                      "\x1b[99P",
                                      "\x1b"
                                      "c",
                                      "\r\n",
                                      "text",
                                      "\x1b[?6h",
                                      "\x1bM"};
        Terminal t;
        for (int round = 0; round < 20'000; ++round) {
            if (random() % 3 == 0)
                t.screen.feed(pieces[random() % std::size(pieces)]);
            else
                t.screen.feed(std::string(1, static_cast<char>(random())));
            if (random() % 40 == 0)
                t.screen.resize(static_cast<int>(random() % 90), static_cast<int>(random() % 30));
            if (random() % 10 == 0)
                (void)t.screen.line(t.screen.firstLine() + static_cast<int>(random() % 40));
        }
        QVERIFY(t.screen.cursorLine() < t.screen.endLine());
    }

    void selectionJoinsWrappedLines()
    {
        Terminal t(10, 5);
        t.screen.feed("0123456789abc\r\nnext  ");
        const LineNumber top = t.screen.screenTop();
        QCOMPARE(rangeText(t.screen, {{top, 8}, {top + 2, 4}}), QStringLiteral("89abc\nnext"));
    }

    void wordsAndLinesAreSelectedWhole()
    {
        Terminal t;
        t.screen.feed("see https://example.com/a?b=1 (now)");
        const LineNumber top = t.screen.screenTop();
        const Range word = selectionBetween(t.screen, {top, 12}, {top, 12}, SelectionUnit::Word);
        QCOMPARE(rangeText(t.screen, word), QStringLiteral("https://example.com/a?b=1"));
        const Range line =
            selectionBetween(t.screen, {top, 12}, {top, 12}, SelectionUnit::WholeLine);
        QCOMPARE(rangeText(t.screen, line),
                 QStringLiteral("see https://example.com/a?b=1 (now)\n"));
    }

    void parsesFastEnough()
    {
        Terminal t(120, 40);
        std::string block;
        while (block.size() < (1U << 20U))
            block += "\x1b[32mThe quick brown fox\x1b[0m jumps over the lazy dog 0123456789\r\n";
        QBENCHMARK_ONCE
        {
            t.screen.feed(block);
        }
    }
};

QTEST_MAIN(TerminalScreenTest)
#include "terminal_screen_test.moc"
