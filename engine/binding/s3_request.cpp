#include "engine/binding/s3_request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace sallyport::binding {

using Json = nlohmann::json;

namespace {

constexpr std::string_view MetadataPrefix = "x-amz-meta-";
// Fields that are kept with an object and given back.
constexpr std::array<std::string_view, 6> KeptFields = {
    "content-type",  "content-encoding",    "content-language",
    "cache-control", "content-disposition", "expires",
};
// Settings of a bucket or an object that can be asked for and not be changed.
constexpr std::array<std::string_view, 22> Properties = {
    "location",          "versioning",   "acl",         "cors",
    "lifecycle",         "policy",       "tagging",     "website",
    "logging",           "notification", "encryption",  "replication",
    "requestPayment",    "accelerate",   "object-lock", "ownershipControls",
    "publicAccessBlock", "policyStatus", "torrent",     "legal-hold",
    "retention",         "attributes",
};

tl::unexpected<S3Error> notImplemented(std::string what)
{
    return s3Fail(501, "NotImplemented", std::move(what) + " is not served here");
}

std::string hexOf(std::string_view bytes)
{
    std::string hex;
    for (const char c : bytes)
        hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
}

S3Result<ItemProperties> propertiesOf(const HttpRequest& request)
{
    Json metadata = Json::object();
    Json http = Json::object();
    std::size_t bytes = 0;
    for (const auto& [name, value] : request.fields) {
        const bool isKept =
            std::find(KeptFields.begin(), KeptFields.end(), name) != KeptFields.end();
        const bool isMetadata = name.starts_with(MetadataPrefix);
        if (!isKept && !isMetadata)
            continue;
        bytes += name.size() + value.size();
        const std::string text = isUtf8(value) ? value : text::escapeInvalidUtf8(value);
        if (isMetadata)
            metadata[name.substr(MetadataPrefix.size())] = text;
        else
            http[name] = text;
    }
    if (bytes > MostObjectMetadataBytes)
        return s3Fail(400, "MetadataTooLarge",
                      fmt::format("the metadata has {} bytes; at most {} are taken", bytes,
                                  MostObjectMetadataBytes));
    // How it travelled here is not how it is stored.
    if (const auto coding = http.find("content-encoding"); coding != http.end()) {
        std::string left = coding->get<std::string>();
        if (left.starts_with("aws-chunked"))
            left = left.size() > 12 ? left.substr(left.find_first_not_of(", ", 11)) : std::string();
        if (left.empty())
            http.erase("content-encoding");
        else
            http["content-encoding"] = left;
    }
    ItemProperties properties;
    properties.metadata = metadata.dump(-1, ' ', false, Json::error_handler_t::replace);
    properties.http = http.dump(-1, ' ', false, Json::error_handler_t::replace);
    return properties;
}

S3Result<S3Request> readListing(const HttpRequest& request, S3Request out)
{
    out.operation = S3Operation::ListObjects;
    out.isV2 = request.parameterOr("list-type") == "2";
    out.list.prefix = request.parameterOr("prefix");
    out.list.delimiter = request.parameterOr("delimiter");
    out.encodesUrls = request.parameterOr("encoding-type") == "url";
    if (const std::string* most = request.parameter("max-keys"); most && !most->empty()) {
        const auto number = numberOf(*most);
        if (!number || *number < 0)
            return s3Fail(400, "InvalidArgument", "max-keys is no number");
        out.list.limit = static_cast<int>(std::min<std::int64_t>(*number, Depot::MostListed));
    }
    out.after = request.parameterOr(out.isV2 ? "start-after" : "marker");
    out.list.after = out.after;
    out.cursor = request.parameterOr("continuation-token");
    if (out.isV2 && !out.cursor.empty()) {
        std::string encoded = out.cursor;
        std::replace(encoded.begin(), encoded.end(), ' ', '+');
        if (!text::fromBase64(encoded, out.list.after))
            return s3Fail(400, "InvalidArgument", "the continuation token is none");
    }
    for (const std::string* text : {&out.list.prefix, &out.list.delimiter, &out.list.after})
        if (text->size() > MostObjectKeyBytes || !isUtf8(*text))
            return s3Fail(400, "InvalidArgument", "a text of the listing is no UTF-8 or too long");
    return out;
}

S3Result<S3Request> readBucketRequest(const HttpRequest& request, S3Request out)
{
    const std::string& method = request.method;
    if (method == "HEAD") {
        out.operation = S3Operation::HeadBucket;
        return out;
    }
    if (method == "PUT" && request.query.empty()) {
        out.operation = S3Operation::CreateBucket;
        return out;
    }
    if (method == "POST" && request.parameter("delete") != nullptr) {
        out.operation = S3Operation::DeleteObjects;
        return out;
    }
    if (method != "GET")
        return notImplemented(method + " of a bucket");
    if (request.parameter("uploads") != nullptr) {
        out.operation = S3Operation::ListUploads;
        out.list.prefix = request.parameterOr("prefix");
        return out;
    }
    for (const std::string_view property : Properties)
        if (request.parameter(std::string(property)) != nullptr) {
            out.operation = S3Operation::BucketProperty;
            out.property = property;
            return out;
        }
    if (request.parameter("versions") != nullptr)
        return notImplemented("a listing of versions");
    return readListing(request, std::move(out));
}

S3Result<S3Request> readChecks(const HttpRequest& request, S3Request out)
{
    if (const std::string* md5 = request.field("content-md5")) {
        std::string bytes;
        if (!text::fromBase64(*md5, bytes) || bytes.size() != 16)
            return s3Fail(400, "InvalidDigest", "Content-MD5 is no MD5 in base64");
        out.contentMd5 = hexOf(bytes);
    }
    if (const std::string* sum = request.field("x-amz-content-sha256")) {
        out.isAwsChunked = sum->starts_with("STREAMING-");
        const bool isDigest =
            sum->size() == 64 && std::all_of(sum->begin(), sum->end(), [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            });
        if (isDigest)
            out.sha256 = *sum;
    }
    return out;
}

S3Result<S3Request> readSource(const HttpRequest& request, const std::string& text, S3Request out)
{
    std::string_view source = text;
    source = source.substr(0, source.find("?versionId="));
    source.remove_prefix(source.starts_with('/') ? 1 : 0);
    const auto decoded = percentDecoded(source, false);
    const std::size_t slash = decoded ? decoded->find('/') : std::string::npos;
    if (slash == std::string::npos || !checkObjectKey(decoded->substr(slash + 1)))
        return s3Fail(400, "InvalidArgument", "x-amz-copy-source is not BUCKET/KEY");
    out.sourceBucket = decoded->substr(0, slash);
    out.sourceKey = decoded->substr(slash + 1);
    const std::string* const directive = request.field("x-amz-metadata-directive");
    out.replacesMetadata = directive != nullptr && *directive == "REPLACE";
    out.condition = conditionOf(request, "x-amz-copy-source-");
    return out;
}

S3Result<S3Request> readUploadRequest(const HttpRequest& request, S3Request out)
{
    out.uploadId = request.parameterOr("uploadId");
    const std::string& method = request.method;
    if (method == "GET") {
        out.operation = S3Operation::ListParts;
    } else if (method == "POST") {
        out.operation = S3Operation::CompleteUpload;
    } else if (method == "DELETE") {
        out.operation = S3Operation::AbortUpload;
    } else if (method == "PUT") {
        const auto number = numberOf(request.parameterOr("partNumber"));
        if (!number || *number < 1 || *number > Depot::MostParts)
            return s3Fail(400, "InvalidArgument", "partNumber is not a number from 1 to 10000");
        out.partNumber = static_cast<int>(*number);
        out.operation = S3Operation::PutPart;
        if (const std::string* source = request.field("x-amz-copy-source")) {
            out.operation = S3Operation::CopyPart;
            if (const std::string* range = request.field("x-amz-copy-source-range"))
                out.range = *range;
            return readSource(request, *source, std::move(out));
        }
        return readChecks(request, std::move(out));
    } else {
        return s3Fail(405, "MethodNotAllowed", method + " of an upload");
    }
    return out;
}

S3Result<S3Request> readPut(const HttpRequest& request, S3Request out)
{
    out.operation = S3Operation::PutObject;
    auto properties = propertiesOf(request);
    if (!properties)
        return tl::unexpected(properties.error());
    out.properties = std::move(*properties);
    if (const std::string* source = request.field("x-amz-copy-source")) {
        out.operation = S3Operation::CopyObject;
        return readSource(request, *source, std::move(out));
    }
    out.condition = conditionOf(request);
    return readChecks(request, std::move(out));
}

S3Result<S3Request> readObjectRequest(const HttpRequest& request, S3Request out)
{
    if (const Status good = checkObjectKey(out.key); !good)
        return s3Fail(
            400, good.error().code == Error::Code::TooLarge ? "KeyTooLongError" : "InvalidArgument",
            good.error().text);
    if (request.parameter("uploadId") != nullptr)
        return readUploadRequest(request, std::move(out));
    const std::string& method = request.method;
    for (const std::string_view property : Properties)
        if (request.parameter(std::string(property)) != nullptr) {
            if (method != "GET")
                return notImplemented(fmt::format("{} of an object's {}", method, property));
            out.operation = S3Operation::ObjectProperty;
            out.property = property;
            return out;
        }
    if (method == "GET" || method == "HEAD") {
        out.operation = S3Operation::GetObject;
        out.condition = conditionOf(request);
        if (const std::string* range = request.field("range"))
            out.range = *range;
        return out;
    }
    if (method == "PUT")
        return readPut(request, std::move(out));
    if (method == "DELETE") {
        out.operation = S3Operation::DeleteObject;
        return out;
    }
    if (method == "POST" && request.parameter("uploads") != nullptr) {
        out.operation = S3Operation::CreateUpload;
        auto properties = propertiesOf(request);
        if (!properties)
            return tl::unexpected(properties.error());
        out.properties = std::move(*properties);
        return out;
    }
    return notImplemented(method + " of an object");
}

} // namespace

S3Result<S3Request> readS3Request(const HttpRequest& request, const std::string& bucket)
{
    S3Request out;
    std::string_view path = request.path;
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    out.bucket = bucket;
    if (bucket.empty()) {
        const std::size_t slash = path.find('/');
        out.bucket = path.substr(0, slash);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    out.key = path;
    if (out.bucket.empty()) {
        if (request.method == "GET" || request.method == "HEAD")
            return out;
        return s3Fail(405, "MethodNotAllowed", request.method + " names no bucket");
    }
    return out.key.empty() ? readBucketRequest(request, std::move(out))
                           : readObjectRequest(request, std::move(out));
}

bool writes(S3Operation operation)
{
    switch (operation) {
    case S3Operation::DeleteObjects:
    case S3Operation::PutObject:
    case S3Operation::CopyObject:
    case S3Operation::DeleteObject:
    case S3Operation::CreateUpload:
    case S3Operation::PutPart:
    case S3Operation::CopyPart:
    case S3Operation::CompleteUpload:
    case S3Operation::AbortUpload:
        return true;
    default:
        return false;
    }
}

bool takesXml(S3Operation operation)
{
    return operation == S3Operation::DeleteObjects || operation == S3Operation::CompleteUpload;
}

S3Error s3ErrorOf(const Error& error)
{
    switch (error.code) {
    case Error::Code::NotFound:
        return {404, "NoSuchBucket", error.text};
    case Error::Code::Refused:
        return {403, "AccessDenied", error.text};
    case Error::Code::TooLarge:
        return {400, "EntityTooLarge", error.text};
    case Error::Code::Invalid:
        return {400, "InvalidArgument", error.text};
    case Error::Code::Unavailable:
        return {503, "ServiceUnavailable", error.text};
    default:
        return {500, "InternalError", error.text};
    }
}

std::vector<std::pair<std::string, std::string>> fieldsOf(const Item& item,
                                                          const HttpRequest& request)
{
    std::vector<std::pair<std::string, std::string>> fields{
        {"ETag", '"' + item.etag + '"'},
        {"Last-Modified", httpDate(item.storedAt)},
        {"Accept-Ranges", "bytes"},
    };
    const auto isPlain = [](const std::string& text) {
        return std::all_of(text.begin(), text.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte >= 0x20 || c == '\t') && byte != 0x7f;
        });
    };
    const Json http = Json::parse(item.http, nullptr, false);
    for (const std::string_view name : KeptFields) {
        const std::string key(name);
        const std::string* const wanted = request.parameter("response-" + key);
        std::string value;
        if (wanted != nullptr)
            value = *wanted;
        else if (http.is_object() && http.contains(key) && http[key].is_string())
            value = http[key].get<std::string>();
        else if (key == "content-type")
            value = "application/octet-stream";
        if (!value.empty() && isPlain(value))
            fields.emplace_back(key, value);
    }
    const Json metadata = Json::parse(item.metadata, nullptr, false);
    if (metadata.is_object())
        for (const auto& [name, value] : metadata.items())
            if (value.is_string() && isPlain(value.get_ref<const std::string&>()) &&
                std::all_of(name.begin(), name.end(), [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '_' || c == '.';
                }))
                fields.emplace_back(std::string(MetadataPrefix) + name, value.get<std::string>());
    return fields;
}

} // namespace sallyport::binding
