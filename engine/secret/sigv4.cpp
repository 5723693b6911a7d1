#include "engine/secret/sigv4.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "engine/base/text.h"
#include "engine/secret/encoding.h"
#include "engine/secret/secret_text.h"

namespace sallyport::secret {

namespace {

constexpr std::string_view Scheme = "AWS4-HMAC-SHA256";
constexpr std::string_view Terminator = "aws4_request";

std::string sha256(std::string_view bytes)
{
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hmac(std::string_view key, std::string_view bytes)
{
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::vector<std::string_view> split(std::string_view text, char divider)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(divider);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Inner blanks are one blank.
std::string canonicalValue(std::string_view value)
{
    std::string made;
    for (const char c : trimmed(value))
        if (c != ' ' || made.empty() || made.back() != ' ')
            made += c;
    return made;
}

std::string encodedPath(std::string_view path)
{
    std::string made;
    for (const std::string_view part : split(path, '/'))
        made.append(percentEncoded(part)).append("/");
    made.pop_back();
    return made;
}

// RFC 3986, 5.2.4, and no empty segments.
std::string normalPath(std::string_view path)
{
    std::vector<std::string_view> kept;
    const std::vector<std::string_view> parts = split(path, '/');
    for (const std::string_view part : parts) {
        if (part == ".." && !kept.empty())
            kept.pop_back();
        else if (!part.empty() && part != "." && part != "..")
            kept.push_back(part);
    }
    std::string made;
    for (const std::string_view part : kept)
        made.append("/").append(part);
    const std::string_view last = parts.back();
    if (made.empty() || last.empty() || last == "." || last == "..")
        made.append("/");
    return made;
}

// S3 takes the path as it is on the wire; the others encode that once more.
std::string canonicalPath(std::string_view path, std::string_view service)
{
    if (service == "s3" || service == "s3-object-lambda" || service == "s3-outposts")
        return encodedPath(percentDecoded(path));
    return encodedPath(normalPath(path));
}

std::string canonicalQuery(std::string_view query)
{
    if (query.empty())
        return {};
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const std::string_view part : split(query, '&')) {
        if (part.empty())
            continue;
        const std::size_t equals = part.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
        parameters.emplace_back(percentEncoded(percentDecoded(part.substr(0, equals))),
                                percentEncoded(percentDecoded(value)));
    }
    std::sort(parameters.begin(), parameters.end());
    std::string made;
    for (const auto& [name, value] : parameters)
        made.append(made.empty() ? "" : "&").append(name).append("=").append(value);
    return made;
}

} // namespace

AwsKeys AwsKeys::of(std::string_view value)
{
    AwsKeys keys;
    const std::size_t first = value.find(':');
    keys.id = value.substr(0, first);
    if (first == std::string_view::npos)
        return keys;
    value.remove_prefix(first + 1);
    const std::size_t second = value.find(':');
    keys.secret = value.substr(0, second);
    if (second != std::string_view::npos)
        keys.token = value.substr(second + 1);
    return keys;
}

std::optional<AwsAuthorization> AwsAuthorization::parse(std::string_view text)
{
    if (!text.starts_with(Scheme))
        return std::nullopt;
    AwsAuthorization made;
    for (const std::string_view each : split(text.substr(Scheme.size()), ',')) {
        const std::string_view part = trimmed(each);
        const std::string_view value = part.substr(std::min(part.find('=') + 1, part.size()));
        if (part.starts_with("Credential=")) {
            const std::vector<std::string_view> scope = split(value, '/');
            if (scope.size() != 5 || scope[4] != Terminator)
                return std::nullopt;
            made.id = scope[0];
            made.date = scope[1];
            made.region = scope[2];
            made.service = scope[3];
        } else if (part.starts_with("SignedHeaders=")) {
            for (const std::string_view name : split(value, ';'))
                made.signedHeaders.push_back(text::toLower(name));
        }
    }
    if (made.date.size() != 8 || made.signedHeaders.empty())
        return std::nullopt;
    return made;
}

std::string awsPayloadHash(std::string_view body)
{
    return toHex(sha256(body));
}

Result<std::string>
awsSigned(const AwsRequest& request, const AwsAuthorization& as, const AwsKeys& keys)
{
    std::map<std::string, std::string> values; // by the name, sorted as it is to be
    for (const auto& [name, value] : request.fields) {
        std::string& known = values[text::toLower(name)];
        known.append(known.empty() ? "" : ",").append(canonicalValue(value));
    }
    std::vector<std::string> names = as.signedHeaders;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string headers;
    std::string signedNames;
    for (const std::string& name : names) {
        const auto found = values.find(name);
        if (found == values.end())
            return fail(Error::Code::Invalid,
                        fmt::format("its signature covers the header {}, which it has not", name));
        headers.append(name).append(":").append(found->second).append("\n");
        signedNames.append(signedNames.empty() ? "" : ";").append(name);
    }
    const std::string& time = values["x-amz-date"];
    if (!time.starts_with(as.date))
        return fail(Error::Code::Invalid, "it has no X-Amz-Date of the day that it was signed for");

    const std::size_t question = request.target.find('?');
    const std::string_view query = question == std::string_view::npos
                                       ? std::string_view()
                                       : request.target.substr(question + 1);
    const std::string canonical =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                    canonicalPath(request.target.substr(0, question), as.service),
                    canonicalQuery(query), headers, signedNames, request.payloadHash);
    const std::string scope =
        fmt::format("{}/{}/{}/{}", as.date, as.region, as.service, Terminator);
    const std::string toSign =
        fmt::format("{}\n{}\n{}\n{}", Scheme, time, scope, toHex(sha256(canonical)));
    std::string key = "AWS4" + std::string(keys.secret);
    for (const std::string_view part : {std::string_view(as.date), std::string_view(as.region),
                                        std::string_view(as.service), Terminator}) {
        std::string next = hmac(key, part);
        wipe(key);
        key = std::move(next);
    }
    const std::string signature = toHex(hmac(key, toSign));
    wipe(key);
    return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", Scheme, keys.id,
                       scope, signedNames, signature);
}

} // namespace sallyport::secret
