#include "ui/terminal/guard.h"

#include <algorithm>

#include <QChar>

namespace sallyport::ui::terminal {

namespace {

constexpr std::string_view Replacement = "\xef\xbf\xbd"; // U+FFFD
constexpr std::size_t MostIntermediates = 2;
constexpr std::size_t MostLeader = 2;
constexpr unsigned char Esc = 0x1b;

bool isIntermediate(unsigned char byte)
{
    return byte >= 0x20 && byte <= 0x2f;
}

void appendUtf8(std::string& out, char32_t c)
{
    const auto put = [&out](char32_t value) { out += static_cast<char>(value); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0U | (c >> 6U));
        put(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        put(0xe0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3fU));
        put(0x80U | (c & 0x3fU));
    } else {
        put(0xf0U | (c >> 18U));
        put(0x80U | ((c >> 12U) & 0x3fU));
        put(0x80U | ((c >> 6U) & 0x3fU));
        put(0x80U | (c & 0x3fU));
    }
}

} // namespace

std::string Guard::filter(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size() + 16);
    for (const char byte : bytes)
        take(static_cast<unsigned char>(byte), out);
    return out;
}

void Guard::take(unsigned char byte, std::string& out)
{
    if (byte == 0x18 || byte == 0x1a) { // CAN, SUB end whatever it is
        m_state = State::Text;
        m_missing = 0;
        return;
    }
    if (byte == Esc) {
        if (m_missing > 0)
            out += Replacement;
        m_missing = 0;
        m_sequence.clear();
        m_state = m_state == State::String ? State::StringEscape : State::Escape;
        return;
    }
    if (byte < 0x20 || byte == 0x7f) {
        takeControl(byte, out);
        return;
    }
    switch (m_state) {
    case State::Text:
        takeText(byte, out);
        break;
    case State::Escape:
        takeEscape(byte, out);
        break;
    case State::StringEscape:
        // ESC \ ends the string; any other begins a sequence of its own.
        m_state = byte == '\\' ? State::Text : State::Escape;
        if (m_state == State::Escape)
            takeEscape(byte, out);
        break;
    case State::Csi:
    case State::CsiEnd:
    case State::CsiDropped:
        takeCsi(byte, out);
        break;
    case State::String:
        break;
    }
}

void Guard::takeControl(unsigned char byte, std::string& out)
{
    if (m_state == State::String || m_state == State::StringEscape) {
        if (byte == 0x07) // ends a string as ST does
            m_state = State::Text;
        return;
    }
    if (m_state == State::Text && m_missing > 0) {
        m_missing = 0;
        out += Replacement;
    }
    // Backspace, tab, line ends, shifts of the character set. Within a sequence they act at once,
    // so they go before it.
    if (byte >= 0x08 && byte <= 0x0f) {
        out += static_cast<char>(byte);
        m_marks = 0;
    }
}

void Guard::takeText(unsigned char byte, std::string& out)
{
    if (m_missing > 0) {
        if ((byte & 0xc0U) == 0x80) {
            m_character = (m_character << 6U) | (byte & 0x3fU);
            if (--m_missing == 0)
                putCharacter(out);
            return;
        }
        m_missing = 0;
        out += Replacement;
    }
    const auto begin = [this](int missing, char32_t least, char32_t bits) {
        m_missing = missing;
        m_least = least;
        m_character = bits;
    };
    if (byte < 0x80) {
        out += static_cast<char>(byte);
        m_marks = 0;
    } else if (byte >= 0xc2 && byte <= 0xdf) {
        begin(1, 0x80, byte & 0x1fU);
    } else if (byte >= 0xe0 && byte <= 0xef) {
        begin(2, 0x800, byte & 0x0fU);
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        begin(3, 0x10000, byte & 0x07U);
    } else {
        out += Replacement;
    }
}

void Guard::putCharacter(std::string& out)
{
    const bool surrogate = m_character >= 0xd800 && m_character <= 0xdfff;
    if (m_character < m_least || surrogate || m_character > 0x10ffff) {
        out += Replacement;
        return;
    }
    if (m_character < 0xa0) // C1 controls
        return;
    const auto category = QChar::category(m_character);
    const bool combines = QChar::isMark(m_character) || category == QChar::Other_Format;
    m_marks = combines ? m_marks + 1 : 0;
    if (m_marks <= MostMarks)
        appendUtf8(out, m_character);
}

void Guard::takeEscape(unsigned char byte, std::string& out)
{
    if (isIntermediate(byte)) {
        m_sequence += static_cast<char>(byte);
        return;
    }
    m_state = State::Text;
    if (m_sequence.empty()) {
        switch (byte) {
        case '[':
            m_state = State::Csi;
            m_parameters = 0;
            m_value = -1;
            return;
        case ']': // OSC
        case 'P': // DCS
        case 'X': // SOS
        case '^': // PM
        case '_': // APC
            m_state = State::String;
            return;
        default:
            break;
        }
    }
    if (byte >= 0x30 && byte < 0x7f && m_sequence.size() <= MostIntermediates) {
        out += static_cast<char>(Esc);
        out += m_sequence;
        out += static_cast<char>(byte);
    }
}

void Guard::takeCsi(unsigned char byte, std::string& out)
{
    if (byte >= 0x40 && byte <= 0x7e) {
        if (m_state == State::Csi)
            finishNumber();
        if (m_state != State::CsiDropped) {
            out += "\x1b[";
            out += m_sequence;
            out += static_cast<char>(byte);
        }
        m_state = State::Text;
        return;
    }
    if (m_state == State::CsiDropped)
        return;
    if (isIntermediate(byte)) {
        if (m_state == State::Csi) {
            finishNumber();
            m_state = State::CsiEnd;
            m_parameters = 0; // counts intermediates from here
        }
        m_sequence += static_cast<char>(byte);
        if (static_cast<std::size_t>(++m_parameters) > MostIntermediates)
            m_state = State::CsiDropped;
        return;
    }
    // A parameter after an intermediate, or a byte that no sequence has.
    if (m_state == State::CsiEnd || byte >= 0x80) {
        m_state = State::CsiDropped;
        return;
    }
    takeParameter(byte);
}

void Guard::takeParameter(unsigned char byte)
{
    if (byte >= '0' && byte <= '9') {
        m_value = std::min(std::max(m_value, 0) * 10 + (byte - '0'), MostValue);
        return;
    }
    if (byte == ';' || byte == ':') {
        finishNumber();
        m_sequence += static_cast<char>(byte);
        if (++m_parameters >= MostParameters)
            m_state = State::CsiDropped;
        return;
    }
    // "<=>?" lead a private sequence.
    const bool leads = m_value < 0 && m_parameters == 0 && m_sequence.size() < MostLeader;
    if (leads)
        m_sequence += static_cast<char>(byte);
    else
        m_state = State::CsiDropped;
}

void Guard::finishNumber()
{
    if (m_value >= 0)
        m_sequence += std::to_string(m_value);
    m_value = -1;
}

} // namespace sallyport::ui::terminal
