#pragma once

// The bodies of S3: answers as XML, and the two that requests have. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "engine/api/bindings.h"
#include "engine/binding/depot.h"
#include "engine/binding/s3_request.h"

namespace sallyport::binding {

inline constexpr std::size_t MostXmlBytes = std::size_t{2} * 1024 * 1024; // of a request

[[nodiscard]] std::string errorXml(const S3Error& error, const std::string& resource);
[[nodiscard]] std::string bucketsXml(const std::vector<api::Binding>& buckets);
// `hidden` bytes of each key are the handler's and not shown.
[[nodiscard]] std::string
objectsXml(const S3Request& request, const ListPage& page, std::size_t hidden);
[[nodiscard]] std::string
uploadsXml(const std::string& bucket, const std::vector<Upload>& uploads, std::size_t hidden);
[[nodiscard]] std::string partsXml(const S3Request& request, const std::vector<Part>& parts);
[[nodiscard]] std::string uploadXml(const S3Request& request, const std::string& uploadId);
[[nodiscard]] std::string completedXml(const S3Request& request, const Item& item);
// CopyObjectResult and CopyPartResult.
[[nodiscard]] std::string
copiedXml(std::string_view element, const std::string& etag, UnixMillis at);
// What a property is where nobody has set it; an error where that is its absence.
[[nodiscard]] S3Result<std::string> propertyXml(std::string_view property);

struct Deletions
{
    std::vector<std::string> keys;
    bool isQuiet = false;
};
[[nodiscard]] S3Result<Deletions> readDeletions(std::string_view xml);
struct DeletionOutcome
{
    std::string key;
    std::optional<S3Error> error;
};
[[nodiscard]] std::string deletionsXml(const std::vector<DeletionOutcome>& outcomes, bool isQuiet);

// Numbers and etags.
[[nodiscard]] S3Result<std::vector<Part>> readCompletion(std::string_view xml);

} // namespace sallyport::binding
