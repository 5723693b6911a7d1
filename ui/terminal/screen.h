#pragma once

// The state of one terminal: bytes of the program go in, cells and answers come out. No widget, no
// clock; a test feeds it bytes and reads cells.
//
// Lines are numbered from the first that was ever printed, so that a number keeps meaning the same
// text while the screen scrolls. firstLine() is the oldest that is kept, screenTop() the first of
// the grid. Scrollback holds at most MostHistoryLines lines and MostHistoryCells cells.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>

#include <Qt>

#include "ui/terminal/cell.h"
#include "ui/terminal/guard.h"

class QKeyEvent;
struct VTerm;
struct VTermScreen;

namespace sallyport::ui::terminal {

using LineNumber = std::int64_t;

enum class CursorShape
{
    Block,
    Underline,
    Bar,
};

enum class MouseMode
{
    None,
    Click,
    Drag,
    Move,
};

class Screen
{
public:
    static constexpr std::size_t MostHistoryLines = 10'000;
    static constexpr std::size_t MostHistoryCells = 1'500'000;
    static constexpr int MostColumns = 500;
    static constexpr int MostRows = 300;

    // `output` gets what goes to the program: keys, mouse reports, answers to its queries. It is
    // called only within the members below.
    Screen(int columns, int rows, std::function<void(std::string_view)> output);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Any bytes: they pass the guard first.
    void feed(std::string_view bytes);
    // Clamped to 2…MostColumns by 1…MostRows.
    void resize(int columns, int rows);
    // Empties the screen and the scrollback, for a new program.
    void reset();
    void clearHistory();

    [[nodiscard]] int columns() const { return m_columns; }
    [[nodiscard]] int rows() const { return m_rows; }
    [[nodiscard]] LineNumber firstLine() const;
    [[nodiscard]] LineNumber screenTop() const { return m_pushed; }
    [[nodiscard]] LineNumber endLine() const { return m_pushed + m_rows; }
    // Empty outside of firstLine() … endLine(). A line of the scrollback can be shorter than
    // columns() (blank ends are cut) or longer.
    [[nodiscard]] Line line(LineNumber number) const;

    [[nodiscard]] int cursorColumn() const { return m_cursorColumn; }
    [[nodiscard]] LineNumber cursorLine() const { return m_pushed + m_cursorRow; }
    [[nodiscard]] bool isCursorVisible() const { return m_cursorVisible; }
    [[nodiscard]] bool isCursorBlinking() const { return m_cursorBlinks; }
    [[nodiscard]] CursorShape cursorShape() const { return m_cursorShape; }
    [[nodiscard]] bool isAlternate() const { return m_alternate; }
    [[nodiscard]] MouseMode mouseMode() const { return m_mouseMode; }

    // Whether the key means something to a terminal and was sent.
    bool sendKey(const QKeyEvent& event);
    void sendText(std::string_view utf8);
    // Bracketed where the program asked for it. Control characters but tab and line ends are left
    // out, so that the text cannot end the bracket or type keys.
    void paste(std::string_view utf8);
    // Zero-based cell of the grid. Buttons: 1 left, 2 middle, 3 right, 4/5 wheel up and down.
    void mouseMove(int row, int column, Qt::KeyboardModifiers modifiers);
    void mouseButton(int button, bool pressed, Qt::KeyboardModifiers modifiers);
    void setFocused(bool focused);

private:
    struct Glue; // the callbacks of libvterm

    void pushHistory(Line line);
    [[nodiscard]] bool popHistory(Line& line);

    std::function<void(std::string_view)> m_output;
    Guard m_guard;
    VTerm* m_terminal = nullptr; // owned
    VTermScreen* m_screen = nullptr;
    int m_columns;
    int m_rows;
    std::deque<Line> m_history;
    std::size_t m_historyCells = 0;
    LineNumber m_pushed = 0;
    int m_cursorRow = 0;
    int m_cursorColumn = 0;
    bool m_cursorVisible = true;
    bool m_cursorBlinks = false;
    bool m_alternate = false;
    CursorShape m_cursorShape = CursorShape::Block;
    MouseMode m_mouseMode = MouseMode::None;
};

} // namespace sallyport::ui::terminal
