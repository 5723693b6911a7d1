#pragma once

// What a guest asks of its buckets by the protocol of S3, read and checked. Signatures are not: the
// guest has no key, and the door knows whose request it is. Pure.

#include <optional>
#include <string>
#include <vector>

#include "engine/binding/depot.h"
#include "engine/binding/http.h"

namespace sallyport::binding {

// As clients branch on it.
struct S3Error
{
    int status = 400;
    std::string code; // "NoSuchKey"
    std::string text;
};
template <typename T> using S3Result = tl::expected<T, S3Error>;

[[nodiscard]] inline tl::unexpected<S3Error> s3Fail(int status, std::string code, std::string text)
{
    return tl::unexpected(S3Error{status, std::move(code), std::move(text)});
}

enum class S3Operation
{
    ListBuckets,
    HeadBucket,
    CreateBucket,   // answered, never done
    BucketProperty, // location, versioning and the like: what they are where nobody set them
    ListObjects,
    ListUploads,
    DeleteObjects,
    GetObject, // also HEAD
    PutObject,
    CopyObject,
    DeleteObject,
    ObjectProperty, // acl, tagging
    CreateUpload,
    PutPart,
    CopyPart,
    ListParts,
    CompleteUpload,
    AbortUpload,
};

struct S3Request
{
    S3Operation operation = S3Operation::ListBuckets;
    std::string bucket;
    std::string key;
    std::string property; // "location", "acl"

    // Of a listing.
    ListQuery list;
    bool isV2 = false;
    bool encodesUrls = false;
    std::string after;  // as asked: marker or start-after
    std::string cursor; // continuation-token, as asked

    // Of contents.
    ItemProperties properties;
    Condition condition;
    std::string range;
    std::string contentMd5; // hexadecimal; empty: not given
    std::string sha256;     // hexadecimal; empty: not given
    bool isAwsChunked = false;

    std::string uploadId;
    int partNumber = 0;

    std::string sourceBucket;
    std::string sourceKey;
    bool replacesMetadata = false;
};

// `bucket` is the one that the host names (virtual-host style) or the handler; empty: the path
// does.
[[nodiscard]] S3Result<S3Request> readS3Request(const HttpRequest& request,
                                                const std::string& bucket);

// The operation changes something.
[[nodiscard]] bool writes(S3Operation operation);
// The body of the request is XML, to be gathered.
[[nodiscard]] bool takesXml(S3Operation operation);

// An error of the depot's, in the words of S3.
[[nodiscard]] S3Error s3ErrorOf(const Error& error);

// Fields of an answer that hands out the item: etag, times, what was stored with it. Overrides of
// the request (response-content-type) go before.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fieldsOf(const Item& item,
                                                                        const HttpRequest& request);

} // namespace sallyport::binding
