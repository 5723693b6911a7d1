#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::ui::terminal {

// Stands between a guest's output and libvterm, which was not written for hostile input: it does
// not count the parameters of a sequence against its array, nor bound their values. What comes out
// is valid UTF-8 and sequences within those bounds, and means the same for every honest program.
//
// Left out: strings (OSC, DCS, APC, PM, SOS: titles, clipboard, links), C1 controls in either form,
// bells, sequences with more than MostParameters, marks past MostMarks on one character.
class Guard
{
public:
    static constexpr int MostParameters = 16; // CSI_ARGS_MAX of libvterm
    static constexpr int MostValue = 9999;
    static constexpr int MostMarks = 4;

    // May hold back the start of a sequence until its end comes.
    [[nodiscard]] std::string filter(std::string_view bytes);

private:
    enum class State : std::uint8_t
    {
        Text,
        Escape,       // after ESC, with its intermediates
        Csi,          // parameters
        CsiEnd,       // intermediates
        CsiDropped,   // too much in it: until its end
        String,       //
        StringEscape, // ESC in a string
    };

    void take(unsigned char byte, std::string& out);
    void takeControl(unsigned char byte, std::string& out);
    void takeText(unsigned char byte, std::string& out);
    void putCharacter(std::string& out);
    void takeEscape(unsigned char byte, std::string& out);
    void takeCsi(unsigned char byte, std::string& out);
    void takeParameter(unsigned char byte);
    void finishNumber();

    State m_state = State::Text;
    std::string m_sequence; // of the escape or CSI sequence, without ESC
    int m_parameters = 0;
    int m_value = -1; // of the parameter that is being read; -1: none yet
    char32_t m_character = 0;
    int m_missing = 0;    // bytes of the character that are still to come
    char32_t m_least = 0; // the least code point for its length
    int m_marks = 0;      // in a row
};

} // namespace sallyport::ui::terminal
