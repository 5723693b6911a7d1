#include "app/sallyctl/values.h"

#include <charconv>

namespace sallyport::ctl {

std::string camelCase(std::string_view kebab)
{
    std::string out;
    bool isUpper = false;
    for (const char c : kebab) {
        if (c == '-') {
            isUpper = true;
            continue;
        }
        out += isUpper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        isUpper = false;
    }
    return out;
}

std::string kebabCase(std::string_view camel)
{
    std::string out;
    for (const char c : camel) {
        if (c >= 'A' && c <= 'Z') {
            out += '-';
            out += static_cast<char>(c - 'A' + 'a');
        } else {
            out += c;
        }
    }
    return out;
}

Result<std::int64_t> durationFromText(std::string_view text)
{
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    const std::int64_t seconds = unit == "s"   ? 1
                                 : unit == "m" ? 60
                                 : unit == "h" ? 3600
                                 : unit == "d" ? 86400
                                               : 0;
    constexpr std::int64_t Most = 3650; // days, or as many of the smaller units
    if (error != std::errc{} || number < 1 || seconds == 0 || number > Most * 86400 / seconds)
        return fail(Error::Code::Invalid,
                    "'" + std::string(text) + "' is not a time such as 90s, 15m, 2h or 3d");
    return number * seconds * 1000;
}

std::vector<std::string> listFromText(std::string_view text)
{
    std::vector<std::string> list;
    while (!text.empty()) {
        std::string_view item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), item.size() + 1));
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        if (!item.empty())
            list.emplace_back(item);
    }
    return list;
}

} // namespace sallyport::ctl
