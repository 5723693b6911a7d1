#include "handlerd/natives.h"

#include <memory>

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include "handlerd/utf.h"

namespace sallyport::handlerd {

namespace {

constexpr char Base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64Of(std::string_view bytes)
{
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t k) {
            return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const unsigned group = byte(0) << 16U | byte(1) << 8U | byte(2);
        out.push_back(Base64[group >> 18U]);
        out.push_back(Base64[group >> 12U & 63U]);
        out.push_back(i + 1 < bytes.size() ? Base64[group >> 6U & 63U] : '=');
        out.push_back(i + 2 < bytes.size() ? Base64[group & 63U] : '=');
    }
    return out;
}

// "forgiving-base64 decode" of the Infra Standard.
std::optional<std::string> fromBase64(const std::u16string& text)
{
    std::string digits;
    for (const char16_t c : text) {
        if (c == u' ' || c == u'\t' || c == u'\n' || c == u'\f' || c == u'\r')
            continue;
        if (c > 0x7f)
            return std::nullopt;
        digits.push_back(static_cast<char>(c));
    }
    if (digits.size() % 4 == 0)
        for (int i = 0; i < 2 && !digits.empty() && digits.back() == '='; ++i)
            digits.pop_back();
    if (digits.size() % 4 == 1)
        return std::nullopt;
    const std::string_view alphabet(Base64, 64);
    std::string out;
    unsigned group = 0;
    int bits = 0;
    for (const char c : digits) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos)
            return std::nullopt;
        group = (group << 6U | static_cast<unsigned>(value)) & 0xffffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<char>(group >> static_cast<unsigned>(bits)));
        }
    }
    return out;
}

std::u16string widened(std::string_view bytes)
{
    std::u16string wide;
    wide.reserve(bytes.size());
    for (const char c : bytes)
        wide.push_back(static_cast<char16_t>(static_cast<unsigned char>(c)));
    return wide;
}

// What can't be decoded becomes U+FFFD; ICU's own answer is the control character SUB for some.
void replaceWrong(const void*,
                  UConverterToUnicodeArgs* arguments,
                  const char*,
                  std::int32_t,
                  UConverterCallbackReason reason,
                  UErrorCode* error)
{
    if (reason > UCNV_IRREGULAR)
        return;
    *error = U_ZERO_ERROR;
    static constexpr UChar Replacement[] = {0xfffd};
    ucnv_cbToUWriteUChars(arguments, Replacement, 1, 0, error);
}

// Decodes by a converter of ICU; null where it has none of that name or, with `fatal`, the bytes
// are wrong.
std::optional<std::u16string>
decodeByIcu(const std::string& name, std::string_view bytes, bool fatal)
{
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(
        ucnv_open(name.c_str(), &error), &ucnv_close);
    if (U_FAILURE(error))
        return std::nullopt;
    ucnv_setToUCallBack(converter.get(), fatal ? UCNV_TO_U_CALLBACK_STOP : &replaceWrong, nullptr,
                        nullptr, nullptr, &error);
    std::u16string out(bytes.size() * 2 + 16, u'\0');
    const std::int32_t length =
        ucnv_toUChars(converter.get(), out.data(), static_cast<std::int32_t>(out.size()),
                      bytes.data(), static_cast<std::int32_t>(bytes.size()), &error);
    if (U_FAILURE(error))
        return std::nullopt;
    out.resize(static_cast<std::size_t>(length));
    return out;
}

} // namespace

void addTextNatives(Script& script, JSObjectRef natives)
{
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name, script.function(name, std::move(native)));
    };
    add("encode",
        [&script](Arguments arguments) { return script.bytes(script.toText(arguments[0])); });
    // (bytes, fatal) -> text, or null where fatal and wrong
    add("utf8", [&script](Arguments arguments) -> JSValueRef {
        const std::string_view bytes = script.toBytes(arguments[0]).value_or(std::string_view());
        if (isAscii(bytes))
            return script.text(bytes);
        std::u16string wide;
        const bool isRight = appendUtf16(wide, bytes);
        if (!isRight && script.toBoolean(arguments[1]))
            return JSValueMakeNull(script.context());
        return script.text(wide);
    });
    add("utf8Tail", [&script](Arguments arguments) {
        const auto bytes = script.toBytes(arguments[0]).value_or(std::string_view());
        return script.number(static_cast<double>(incompleteTail(bytes)));
    });
    // (converter, bytes, fatal) -> text or null
    add("decode", [&script](Arguments arguments) -> JSValueRef {
        const auto wide = decodeByIcu(script.toText(arguments[0]),
                                      script.toBytes(arguments[1]).value_or(std::string_view()),
                                      script.toBoolean(arguments[2]));
        return wide ? script.text(*wide) : JSValueMakeNull(script.context());
    });
    // Bytes as characters of the same number.
    add("latin1", [&script](Arguments arguments) {
        return script.text(widened(script.toBytes(arguments[0]).value_or(std::string_view())));
    });
    add("btoa", [&script](Arguments arguments) -> JSValueRef {
        std::string bytes;
        for (const char16_t c : script.toText16(arguments[0])) {
            if (c > 0xff)
                return JSValueMakeNull(script.context());
            bytes.push_back(static_cast<char>(c));
        }
        return script.text(base64Of(bytes));
    });
    add("atob", [&script](Arguments arguments) -> JSValueRef {
        const auto bytes = fromBase64(script.toText16(arguments[0]));
        return bytes ? script.text(widened(*bytes)) : JSValueMakeNull(script.context());
    });
}

} // namespace sallyport::handlerd
