#include "engine/binding/kv_request.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace sallyport::binding {

using Json = nlohmann::ordered_json;

namespace {

Status readList(const HttpRequest& request, ListQuery& list)
{
    list.prefix = request.parameterOr("prefix");
    if (list.prefix.size() > MostKvKeyBytes || !isUtf8(list.prefix))
        return fail(Error::Code::Invalid,
                    fmt::format("prefix: no UTF-8 text of at most {} bytes", MostKvKeyBytes));
    if (const std::string* limit = request.parameter("limit")) {
        const auto number = numberOf(*limit);
        if (!number || *number < 1 || *number > Depot::MostListed)
            return fail(Error::Code::Invalid,
                        fmt::format("limit: not a number from 1 to {}", Depot::MostListed));
        list.limit = static_cast<int>(*number);
    }
    if (const std::string* cursor = request.parameter("cursor"); cursor && !cursor->empty()) {
        auto key = keyOfCursor(*cursor);
        if (!key)
            return tl::unexpected(key.error());
        list.after = std::move(*key);
    }
    return {};
}

Status readProperties(const HttpRequest& request, UnixMillis now, ItemProperties& out)
{
    const std::string* const at = request.parameter("expiration");
    const std::string* const after = request.parameter("expiration_ttl");
    const auto atNumber = at != nullptr ? numberOf(*at) : std::nullopt;
    const auto afterNumber = after != nullptr ? numberOf(*after) : std::nullopt;
    if ((at != nullptr && !atNumber) || (after != nullptr && !afterNumber))
        return fail(Error::Code::Invalid, "expiration and expiration_ttl are numbers of seconds");
    const auto expiry = expiryOf(atNumber, afterNumber, now);
    if (!expiry)
        return tl::unexpected(expiry.error());
    out.expiresAt = *expiry;
    if (const std::string* metadata = request.field("kv-metadata")) {
        auto checked = checkedMetadata(*metadata);
        if (!checked)
            return tl::unexpected(checked.error());
        out.metadata = std::move(*checked);
    }
    return {};
}

} // namespace

std::string cursorFor(const std::string& key)
{
    return text::toBase64(key);
}

Result<std::string> keyOfCursor(const std::string& cursor)
{
    // A '+' that was not encoded has become a blank.
    std::string encoded = cursor;
    std::replace(encoded.begin(), encoded.end(), ' ', '+');
    std::string key;
    if (encoded.size() > 4096 || !text::fromBase64(encoded, key) || !isUtf8(key))
        return fail(Error::Code::Invalid, "cursor: none that was given out");
    return key;
}

Result<std::string> checkedMetadata(std::string_view json)
{
    // Of an escaped letter there are six. More could be so deep that to write it again would take
    // the whole stack.
    if (json.size() > 6 * MostKvMetadataBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("the metadata has {} bytes; at most {} are taken", json.size(),
                                MostKvMetadataBytes));
    const Json parsed = Json::parse(json, nullptr, false);
    if (parsed.is_discarded())
        return fail(Error::Code::Invalid, "the metadata is no JSON");
    std::string text = parsed.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (text.size() > MostKvMetadataBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("the metadata has {} bytes; at most {} are taken", text.size(),
                                MostKvMetadataBytes));
    return text;
}

Result<KvRequest> readKvRequest(const HttpRequest& request, const std::string& name, UnixMillis now)
{
    KvRequest out;
    std::string_view path = request.path;
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    out.name = name;
    if (name.empty()) {
        const std::size_t slash = path.find('/');
        out.name = path.substr(0, slash);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    out.key = path;
    const std::string& method = request.method;
    const bool reads = method == "GET" || method == "HEAD";
    if (out.name.empty() || out.key.empty()) {
        if (!reads)
            return fail(Error::Code::Invalid, "the path names no key: /NAMESPACE/KEY");
        out.kind = out.name.empty() ? KvRequest::Kind::Namespaces : KvRequest::Kind::List;
        if (const Status read = readList(request, out.list); !read)
            return tl::unexpected(read.error());
        return out;
    }
    if (const Status good = checkKvKey(out.key); !good)
        return tl::unexpected(good.error());
    if (reads) {
        out.kind = KvRequest::Kind::Get;
    } else if (method == "PUT" || method == "POST") {
        out.kind = KvRequest::Kind::Put;
        if (const Status read = readProperties(request, now, out.properties); !read)
            return tl::unexpected(read.error());
    } else if (method == "DELETE") {
        out.kind = KvRequest::Kind::Delete;
    } else {
        return fail(Error::Code::Conflict, "a key is read by GET and HEAD, written by PUT and POST "
                                           "and deleted by DELETE");
    }
    return out;
}

std::string kvListJson(const ListPage& page, std::size_t hidden)
{
    Json keys = Json::array();
    for (const Item& item : page.items) {
        Json key{{"name", item.key.substr(hidden)}};
        if (item.expiresAt)
            key["expiration"] = *item.expiresAt / 1000;
        Json metadata = Json::parse(item.metadata, nullptr, false);
        if (!metadata.is_discarded() && !metadata.is_null())
            key["metadata"] = std::move(metadata);
        keys.push_back(std::move(key));
    }
    Json out{{"keys", std::move(keys)}, {"list_complete", !page.isCut}};
    if (page.isCut)
        out["cursor"] = cursorFor(page.last.substr(hidden));
    return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace sallyport::binding
