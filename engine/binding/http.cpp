#include "engine/binding/http.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

namespace sallyport::binding {

namespace {

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::vector<std::string> etagsOf(std::string_view list)
{
    std::vector<std::string> etags;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view etag = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        while (!etag.empty() && etag.front() == ' ')
            etag.remove_prefix(1);
        while (!etag.empty() && etag.back() == ' ')
            etag.remove_suffix(1);
        if (etag.starts_with("W/"))
            etag.remove_prefix(2);
        if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
            etag = etag.substr(1, etag.size() - 2);
        if (!etag.empty())
            etags.emplace_back(etag);
    }
    return etags;
}

} // namespace

std::optional<std::string> percentDecoded(std::string_view text, bool plusIsBlank)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plusIsBlank) {
            out.push_back(' ');
        } else if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
            const int low = high >= 0 ? hexDigit(text[i + 2]) : -1;
            if (low < 0)
                return std::nullopt;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

std::string percentEncoded(std::string_view text)
{
    static constexpr std::string_view Plain = "-_.~/";
    std::string out;
    for (const char c : text) {
        const bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || Plain.find(c) != std::string_view::npos;
        if (isPlain)
            out.push_back(c);
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Status HttpRequest::setTarget(std::string_view target)
{
    const std::size_t mark = target.find('?');
    const auto decoded = percentDecoded(target.substr(0, mark), false);
    if (!decoded)
        return fail(Error::Code::Invalid, "the path is not percent-encoded as it should");
    path = *decoded;
    std::string_view rest =
        mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const std::size_t sign = pair.find('=');
        const auto name = percentDecoded(pair.substr(0, sign), true);
        const auto value = percentDecoded(
            sign == std::string_view::npos ? std::string_view() : pair.substr(sign + 1), true);
        if (!name || !value)
            return fail(Error::Code::Invalid, "the query is not percent-encoded as it should");
        query.emplace(*name, *value);
    }
    return {};
}

const std::string* HttpRequest::field(const std::string& name) const
{
    const auto found = fields.find(name);
    return found == fields.end() ? nullptr : &found->second;
}

const std::string* HttpRequest::parameter(const std::string& name) const
{
    const auto found = query.find(name);
    return found == query.end() ? nullptr : &found->second;
}

std::string HttpRequest::parameterOr(const std::string& name, std::string absent) const
{
    const std::string* const found = parameter(name);
    return found != nullptr ? *found : std::move(absent);
}

std::string httpDate(UnixMillis time)
{
    const auto seconds = static_cast<std::time_t>(time / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    static constexpr const char* Days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* Months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", Days[parts.tm_wday],
                       parts.tm_mday, Months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                       parts.tm_min, parts.tm_sec);
}

std::optional<UnixMillis> parseHttpDate(const std::string& text)
{
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0')
        return std::nullopt;
    return static_cast<UnixMillis>(::timegm(&parts)) * 1000;
}

Condition conditionOf(const HttpRequest& request, const std::string& prefix)
{
    Condition condition;
    condition.isInSeconds = true;
    if (const std::string* value = request.field(prefix + "if-match"))
        condition.etagMatches = etagsOf(*value);
    if (const std::string* value = request.field(prefix + "if-none-match"))
        condition.etagDoesNotMatch = etagsOf(*value);
    if (const std::string* value = request.field(prefix + "if-modified-since"))
        condition.storedAfter = parseHttpDate(*value);
    if (const std::string* value = request.field(prefix + "if-unmodified-since"))
        condition.storedBefore = parseHttpDate(*value);
    return condition;
}

std::optional<std::int64_t> numberOf(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

Result<std::optional<ByteRange>> rangeOf(std::string_view field, std::int64_t size)
{
    static constexpr std::string_view Unit = "bytes=";
    if (!field.starts_with(Unit))
        return std::optional<ByteRange>{};
    field.remove_prefix(Unit.size());
    const std::size_t dash = field.find('-');
    if (dash == std::string_view::npos || field.find(',') != std::string_view::npos)
        return std::optional<ByteRange>{};
    const std::string_view from = field.substr(0, dash);
    const std::string_view to = field.substr(dash + 1);
    const auto first = numberOf(from);
    const auto last = numberOf(to);
    if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty()) ||
        (first && last && *last < *first))
        return std::optional<ByteRange>{};
    const bool isOutside = first ? *first >= size : *last == 0 || size == 0;
    if (isOutside)
        return fail(Error::Code::Invalid,
                    fmt::format("the range lies outside of the {} bytes", size));
    if (!first)
        return std::optional(
            ByteRange{std::max<std::int64_t>(0, size - *last), std::min(*last, size)});
    const std::int64_t end = last ? std::min(*last + 1, size) : size;
    return std::optional(ByteRange{*first, end - *first});
}

} // namespace sallyport::binding
