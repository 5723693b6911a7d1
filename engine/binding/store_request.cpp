#include "engine/binding/store_request.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/binding/kv_request.h"

namespace sallyport::binding {

using Json = nlohmann::ordered_json;
using Operation = StoreRequest::Operation;

namespace {

constexpr std::size_t MostKeys = 1000;
constexpr std::size_t MostEtags = 100;
constexpr int MostDepth = 500;

struct Verb
{
    std::string_view name;
    Operation operation;
    bool isForKv;
};
constexpr std::array Verbs = {
    Verb{"get", Operation::Get, true},
    Verb{"head", Operation::Head, false},
    Verb{"put", Operation::Put, true},
    Verb{"delete", Operation::Delete, true},
    Verb{"list", Operation::List, true},
    Verb{"begin", Operation::BeginUpload, false},
    Verb{"part", Operation::PutPart, false},
    Verb{"complete", Operation::CompleteUpload, false},
    Verb{"abort", Operation::AbortUpload, false},
};

// As hexadecimal digits.
constexpr std::array<std::pair<std::string_view, std::size_t>, 5> Digests = {
    {{"md5", 32}, {"sha1", 40}, {"sha256", 64}, {"sha384", 96}, {"sha512", 128}}};
constexpr std::array<std::string_view, 6> HttpNames = {
    "content-type",  "content-encoding",    "content-language",
    "cache-control", "content-disposition", "expires",
};

tl::unexpected<Error> wrong(std::string_view name)
{
    return fail(Error::Code::Invalid, fmt::format("{}: not of the right kind", name));
}

// The members of one object, each of the kind that is asked for; the first wrong one is kept.
class Members
{
public:
    explicit Members(const Json& json)
        : m_json(json)
    {
    }

    [[nodiscard]] const Json* find(const char* name) const
    {
        const auto found = m_json.find(name);
        return found == m_json.end() || found->is_null() ? nullptr : &*found;
    }
    [[nodiscard]] std::string text(const char* name)
    {
        const Json* const value = find(name);
        if (value != nullptr && !value->is_string())
            refuse(name);
        return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
    }
    [[nodiscard]] std::optional<std::int64_t> number(const char* name)
    {
        const Json* const value = find(name);
        if (value == nullptr)
            return std::nullopt;
        if (!value->is_number_integer()) {
            refuse(name);
            return std::nullopt;
        }
        return value->get<std::int64_t>();
    }
    [[nodiscard]] std::vector<std::string> texts(const char* name, std::size_t most)
    {
        const Json* const list = find(name);
        std::vector<std::string> all;
        if (list == nullptr)
            return all;
        const auto isText = [](const Json& each) { return each.is_string(); };
        if (!list->is_array() || list->size() > most ||
            !std::all_of(list->begin(), list->end(), isText))
            refuse(name);
        else
            all = list->get<std::vector<std::string>>();
        return all;
    }
    [[nodiscard]] Status status() const { return m_wrong.empty() ? Status() : wrong(m_wrong); }
    void refuse(std::string_view name)
    {
        if (m_wrong.empty())
            m_wrong = name;
    }

private:
    const Json& m_json;
    std::string m_wrong;
};

// An object of texts; within the bounds of metadata.
Result<std::string> textsOf(Members& in, const char* name, bool isHttp)
{
    const Json* const given = in.find(name);
    if (given == nullptr)
        return std::string("{}");
    if (!given->is_object())
        return wrong(name);
    std::size_t bytes = 0;
    for (const auto& [key, value] : given->items()) {
        const bool isKnown =
            !isHttp || std::find(HttpNames.begin(), HttpNames.end(), key) != HttpNames.end();
        if (!value.is_string() || !isKnown)
            return wrong(name);
        bytes += key.size() + value.get_ref<const std::string&>().size();
    }
    if (bytes > MostObjectMetadataBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("the metadata has {} bytes; at most {} are taken", bytes,
                                MostObjectMetadataBytes));
    return given->dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status readKvProperties(Members& in, UnixMillis now, StoreRequest& out)
{
    const auto at = in.number("expiration");
    const auto after = in.number("expirationTtl");
    if (const Status read = in.status(); !read)
        return read;
    const auto expiry = expiryOf(at, after, now);
    if (!expiry)
        return tl::unexpected(expiry.error());
    out.properties.expiresAt = *expiry;
    if (const Json* const metadata = in.find("metadata")) {
        auto checked =
            checkedMetadata(metadata->dump(-1, ' ', false, Json::error_handler_t::replace));
        if (!checked)
            return tl::unexpected(checked.error());
        out.properties.metadata = std::move(*checked);
    }
    return {};
}

Status readObjectProperties(Members& in, StoreRequest& out)
{
    auto metadata = textsOf(in, "customMetadata", false);
    auto http = textsOf(in, "http", true);
    if (!metadata || !http)
        return tl::unexpected(!metadata ? metadata.error() : http.error());
    out.properties.metadata = std::move(*metadata);
    out.properties.http = std::move(*http);
    out.digest = in.text("digest");
    out.expected = text::toLower(in.text("expected"));
    if (out.digest.empty())
        return {};
    const auto known = std::find_if(Digests.begin(), Digests.end(),
                                    [&](const auto& each) { return each.first == out.digest; });
    if (known == Digests.end() || out.expected.size() != known->second ||
        out.expected.find_first_not_of("0123456789abcdef") != std::string::npos)
        return fail(Error::Code::Invalid, fmt::format("{} is no checksum", out.digest));
    if (out.digest == "md5")
        return {};
    // Kept with the object, to be shown with it.
    Json kept = Json::parse(out.properties.http);
    kept["checksums"] = {{out.digest, out.expected}};
    out.properties.http = kept.dump(-1, ' ', false, Json::error_handler_t::replace);
    return {};
}

Status readCondition(Members& in, StoreRequest& out)
{
    const Json* const given = in.find("condition");
    if (given == nullptr)
        return {};
    if (!given->is_object())
        return wrong("onlyIf");
    Members members(*given);
    if (const Json* const fields = members.find("fields")) {
        HttpRequest request;
        for (const auto& [name, value] : fields->items())
            if (value.is_string())
                request.fields.emplace(name, value.get<std::string>());
        out.condition = conditionOf(request);
        return {};
    }
    out.condition.etagMatches = members.texts("etagMatches", MostEtags);
    out.condition.etagDoesNotMatch = members.texts("etagDoesNotMatch", MostEtags);
    out.condition.storedBefore = members.number("uploadedBefore");
    out.condition.storedAfter = members.number("uploadedAfter");
    out.condition.isInSeconds = members.number("seconds").value_or(0) != 0;
    return members.status();
}

Status readRange(Members& in, StoreRequest& out)
{
    const Json* const given = in.find("range");
    if (given == nullptr)
        return {};
    if (given->is_string()) {
        out.range = given->get<std::string>();
        return {};
    }
    if (!given->is_object())
        return wrong("range");
    Members members(*given);
    out.offset = members.number("offset");
    out.length = members.number("length");
    out.suffix = members.number("suffix");
    for (const auto& each : {out.offset, out.length, out.suffix})
        if (each && *each < 0)
            return fail(Error::Code::Invalid, "range: less than 0");
    if (out.suffix && (out.offset || out.length))
        return fail(Error::Code::Invalid, "range: either suffix, or offset and length");
    return members.status();
}

Status readList(Members& in, StoreRequest& out)
{
    out.list.prefix = in.text("prefix");
    out.list.delimiter = in.text("delimiter");
    out.list.after = in.text("startAfter");
    const auto limit = in.number("limit");
    const std::string cursor = in.text("cursor");
    if (const Status read = in.status(); !read)
        return read;
    if (limit && (*limit < 1 || *limit > Depot::MostListed))
        return fail(Error::Code::Invalid,
                    fmt::format("limit: not a number from 1 to {}", Depot::MostListed));
    out.list.limit = static_cast<int>(limit.value_or(Depot::MostListed));
    for (const std::string* each : {&out.list.prefix, &out.list.delimiter, &out.list.after})
        if (each->size() > MostObjectKeyBytes || !isUtf8(*each))
            return fail(Error::Code::Invalid, "prefix: too long, or no UTF-8 text");
    if (!cursor.empty()) {
        auto key = keyOfCursor(cursor);
        if (!key)
            return tl::unexpected(key.error());
        out.list.after = std::move(*key);
    }
    return {};
}

Status readParts(Members& in, StoreRequest& out)
{
    const Json* const given = in.find("parts");
    if (given == nullptr || !given->is_array() ||
        given->size() > static_cast<std::size_t>(Depot::MostParts))
        return wrong("parts");
    for (const Json& each : *given) {
        if (!each.is_object())
            return wrong("parts");
        Members members(each);
        Part& part = out.parts.emplace_back();
        part.number = static_cast<int>(members.number("partNumber").value_or(0));
        part.etag = members.text("etag");
        if (const Status read = members.status(); !read)
            return read;
    }
    std::sort(out.parts.begin(), out.parts.end(),
              [](const Part& a, const Part& b) { return a.number < b.number; });
    return {};
}

Status readUpload(Members& in, StoreRequest& out)
{
    out.uploadId = in.text("uploadId");
    if (out.operation == Operation::PutPart) {
        const auto number = in.number("partNumber").value_or(0);
        if (number < 1 || number > Depot::MostParts)
            return fail(Error::Code::Invalid,
                        fmt::format("partNumber: not a number from 1 to {}", Depot::MostParts));
        out.partNumber = static_cast<int>(number);
    }
    return out.operation == Operation::CompleteUpload ? readParts(in, out) : in.status();
}

Status readKeys(Members& in, StoreRequest& out)
{
    out.keys = in.texts("keys", MostKeys);
    if (const Status read = in.status(); !read)
        return fail(Error::Code::Invalid, fmt::format("keys: a list of at most {}", MostKeys));
    const bool takesOne = out.operation != Operation::List && out.operation != Operation::Delete;
    if (takesOne && out.keys.size() != 1)
        return wrong("key");
    for (const std::string& key : out.keys) {
        const Status good =
            out.kind == api::BindingKind::Kv ? checkKvKey(key) : checkObjectKey(key);
        if (!good)
            return good;
    }
    return {};
}

} // namespace

bool StoreRequest::writes() const
{
    return operation != Operation::Get && operation != Operation::Head &&
           operation != Operation::List;
}

std::string_view StoreRequest::verb() const
{
    const auto found = std::find_if(Verbs.begin(), Verbs.end(), [this](const Verb& each) {
        return each.operation == operation;
    });
    return found == Verbs.end() ? std::string_view() : found->name;
}

Result<StoreRequest> readStoreRequest(std::string_view json, UnixMillis now)
{
    // Values of great depth would be copied and written by as deep a recursion.
    const auto isShallow = [](int depth, Json::parse_event_t, Json&) { return depth <= MostDepth; };
    const Json parsed = Json::parse(json, isShallow, false);
    if (!parsed.is_object())
        return fail(Error::Code::Invalid, "no request of a binding's");
    Members in(parsed);
    StoreRequest out;
    out.name = in.text("name");
    const std::string kind = in.text("kind");
    const std::string verb = in.text("op");
    if (kind != "kv" && kind != "objects")
        return wrong("kind");
    out.kind = kind == "kv" ? api::BindingKind::Kv : api::BindingKind::Objects;
    const auto known = std::find_if(Verbs.begin(), Verbs.end(),
                                    [&](const Verb& each) { return each.name == verb; });
    if (known == Verbs.end() || (out.kind == api::BindingKind::Kv && !known->isForKv))
        return wrong("op");
    out.operation = known->operation;
    Status read = readKeys(in, out);
    const auto then = [&](Status (*step)(Members&, StoreRequest&)) {
        if (read)
            read = step(in, out);
    };
    switch (out.operation) {
    case Operation::Get:
        then(readRange);
        then(readCondition);
        break;
    case Operation::Put:
        if (read && out.kind == api::BindingKind::Kv)
            read = readKvProperties(in, now, out);
        else
            then(readObjectProperties);
        then(readCondition);
        break;
    case Operation::BeginUpload:
        then(readObjectProperties);
        break;
    case Operation::List:
        then(readList);
        break;
    case Operation::PutPart:
    case Operation::CompleteUpload:
    case Operation::AbortUpload:
        then(readUpload);
        break;
    case Operation::Head:
    case Operation::Delete:
        break;
    }
    if (read)
        read = in.status();
    return read ? Result<StoreRequest>(std::move(out)) : tl::unexpected(read.error());
}

Result<std::optional<ByteRange>> rangeOf(const StoreRequest& request, std::int64_t size)
{
    if (!request.range.empty())
        return rangeOf(std::string_view(request.range), size);
    if (request.suffix) {
        const std::int64_t length = std::min(*request.suffix, size);
        return std::optional(ByteRange{size - length, length});
    }
    if (!request.offset && !request.length)
        return std::optional<ByteRange>{};
    const std::int64_t offset = request.offset.value_or(0);
    if (offset > size || (offset == size && size > 0))
        return fail(Error::Code::Invalid,
                    fmt::format("range: it begins at {}, past the {} bytes", offset, size));
    return std::optional(
        ByteRange{offset, std::min(request.length.value_or(size - offset), size - offset)});
}

Json storeItemJson(api::BindingKind kind, const Item& item)
{
    Json metadata = Json::parse(item.metadata, nullptr, false);
    if (metadata.is_discarded())
        metadata = nullptr;
    if (kind == api::BindingKind::Kv) {
        Json out{{"size", item.bytes}, {"metadata", std::move(metadata)}};
        if (item.expiresAt)
            out["expiration"] = *item.expiresAt / 1000;
        return out;
    }
    Json http = Json::parse(item.http, nullptr, false);
    Json checksums = Json::object();
    if (http.is_object() && http.contains("checksums")) {
        checksums = http["checksums"];
        http.erase("checksums");
    }
    // That of an object in parts is none of its bytes.
    if (item.etag.find('-') == std::string::npos)
        checksums["md5"] = item.etag;
    return {{"key", item.key},
            {"version", fmt::format("{:016x}", item.id)},
            {"size", item.bytes},
            {"etag", item.etag},
            {"uploaded", item.storedAt},
            {"http", http.is_object() ? std::move(http) : Json::object()},
            {"customMetadata", metadata.is_object() ? std::move(metadata) : Json::object()},
            {"checksums", std::move(checksums)}};
}

Json storePageJson(api::BindingKind kind, const ListPage& page)
{
    if (kind == api::BindingKind::Kv)
        return Json::parse(kvListJson(page, 0), nullptr, false);
    Json objects = Json::array();
    for (const Item& item : page.items)
        objects.push_back(storeItemJson(kind, item));
    Json out{{"objects", std::move(objects)},
             {"truncated", page.isCut},
             {"delimitedPrefixes", page.prefixes}};
    if (page.isCut)
        out["cursor"] = cursorFor(page.last);
    return out;
}

} // namespace sallyport::binding
