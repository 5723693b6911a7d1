#include "ui/terminal/screen.h"

#include <algorithm>
#include <string>

#include <vterm.h>

#include <QKeyEvent>

#include "ui/terminal/keys.h"

namespace sallyport::ui::terminal {

namespace {

CellColor toColor(const VTermColor& color)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(&color) || VTERM_COLOR_IS_DEFAULT_BG(&color))
        return {};
    if (VTERM_COLOR_IS_INDEXED(&color))
        return {CellColor::Kind::Indexed, color.indexed.idx, 0, 0};
    return {CellColor::Kind::Rgb, color.rgb.red, color.rgb.green, color.rgb.blue};
}

VTermColor fromColor(const CellColor& color, bool foreground)
{
    VTermColor out{};
    switch (color.kind) {
    case CellColor::Kind::Default:
        vterm_color_rgb(&out, 0, 0, 0);
        out.type |= foreground ? VTERM_COLOR_DEFAULT_FG : VTERM_COLOR_DEFAULT_BG;
        break;
    case CellColor::Kind::Indexed:
        vterm_color_indexed(&out, color.red);
        break;
    case CellColor::Kind::Rgb:
        vterm_color_rgb(&out, color.red, color.green, color.blue);
        break;
    }
    return out;
}

// The second half of a wide character has this value instead of a character.
constexpr std::uint32_t WideTail = 0xffffffffU;
constexpr char32_t LastCodePoint = 0x10ffff;

Cell toCell(const VTermScreenCell& from)
{
    Cell cell;
    if (from.chars[0] == WideTail) {
        cell.width = 0;
    } else {
        for (std::size_t i = 0; i < cell.chars.size() && from.chars[i] != 0; ++i)
            cell.chars[i] = std::min<char32_t>(from.chars[i], LastCodePoint);
        cell.width = from.width == 2 ? 2 : 1;
    }
    cell.foreground = toColor(from.fg);
    cell.background = toColor(from.bg);
    cell.bold = from.attrs.bold != 0;
    cell.italic = from.attrs.italic != 0;
    cell.underline = from.attrs.underline != 0;
    cell.strike = from.attrs.strike != 0;
    cell.reverse = from.attrs.reverse != 0;
    return cell;
}

VTermScreenCell fromCell(const Cell& cell)
{
    VTermScreenCell out{};
    out.width = 1;
    for (std::size_t i = 0; i < cell.chars.size(); ++i)
        out.chars[i] = cell.chars[i];
    if (cell.width == 2)
        out.width = 2;
    out.fg = fromColor(cell.foreground, true);
    out.bg = fromColor(cell.background, false);
    out.attrs.bold = cell.bold;
    out.attrs.italic = cell.italic;
    out.attrs.underline = cell.underline ? 1 : 0;
    out.attrs.strike = cell.strike;
    out.attrs.reverse = cell.reverse;
    return out;
}

void cutBlankEnd(Line& line)
{
    const auto isPlain = [](const Cell& cell) {
        return cell.isBlank() && cell.width == 1 && cell.sameLook(Cell{});
    };
    while (!line.empty() && isPlain(line.back()))
        line.pop_back();
}

VTermModifier toModifier(Qt::KeyboardModifiers modifiers)
{
    unsigned int bits = VTERM_MOD_NONE;
    if (modifiers.testFlag(Qt::ShiftModifier))
        bits |= VTERM_MOD_SHIFT;
    if (modifiers.testFlag(Qt::AltModifier))
        bits |= VTERM_MOD_ALT;
    if (modifiers.testFlag(Qt::ControlModifier))
        bits |= VTERM_MOD_CTRL;
    return static_cast<VTermModifier>(bits);
}

} // namespace

struct Screen::Glue
{
    static Screen& self(void* user) { return *static_cast<Screen*>(user); }

    static void output(const char* bytes, size_t length, void* user)
    {
        self(user).m_output({bytes, length});
    }

    static int moveCursor(VTermPos to, VTermPos, int, void* user)
    {
        self(user).m_cursorRow = to.row;
        self(user).m_cursorColumn = to.col;
        return 1;
    }

    // Titles and icon names are not taken: they come from the guest.
    static int setProperty(VTermProp property, VTermValue* value, void* user)
    {
        Screen& screen = self(user);
        switch (property) {
        case VTERM_PROP_CURSORVISIBLE:
            screen.m_cursorVisible = value->boolean != 0;
            break;
        case VTERM_PROP_CURSORBLINK:
            screen.m_cursorBlinks = value->boolean != 0;
            break;
        case VTERM_PROP_ALTSCREEN:
            screen.m_alternate = value->boolean != 0;
            break;
        case VTERM_PROP_CURSORSHAPE:
            screen.m_cursorShape =
                value->number == VTERM_PROP_CURSORSHAPE_UNDERLINE  ? CursorShape::Underline
                : value->number == VTERM_PROP_CURSORSHAPE_BAR_LEFT ? CursorShape::Bar
                                                                   : CursorShape::Block;
            break;
        case VTERM_PROP_MOUSE:
            screen.m_mouseMode = static_cast<MouseMode>(std::clamp(value->number, 0, 3));
            break;
        default:
            return 0;
        }
        return 1;
    }

    static int pushLine(int columns, const VTermScreenCell* cells, void* user)
    {
        Line line;
        line.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column)
            line.push_back(toCell(cells[column]));
        self(user).pushHistory(std::move(line));
        return 1;
    }

    static int popLine(int columns, VTermScreenCell* cells, void* user)
    {
        Line line;
        if (!self(user).popHistory(line))
            return 0;
        line.resize(static_cast<std::size_t>(columns));
        for (std::size_t column = 0; column < line.size(); ++column) {
            // A wide character that is cut by the new width.
            if (line[column].width == 2 && column + 1 == line.size())
                line[column] = {};
            cells[column] = fromCell(line[column]);
        }
        return 1;
    }

    static constexpr VTermScreenCallbacks Callbacks = {nullptr, nullptr, moveCursor, setProperty,
                                                       nullptr, nullptr, pushLine,   popLine};
};

Screen::Screen(int columns, int rows, std::function<void(std::string_view)> output)
    : m_output(std::move(output))
    , m_columns(std::clamp(columns, 2, MostColumns))
    , m_rows(std::clamp(rows, 1, MostRows))
{
    m_terminal = vterm_new(m_rows, m_columns);
    vterm_set_utf8(m_terminal, 1);
    vterm_output_set_callback(m_terminal, Glue::output, this);
    m_screen = vterm_obtain_screen(m_terminal);
    vterm_screen_set_callbacks(m_screen, &Glue::Callbacks, this);
    vterm_screen_enable_altscreen(m_screen, 1);
    vterm_screen_set_damage_merge(m_screen, VTERM_DAMAGE_SCROLL);
    vterm_screen_reset(m_screen, 1);
}

Screen::~Screen()
{
    vterm_free(m_terminal);
}

void Screen::feed(std::string_view bytes)
{
    const std::string safe = m_guard.filter(bytes);
    vterm_input_write(m_terminal, safe.data(), safe.size());
    vterm_screen_flush_damage(m_screen);
}

void Screen::resize(int columns, int rows)
{
    columns = std::clamp(columns, 2, MostColumns);
    rows = std::clamp(rows, 1, MostRows);
    if (columns == m_columns && rows == m_rows)
        return;
    m_columns = columns;
    m_rows = rows;
    vterm_set_size(m_terminal, rows, columns);
    vterm_screen_flush_damage(m_screen);
    VTermPos cursor{};
    vterm_state_get_cursorpos(vterm_obtain_state(m_terminal), &cursor);
    // libvterm 0.1 leaves the cursor above the first row when lines are cut off below it, and would
    // write there.
    if (cursor.row < 0 || cursor.col < 0) {
        const std::string home = "\x1b[1;" + std::to_string(std::max(cursor.col, 0) + 1) + "H";
        vterm_input_write(m_terminal, home.data(), home.size());
        vterm_state_get_cursorpos(vterm_obtain_state(m_terminal), &cursor);
    }
    m_cursorRow = std::clamp(cursor.row, 0, rows - 1);
    m_cursorColumn = std::clamp(cursor.col, 0, columns - 1);
}

void Screen::reset()
{
    m_guard = {};
    vterm_screen_reset(m_screen, 1);
    vterm_screen_flush_damage(m_screen);
    clearHistory();
    m_alternate = false;
    m_mouseMode = MouseMode::None;
}

void Screen::clearHistory()
{
    m_history.clear();
    m_historyCells = 0;
}

LineNumber Screen::firstLine() const
{
    return m_pushed - static_cast<LineNumber>(m_history.size());
}

Line Screen::line(LineNumber number) const
{
    if (number < firstLine() || number >= endLine())
        return {};
    if (number < m_pushed)
        return m_history[static_cast<std::size_t>(number - firstLine())];
    Line line;
    line.reserve(static_cast<std::size_t>(m_columns));
    VTermPos position{static_cast<int>(number - m_pushed), 0};
    for (; position.col < m_columns; ++position.col) {
        VTermScreenCell cell{};
        vterm_screen_get_cell(m_screen, position, &cell);
        line.push_back(toCell(cell));
    }
    return line;
}

void Screen::pushHistory(Line line)
{
    cutBlankEnd(line);
    line.shrink_to_fit();
    m_historyCells += line.size();
    m_history.push_back(std::move(line));
    ++m_pushed;
    while (m_history.size() > MostHistoryLines || m_historyCells > MostHistoryCells) {
        m_historyCells -= m_history.front().size();
        m_history.pop_front();
    }
}

bool Screen::popHistory(Line& line)
{
    if (m_history.empty())
        return false;
    line = std::move(m_history.back());
    m_history.pop_back();
    m_historyCells -= line.size();
    --m_pushed;
    return true;
}

bool Screen::sendKey(const QKeyEvent& event)
{
    const auto key = specialKey(event);
    if (key) {
        vterm_keyboard_key(m_terminal, static_cast<VTermKey>(key->key), toModifier(key->modifiers));
        return true;
    }
    const std::string bytes = characterBytes(event);
    if (bytes.empty())
        return false;
    m_output(bytes);
    return true;
}

void Screen::sendText(std::string_view utf8)
{
    if (!utf8.empty())
        m_output(utf8);
}

void Screen::paste(std::string_view utf8)
{
    vterm_keyboard_start_paste(m_terminal);
    sendText(pasteBytes(utf8));
    vterm_keyboard_end_paste(m_terminal);
}

void Screen::mouseMove(int row, int column, Qt::KeyboardModifiers modifiers)
{
    vterm_mouse_move(m_terminal, std::clamp(row, 0, m_rows - 1),
                     std::clamp(column, 0, m_columns - 1), toModifier(modifiers));
}

void Screen::mouseButton(int button, bool pressed, Qt::KeyboardModifiers modifiers)
{
    vterm_mouse_button(m_terminal, button, pressed, toModifier(modifiers));
}

void Screen::setFocused(bool focused)
{
    VTermState* state = vterm_obtain_state(m_terminal);
    if (focused)
        vterm_state_focus_in(state);
    else
        vterm_state_focus_out(state);
}

} // namespace sallyport::ui::terminal
