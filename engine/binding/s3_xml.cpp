#include "engine/binding/s3_xml.h"

#include <fmt/format.h>
#include <tinyxml2.h>

#include "engine/base/text.h"

namespace sallyport::binding {

namespace {

constexpr std::string_view Start = R"(<?xml version="1.0" encoding="UTF-8"?>)"
                                   "\n";
constexpr std::string_view Namespace = R"( xmlns="http://s3.amazonaws.com/doc/2006-03-01/")";
constexpr std::size_t MostDeletions = 1000; // of one request, as S3 has it
// Everything belongs to the person at this machine.
constexpr std::string_view Owner =
    "<Owner><ID>sallyport</ID><DisplayName>sallyport</DisplayName></Owner>";

// Characters that XML 1.0 can't hold at all become U+FFFD; clients that mind ask for url encoding.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\r' || c == '\n' || c == '\t')
            out += fmt::format("&#{};", static_cast<int>(c));
        else if (static_cast<unsigned char>(c) < 0x20)
            out += "\xef\xbf\xbd";
        else
            out.push_back(c);
    }
    return out;
}

std::string element(std::string_view name, std::string_view value)
{
    return fmt::format("<{0}>{1}</{0}>", name, escaped(value));
}

std::string document(std::string_view name, std::string_view inside)
{
    return fmt::format("{}<{}{}>{}</{}>\n", Start, name, Namespace, inside, name);
}

std::string keyText(const S3Request& request, std::string_view key)
{
    return request.encodesUrls ? percentEncoded(key) : std::string(key);
}

std::string quoted(const std::string& etag)
{
    return '"' + etag + '"';
}

S3Result<const tinyxml2::XMLElement*> parsed(tinyxml2::XMLDocument& document, std::string_view xml)
{
    if (xml.size() > MostXmlBytes)
        return s3Fail(400, "MaxMessageLengthExceeded", "the body is too long");
    if (document.Parse(xml.data(), xml.size()) != tinyxml2::XML_SUCCESS ||
        document.RootElement() == nullptr)
        return s3Fail(400, "MalformedXML", "the body is no XML that can be read");
    return document.RootElement();
}

std::string textOf(const tinyxml2::XMLElement* parent, const char* name)
{
    const tinyxml2::XMLElement* const child =
        parent != nullptr ? parent->FirstChildElement(name) : nullptr;
    const char* const text = child != nullptr ? child->GetText() : nullptr;
    return text != nullptr ? text : "";
}

} // namespace

std::string errorXml(const S3Error& error, const std::string& resource)
{
    return fmt::format("{}<Error>{}{}{}<RequestId>0</RequestId></Error>\n", Start,
                       element("Code", error.code), element("Message", error.text),
                       element("Resource", text::escapeInvalidUtf8(resource)));
}

std::string bucketsXml(const std::vector<api::Binding>& buckets)
{
    std::string inside = std::string(Owner) + "<Buckets>";
    for (const api::Binding& bucket : buckets)
        inside += fmt::format("<Bucket>{}{}</Bucket>", element("Name", bucket.name),
                              element("CreationDate", text::isoTime(bucket.createdAt)));
    return document("ListAllMyBucketsResult", inside + "</Buckets>");
}

std::string objectsXml(const S3Request& request, const ListPage& page, std::size_t hidden)
{
    const auto text = [&](std::string_view key) { return keyText(request, key); };
    std::string inside = element("Name", request.bucket) +
                         element("Prefix", text(request.list.prefix.substr(hidden))) +
                         element("MaxKeys", std::to_string(request.list.limit)) +
                         element("IsTruncated", page.isCut ? "true" : "false");
    if (!request.list.delimiter.empty())
        inside += element("Delimiter", text(request.list.delimiter));
    if (request.encodesUrls)
        inside += element("EncodingType", "url");
    if (request.isV2) {
        inside += element("KeyCount", std::to_string(page.items.size() + page.prefixes.size()));
        if (!request.after.empty())
            inside += element("StartAfter", text(request.after));
        if (!request.cursor.empty())
            inside += element("ContinuationToken", request.cursor);
        if (page.isCut)
            inside += element("NextContinuationToken", text::toBase64(page.last.substr(hidden)));
    } else {
        inside += element("Marker", text(request.after));
        if (page.isCut)
            inside += element("NextMarker", text(page.last.substr(hidden)));
    }
    for (const Item& item : page.items)
        inside += fmt::format(
            "<Contents>{}{}{}{}<StorageClass>STANDARD</StorageClass>{}</Contents>",
            element("Key", text(std::string_view(item.key).substr(hidden))),
            element("LastModified", text::isoTime(item.storedAt)),
            element("ETag", quoted(item.etag)), element("Size", std::to_string(item.bytes)),
            request.isV2 ? std::string_view() : Owner);
    for (const std::string& prefix : page.prefixes)
        inside += fmt::format("<CommonPrefixes>{}</CommonPrefixes>",
                              element("Prefix", text(std::string_view(prefix).substr(hidden))));
    return document("ListBucketResult", inside);
}

std::string
uploadsXml(const std::string& bucket, const std::vector<Upload>& uploads, std::size_t hidden)
{
    std::string inside = element("Bucket", bucket) + element("IsTruncated", "false");
    for (const Upload& upload : uploads)
        inside +=
            fmt::format("<Upload>{}{}{}<StorageClass>STANDARD</StorageClass>{}</Upload>",
                        element("Key", upload.key.substr(hidden)), element("UploadId", upload.id),
                        Owner, element("Initiated", text::isoTime(upload.startedAt)));
    return document("ListMultipartUploadsResult", inside);
}

std::string partsXml(const S3Request& request, const std::vector<Part>& parts)
{
    std::string inside = element("Bucket", request.bucket) + element("Key", request.key) +
                         element("UploadId", request.uploadId) + std::string(Owner) +
                         element("IsTruncated", "false");
    for (const Part& part : parts)
        inside += fmt::format(
            "<Part>{}{}{}{}</Part>", element("PartNumber", std::to_string(part.number)),
            element("LastModified", text::isoTime(part.storedAt)),
            element("ETag", quoted(part.etag)), element("Size", std::to_string(part.bytes)));
    return document("ListPartsResult", inside);
}

std::string uploadXml(const S3Request& request, const std::string& uploadId)
{
    return document("InitiateMultipartUploadResult", element("Bucket", request.bucket) +
                                                         element("Key", request.key) +
                                                         element("UploadId", uploadId));
}

std::string completedXml(const S3Request& request, const Item& item)
{
    return document("CompleteMultipartUploadResult",
                    element("Location", "/" + request.bucket + "/" + request.key) +
                        element("Bucket", request.bucket) + element("Key", request.key) +
                        element("ETag", quoted(item.etag)));
}

std::string copiedXml(std::string_view name, const std::string& etag, UnixMillis at)
{
    return document(name,
                    element("LastModified", text::isoTime(at)) + element("ETag", quoted(etag)));
}

S3Result<std::string> propertyXml(std::string_view property)
{
    if (property == "location")
        return document("LocationConstraint", "");
    if (property == "versioning")
        return document("VersioningConfiguration", "");
    if (property == "acl")
        return document("AccessControlPolicy",
                        fmt::format("{}<AccessControlList><Grant><Grantee "
                                    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                                    "xsi:type=\"CanonicalUser\"><ID>sallyport</ID></Grantee>"
                                    "<Permission>FULL_CONTROL</Permission></Grant>"
                                    "</AccessControlList>",
                                    Owner));
    if (property == "tagging")
        return document("Tagging", "<TagSet></TagSet>");
    if (property == "requestPayment")
        return document("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>");
    if (property == "logging")
        return document("BucketLoggingStatus", "");
    if (property == "notification")
        return document("NotificationConfiguration", "");
    if (property == "accelerate")
        return document("AccelerateConfiguration", "");
    if (property == "policy" || property == "policyStatus")
        return s3Fail(404, "NoSuchBucketPolicy", "there is no policy");
    if (property == "cors")
        return s3Fail(404, "NoSuchCORSConfiguration", "there is no CORS configuration");
    if (property == "lifecycle")
        return s3Fail(404, "NoSuchLifecycleConfiguration", "nothing expires");
    if (property == "website")
        return s3Fail(404, "NoSuchWebsiteConfiguration", "this is no web site");
    return s3Fail(501, "NotImplemented", std::string(property) + " is not served here");
}

S3Result<Deletions> readDeletions(std::string_view xml)
{
    tinyxml2::XMLDocument document;
    const auto root = parsed(document, xml);
    if (!root)
        return tl::unexpected(root.error());
    Deletions out;
    out.isQuiet = textOf(*root, "Quiet") == "true";
    for (const auto* object = (*root)->FirstChildElement("Object"); object != nullptr;
         object = object->NextSiblingElement("Object"))
        out.keys.push_back(textOf(object, "Key"));
    if (out.keys.empty() || out.keys.size() > MostDeletions)
        return s3Fail(400, "MalformedXML",
                      fmt::format("it names {} objects; between one and {} are taken",
                                  out.keys.size(), MostDeletions));
    return out;
}

std::string deletionsXml(const std::vector<DeletionOutcome>& outcomes, bool isQuiet)
{
    std::string inside;
    for (const DeletionOutcome& outcome : outcomes) {
        const std::string key = element("Key", text::escapeInvalidUtf8(outcome.key));
        if (outcome.error)
            inside +=
                fmt::format("<Error>{}{}{}</Error>", key, element("Code", outcome.error->code),
                            element("Message", outcome.error->text));
        else if (!isQuiet)
            inside += fmt::format("<Deleted>{}</Deleted>", key);
    }
    return document("DeleteResult", inside);
}

S3Result<std::vector<Part>> readCompletion(std::string_view xml)
{
    tinyxml2::XMLDocument document;
    const auto root = parsed(document, xml);
    if (!root)
        return tl::unexpected(root.error());
    std::vector<Part> parts;
    for (const auto* each = (*root)->FirstChildElement("Part"); each != nullptr;
         each = each->NextSiblingElement("Part")) {
        const auto number = numberOf(textOf(each, "PartNumber"));
        std::string etag = textOf(each, "ETag");
        if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
            etag = etag.substr(1, etag.size() - 2);
        if (!number || *number < 1 || *number > Depot::MostParts ||
            parts.size() >= static_cast<std::size_t>(Depot::MostParts))
            return s3Fail(400, "MalformedXML", "a part has no number from 1 to 10000");
        Part& part = parts.emplace_back();
        part.number = static_cast<int>(*number);
        part.etag = text::toLower(etag);
    }
    return parts;
}

} // namespace sallyport::binding
