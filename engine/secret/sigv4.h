#pragma once

// AWS Signature Version 4: a request that was signed with a placeholder's key is signed anew with
// the true one. Signatures in the Authorization header only. Pure.
// (docs.aws.amazon.com, "Create a signed AWS API request")

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace sallyport::secret {

// The value of such a credential, "ID:SECRET[:TOKEN]", taken apart. Borrows.
struct AwsKeys
{
    std::string_view id;
    std::string_view secret;
    std::string_view token; // of a session; empty: none

    [[nodiscard]] static AwsKeys of(std::string_view value);
};

// "AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=…"
struct AwsAuthorization
{
    std::string id;
    std::string date; // 20150830
    std::string region;
    std::string service;
    std::vector<std::string> signedHeaders; // lower case

    // Unset where the text is of another scheme or makes no sense.
    [[nodiscard]] static std::optional<AwsAuthorization> parse(std::string_view text);
};

// What is signed, as it goes out.
struct AwsRequest
{
    std::string_view method;
    std::string_view target; // path and query, as on the wire
    // Every field that goes out, names in any case, "host" among them.
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    std::string payloadHash; // hexadecimal, or a word as UNSIGNED-PAYLOAD
};

// In hexadecimal.
[[nodiscard]] std::string awsPayloadHash(std::string_view body);

// The value of Authorization. Invalid where a header that is signed is not there, or no time.
[[nodiscard]] Result<std::string>
awsSigned(const AwsRequest& request, const AwsAuthorization& as, const AwsKeys& keys);

} // namespace sallyport::secret
