#include "ui/terminal/keys.h"

#include <vterm.h>

#include <QKeyEvent>

#include "ui/bridge/text.h"

namespace sallyport::ui::terminal {

namespace {

int plainKey(int qtKey)
{
    switch (qtKey) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        return VTERM_KEY_ENTER;
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
        return VTERM_KEY_TAB;
    case Qt::Key_Backspace:
        return VTERM_KEY_BACKSPACE;
    case Qt::Key_Escape:
        return VTERM_KEY_ESCAPE;
    case Qt::Key_Up:
        return VTERM_KEY_UP;
    case Qt::Key_Down:
        return VTERM_KEY_DOWN;
    case Qt::Key_Left:
        return VTERM_KEY_LEFT;
    case Qt::Key_Right:
        return VTERM_KEY_RIGHT;
    case Qt::Key_Insert:
        return VTERM_KEY_INS;
    case Qt::Key_Delete:
        return VTERM_KEY_DEL;
    case Qt::Key_Home:
        return VTERM_KEY_HOME;
    case Qt::Key_End:
        return VTERM_KEY_END;
    case Qt::Key_PageUp:
        return VTERM_KEY_PAGEUP;
    case Qt::Key_PageDown:
        return VTERM_KEY_PAGEDOWN;
    default:
        return VTERM_KEY_NONE;
    }
}

// The control character of a key pressed with Ctrl, as a VT has it.
std::optional<char> controlOf(int qtKey)
{
    if (qtKey >= Qt::Key_A && qtKey <= Qt::Key_Z)
        return static_cast<char>(qtKey - Qt::Key_A + 1);
    switch (qtKey) {
    case Qt::Key_Space:
    case Qt::Key_At:
    case Qt::Key_2:
        return '\0';
    case Qt::Key_BracketLeft:
    case Qt::Key_3:
        return '\x1b';
    case Qt::Key_Backslash:
    case Qt::Key_4:
        return '\x1c';
    case Qt::Key_BracketRight:
    case Qt::Key_5:
        return '\x1d';
    case Qt::Key_AsciiCircum:
    case Qt::Key_6:
        return '\x1e';
    case Qt::Key_Underscore:
    case Qt::Key_Slash:
    case Qt::Key_Minus:
    case Qt::Key_7:
        return '\x1f';
    case Qt::Key_8:
    case Qt::Key_Question:
        return '\x7f';
    default:
        return {};
    }
}

} // namespace

std::optional<SpecialKey> specialKey(const QKeyEvent& event)
{
    int key = plainKey(event.key());
    Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    if (event.key() == Qt::Key_Backtab)
        modifiers |= Qt::ShiftModifier;
    if (event.key() >= Qt::Key_F1 && event.key() <= Qt::Key_F12)
        key = VTERM_KEY_FUNCTION(event.key() - Qt::Key_F1 + 1);
    if (key == VTERM_KEY_NONE)
        return {};
    // These have one form each; with modifiers libvterm would send CSI-u, which shells do not read.
    if (key == VTERM_KEY_ENTER || key == VTERM_KEY_ESCAPE || key == VTERM_KEY_BACKSPACE)
        modifiers &= Qt::AltModifier;
    if (key == VTERM_KEY_TAB)
        modifiers &= Qt::ShiftModifier | Qt::AltModifier;
    return SpecialKey{key, modifiers};
}

std::string characterBytes(const QKeyEvent& event)
{
    const Qt::KeyboardModifiers modifiers = event.modifiers();
    std::string bytes;
    if (modifiers.testFlag(Qt::ControlModifier)) {
        const QString text = event.text();
        const auto control = controlOf(event.key());
        if (control)
            bytes.assign(1, *control);
        else if (text.size() == 1 && text[0].unicode() < 0x20)
            bytes.assign(1, static_cast<char>(text[0].unicode()));
        else
            return {};
    } else {
        bytes = fromQt(event.text());
    }
    if (!bytes.empty() && modifiers.testFlag(Qt::AltModifier))
        bytes.insert(0, 1, '\x1b');
    return bytes;
}

std::string pasteBytes(std::string_view utf8)
{
    std::string bytes;
    bytes.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const char c = utf8[i];
        const auto code = static_cast<unsigned char>(c);
        if (c == '\r' && i + 1 < utf8.size() && utf8[i + 1] == '\n')
            continue;
        if (c == '\n' || c == '\r')
            bytes += '\r';
        else if (c == '\t' || (code >= 0x20 && code != 0x7f))
            bytes += c;
        // C1 controls (U+0080–009F) are two bytes, the first of them 0xc2.
        if (bytes.size() >= 2 && bytes[bytes.size() - 2] == '\xc2' && code >= 0x80 && code < 0xa0)
            bytes.resize(bytes.size() - 2);
    }
    return bytes;
}

} // namespace sallyport::ui::terminal
