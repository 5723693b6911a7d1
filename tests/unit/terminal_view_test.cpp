#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QInputMethodEvent>
#include <QLineEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "ui/terminal/terminal_view.h"
#include "ui/theme/theme.h"

using namespace sallyport::ui;
using terminal::TerminalView;

class TerminalViewTest : public QObject
{
    Q_OBJECT

private slots:
    void init()
    {
        m_window = std::make_unique<QWidget>();
        auto* column = new QVBoxLayout(m_window.get());
        m_before = new QLineEdit;
        m_view = new TerminalView;
        m_after = new QLineEdit;
        column->addWidget(m_before);
        column->addWidget(m_view);
        column->addWidget(m_after);
        m_window->resize(700, 420);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        m_view->setActive(true);
        m_view->setFocus();
        m_sent.clear();
        connect(m_view, &TerminalView::typed, this,
                [this](std::string_view bytes) { m_sent += bytes; });
    }
    void cleanup() { m_window.reset(); }

    void keysGoToTheProgram()
    {
        QTest::keyClicks(m_view, QStringLiteral("ls"));
        QTest::keyClick(m_view, Qt::Key_Tab);
        QTest::keyClick(m_view, Qt::Key_C, Qt::ControlModifier);
        QTest::keyClick(m_view, Qt::Key_Return);
        QCOMPARE(m_sent, std::string("ls\t\x03\r"));
        QVERIFY(m_view->hasFocus());
    }

    void theKeyboardCanLeaveIt()
    {
        QTest::keyClick(m_view, Qt::Key_Right, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(m_after->hasFocus());
        m_view->setFocus();
        QTest::keyClick(m_view, Qt::Key_Left, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(m_before->hasFocus());
        QCOMPARE(m_sent, std::string());
    }

    void theMouseSelectsAndCopies()
    {
        m_view->feed("alpha beta gamma\r\nsecond line\r\n");
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, {}, edge(0, 6));
        move(edge(0, 10));
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, {}, edge(0, 10));
        QCOMPARE(m_view->selectedText(), QStringLiteral("beta"));
        QVERIFY(m_view->copyAction()->isEnabled());
        m_view->copyAction()->trigger();
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("beta"));
        // What is typed takes the selection away.
        QTest::keyClicks(m_view, QStringLiteral("x"));
        QVERIFY(m_view->selection().isEmpty());
    }

    void twoClicksTakeAWordThreeALine()
    {
        m_view->feed("alpha beta gamma\r\n");
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, middle(0, 7));
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, middle(0, 7));
        QCOMPARE(m_view->selectedText(), QStringLiteral("beta"));
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, middle(0, 7));
        QCOMPARE(m_view->selectedText(), QStringLiteral("alpha beta gamma\n"));
    }

    void pastesFromTheClipboard()
    {
        m_view->feed("\x1b[?2004h");
        QApplication::clipboard()->setText(QStringLiteral("two\nlines"));
        QTest::keyClick(m_view, Qt::Key_V, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(m_sent, std::string("\x1b[200~two\rlines\x1b[201~"));
    }

    void theWheelScrollsBack()
    {
        for (int i = 0; i < 200; ++i)
            m_view->feed("line\r\n");
        const int end = m_view->verticalScrollBar()->maximum();
        QCOMPARE(m_view->verticalScrollBar()->value(), end);
        wheel(120);
        QCOMPARE(m_view->verticalScrollBar()->value(), end - 3);
        // New output does not pull the reader away …
        m_view->feed("more\r\n");
        QVERIFY(m_view->verticalScrollBar()->value() < m_view->verticalScrollBar()->maximum());
        // … but a key does.
        QTest::keyClicks(m_view, QStringLiteral("x"));
        QCOMPARE(m_view->verticalScrollBar()->value(), m_view->verticalScrollBar()->maximum());
    }

    void theWheelMovesInAFullScreenProgram()
    {
        m_view->feed("\x1b[?1049h");
        wheel(-120);
        QCOMPARE(m_sent, std::string("\x1b[B\x1b[B\x1b[B"));
    }

    void theProgramReadsTheMouseUnlessShiftIsHeld()
    {
        m_view->feed("\x1b[?1000h\x1b[?1006htext");
        QTest::mouseClick(m_view->viewport(), Qt::LeftButton, {}, middle(0, 2));
        QCOMPARE(m_sent, std::string("\x1b[<0;3;1M\x1b[<0;3;1m"));
        m_sent.clear();
        QTest::mousePress(m_view->viewport(), Qt::LeftButton, Qt::ShiftModifier, edge(0, 0));
        move(edge(0, 4), Qt::ShiftModifier);
        QTest::mouseRelease(m_view->viewport(), Qt::LeftButton, Qt::ShiftModifier, edge(0, 4));
        QCOMPARE(m_view->selectedText(), QStringLiteral("text"));
        QCOMPARE(m_sent, std::string());
    }

    void tellsItsSize()
    {
        QSignalSpy resized(m_view, &TerminalView::resized);
        m_window->resize(900, 600);
        QTRY_VERIFY(resized.count() > 0);
        QVERIFY(m_view->screen().columns() > 80);
    }

    void takesTextOfTheInputMethod()
    {
        QInputMethodEvent event;
        event.setCommitString(QString::fromUtf8("\xe6\xbc\xa2"));
        QApplication::sendEvent(m_view, &event);
        QCOMPARE(m_sent, std::string("\xe6\xbc\xa2"));
    }

    void assistiveTechnologyReadsTheScreen()
    {
        m_view->feed("visible text");
        QAccessibleInterface* face = QAccessible::queryAccessibleInterface(m_view);
        QVERIFY(face);
        QCOMPARE(face->role(), QAccessible::Terminal);
        QVERIFY(face->textInterface());
        QVERIFY(face->textInterface()
                    ->text(0, face->textInterface()->characterCount())
                    .startsWith(QLatin1String("visible text\n")));
        QCOMPARE(face->textInterface()->cursorPosition(), 12);
        QVERIFY(!face->text(QAccessible::Name).isEmpty());
    }

    void doesNothingWithoutAProgram()
    {
        m_view->setActive(false);
        QTest::keyClicks(m_view, QStringLiteral("x"));
        m_view->pasteText(QStringLiteral("x"));
        QCOMPARE(m_sent, std::string());
    }

    void paintsInBothThemes()
    {
        m_view->feed("\x1b[31mred\x1b[0m");
        theme::Theme theme(*qApp);
        theme.setChoice(theme::Choice::Dark);
        const QColor dark = m_view->viewport()->grab().toImage().pixelColor(1, 1);
        theme.setChoice(theme::Choice::Light);
        const QColor light = m_view->viewport()->grab().toImage().pixelColor(1, 1);
        QVERIFY(dark.lightness() < 60 && light.lightness() > 200);
    }

private:
    [[nodiscard]] QRect cell(int row, int column) const
    {
        return m_view->cellRect({m_view->topLine() + row, column});
    }
    [[nodiscard]] QPoint edge(int row, int column) const
    {
        return {cell(row, column).left() + 1, cell(row, column).center().y()};
    }
    [[nodiscard]] QPoint middle(int row, int column) const { return cell(row, column).center(); }

    void move(QPoint to, Qt::KeyboardModifiers modifiers = {})
    {
        QMouseEvent event(QEvent::MouseMove, to, m_view->viewport()->mapToGlobal(to), Qt::NoButton,
                          Qt::LeftButton, modifiers);
        QApplication::sendEvent(m_view->viewport(), &event);
    }
    void wheel(int delta)
    {
        const QPoint at = m_view->viewport()->rect().center();
        QWheelEvent event(at, m_view->viewport()->mapToGlobal(at), {}, {0, delta}, Qt::NoButton, {},
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(m_view->viewport(), &event);
    }

    std::unique_ptr<QWidget> m_window;
    QLineEdit* m_before = nullptr;
    QLineEdit* m_after = nullptr;
    TerminalView* m_view = nullptr;
    std::string m_sent;
};

QTEST_MAIN(TerminalViewTest)
#include "terminal_view_test.moc"
