#include "engine/egress/handler_message.h"

#include <algorithm>
#include <charconv>

#include "engine/egress/limits.h"

namespace sallyport::egress {

namespace {

using Lines = handler::HeadLines;

tl::unexpected<Error> senseless(std::string what)
{
    return fail(Error::Code::Invalid, "the handler's message makes no sense: " + std::move(what));
}

bool isTokenChar(char c)
{
    static constexpr std::string_view Others = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           Others.find(c) != std::string_view::npos;
}

bool isToken(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), isTokenChar);
}

bool isPlain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 || c == '\t') && byte != 0x7f;
    });
}

bool readNumber(std::string_view text, std::uint32_t& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

Result<HandlerBodyPlace> readPlace(std::string_view text)
{
    using Kind = HandlerBodyPlace::Kind;
    HandlerBodyPlace place;
    if (text.empty())
        return place;
    if (text == "bytes") {
        place.kind = Kind::Bytes;
        return place;
    }
    for (const auto& [word, kind] : {std::pair<std::string_view, Kind>{"ref ", Kind::Ref},
                                     {"stream ", Kind::Stream}}) {
        if (!text.starts_with(word) || !readNumber(text.substr(word.size()), place.number))
            continue;
        place.kind = kind;
        return place;
    }
    return senseless("its body");
}

Status readFields(Lines& lines, Fields& out)
{
    const DoorLimits limits;
    while (const auto name = lines.next()) {
        const auto text = lines.next();
        const auto value = text ? handler::latin1FromUtf8(*text) : std::nullopt;
        if (!isToken(*name) || !value || !isPlain(*value))
            return senseless("a header field");
        out.add(*name, *value);
        if (out.size() > limits.headFields || out.bytes() > limits.headBytes)
            return fail(Error::Code::TooLarge, "the handler's message has too many headers");
    }
    return {};
}

// "https://host[:port]/path?query", as the runtime's URL parser writes it.
Status readUrl(std::string_view url, HandlerFetchHead& out)
{
    url = url.substr(0, url.find('#'));
    out.tls = url.starts_with("https://");
    if (!out.tls && !url.starts_with("http://"))
        return fail(Error::Code::Invalid, "fetch() is for http and https only");
    url.remove_prefix(out.tls ? 8 : 7);
    const std::size_t end = url.find_first_of("/?");
    out.authority = url.substr(0, end);
    out.path = end == std::string_view::npos ? std::string_view("/") : url.substr(end);
    if (out.path[0] == '?')
        out.path.insert(0, "/");
    const auto isTargetChar = [](char c) { return c > 0x20 && c < 0x7f; };
    if (!std::all_of(out.path.begin(), out.path.end(), isTargetChar))
        return senseless("its path");
    auto authority = policy::parseAuthority(out.authority);
    if (!authority)
        return fail(Error::Code::Invalid, "fetch(): " + authority.error().text);
    out.host = std::move(authority->host);
    out.port = authority->port.value_or(out.tls ? 443 : 80);
    return {};
}

} // namespace

Result<HandlerAnswer> readHandlerAnswer(std::string_view head)
{
    Lines lines(head);
    HandlerAnswer answer;
    std::uint32_t status = 0;
    if (!readNumber(lines.next().value_or(""), status) || (status != 101 && status < 200) ||
        status > 599)
        return senseless("its status");
    answer.status = static_cast<int>(status);
    const auto text = handler::latin1FromUtf8(lines.next().value_or(""));
    if (!text || !isPlain(*text))
        return senseless("its status text");
    answer.statusText = *text;
    auto place = readPlace(lines.next().value_or(""));
    if (!place)
        return tl::unexpected(place.error());
    answer.body = *place;
    answer.isMoreToCome = lines.next().value_or("") == "more";
    if (Status fields = readFields(lines, answer.fields); !fields)
        return tl::unexpected(fields.error());
    return answer;
}

Result<HandlerFetchHead> readHandlerFetch(std::string_view head)
{
    Lines lines(head);
    HandlerFetchHead fetch;
    fetch.method = lines.next().value_or("");
    if (!isToken(fetch.method) || fetch.method.size() > 32 || fetch.method == "CONNECT")
        return senseless("its method");
    if (Status url = readUrl(lines.next().value_or(""), fetch); !url)
        return tl::unexpected(url.error());
    auto place = readPlace(lines.next().value_or(""));
    if (!place)
        return tl::unexpected(place.error());
    fetch.body = *place;
    if (Status fields = readFields(lines, fetch.fields); !fields)
        return tl::unexpected(fields.error());
    return fetch;
}

Result<binding::StoreRequest> readHandlerUse(std::string_view head, HandlerBodyPlace& body)
{
    Lines lines(head);
    const auto place = readPlace(lines.next().value_or(""));
    if (!place)
        return tl::unexpected(place.error());
    body = *place;
    return binding::readStoreRequest(lines.rest(), nowUnixMillis());
}

std::string handlerJson(const nlohmann::ordered_json& json)
{
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string fetchedHead(const ResponseHead& answer, std::string_view url, std::uint32_t body)
{
    std::string head = std::to_string(answer.status) + "\n";
    handler::appendLatin1AsUtf8(head, answer.reason);
    head.append("\n").append(url.substr(0, url.find('#'))).append("\n");
    if (body != 0)
        head.append(std::to_string(body));
    for (const Field field : answer.fields) {
        head.append("\n").append(field.name).append("\n");
        handler::appendLatin1AsUtf8(head, field.value);
    }
    return head;
}

void setLength(Fields& fields, BodyKind kind, std::uint64_t length)
{
    fields.remove("transfer-encoding");
    const std::string text = std::to_string(length);
    if (kind == BodyKind::Length && fields.count("content-length") == 1 &&
        fields.find("content-length") == text)
        return;
    fields.remove("content-length");
    if (kind == BodyKind::Length)
        fields.add("Content-Length", text);
}

} // namespace sallyport::egress
