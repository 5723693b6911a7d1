#include "engine/egress/credential_fields.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/secret/credential.h"
#include "engine/secret/encoding.h"

namespace sallyport::egress {

namespace {

using api::CredentialUse;

// Calls `use` with the parts of the target's query; the text before it is returned.
template <typename Use> std::string_view forEachParameter(std::string_view target, Use use)
{
    const std::size_t question = target.find('?');
    std::string_view query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        use(query.substr(0, end));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return target.substr(0, question);
}

// Of the needles that are found, those whose text this is.
bool holdsAny(std::string_view text, const std::vector<std::string>& forms)
{
    return std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
        return form.size() >= secret::ShortestNeedle && text.find(form) != std::string_view::npos;
    });
}

} // namespace

void setField(Fields& fields, std::string_view name, std::string_view value)
{
    Fields made;
    bool done = false;
    for (const Field field : fields) {
        if (!sameToken(field.name, name)) {
            made.add(field.name, field.value);
        } else if (!done) {
            made.add(field.name, value);
            done = true;
        }
    }
    if (!done)
        made.add(name, value);
    fields = std::move(made);
}

std::string withParameter(std::string_view target, std::string_view name, std::string_view value)
{
    std::string query;
    const std::string_view path = forEachParameter(target, [&](std::string_view part) {
        if (secret::percentDecoded(part.substr(0, part.find('='))) != name)
            query.append(query.empty() ? "" : "&").append(part);
    });
    query.append(query.empty() ? "" : "&").append(name).append("=");
    query.append(secret::percentEncoded(value));
    return std::string(path).append("?").append(query);
}

bool putIn(RequestHead& head, const secret::Kit& kit, std::size_t index)
{
    const secret::KitEntry& entry = kit.entries()[index];
    const std::string_view value = entry.value ? entry.value->view() : std::string_view();
    switch (entry.credential.use) {
    case CredentialUse::Header: {
        const auto header = secret::HeaderTemplate::parse(entry.credential.header);
        if (header)
            setField(head.fields, header->name, header->with(value));
        return header.has_value();
    }
    case CredentialUse::Basic:
        setField(head.fields, "Authorization",
                 secret::basicAuthorization(entry.credential.user, value));
        return true;
    case CredentialUse::Query:
        head.path = withParameter(head.path, entry.credential.parameter, value);
        return true;
    case CredentialUse::GitHubApp:
        setField(head.fields, "Authorization", "Bearer " + std::string(value));
        return true;
    case CredentialUse::AwsSigV4:
    case CredentialUse::Placeholder:
        break;
    }
    return false;
}

std::vector<std::size_t>
swapPlaceholders(RequestHead& head, const secret::Kit& kit, const secret::Home& home)
{
    std::vector<std::size_t> found;
    for (const std::size_t index : home)
        if (kit.entries()[index].value && holdsPlaceholder(head, kit.entries()[index].placeholder))
            found.push_back(index);
    if (found.empty())
        return found;
    if (auto target = kit.targetWithValues(head.path, home))
        head.path = std::move(*target);
    Fields fields;
    for (const Field field : head.fields)
        fields.add(field.name,
                   kit.headerWithValues(field.value, home).value_or(std::string(field.value)));
    head.fields = std::move(fields);
    return found;
}

std::optional<secret::AwsAuthorization> awsAuthorization(const RequestHead& head,
                                                         std::string_view placeholder)
{
    const auto field = head.fields.find("authorization");
    auto as = field ? secret::AwsAuthorization::parse(*field) : std::nullopt;
    return as && as->id == placeholder ? std::move(as) : std::nullopt;
}

Result<std::optional<std::string>> awsPayload(const RequestHead& head)
{
    const auto said = head.fields.find("x-amz-content-sha256");
    if (!said) {
        if (head.framing.kind == BodyKind::None)
            return std::optional<std::string>(secret::awsPayloadHash({}));
        return std::optional<std::string>();
    }
    // Each piece of those is signed with a key that only the true secret makes.
    if (said->starts_with("STREAMING-") && *said != "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        return fail(Error::Code::Invalid,
                    "its body is signed in pieces (" + std::string(*said) +
                        "), which is not signed anew; have the client sign the payload as a "
                        "whole, or not at all");
    return std::optional<std::string>(*said);
}

Status signForAws(RequestHead& head,
                  secret::AwsAuthorization as,
                  std::string_view value,
                  std::string payloadHash)
{
    constexpr std::string_view TokenField = "X-Amz-Security-Token";
    constexpr std::string_view TokenName = "x-amz-security-token";
    const secret::AwsKeys keys = secret::AwsKeys::of(value);
    std::erase(as.signedHeaders, TokenName);
    // What is about one connection only is ours to say (RFC 9110, 7.6.1).
    for (const std::string_view name : {"connection", "expect", "te", "transfer-encoding"})
        std::erase(as.signedHeaders, name);
    head.fields.remove(TokenField);
    if (!keys.token.empty()) {
        head.fields.add(TokenField, keys.token);
        as.signedHeaders.emplace_back(TokenName);
    }
    secret::AwsRequest request{head.method, head.path, {}, std::move(payloadHash)};
    for (const Field field : head.fields)
        request.fields.emplace_back(field.name, field.value);
    if (!head.fields.has("host"))
        request.fields.emplace_back("host", head.authority);
    const auto made = secret::awsSigned(request, as, keys);
    if (!made)
        return tl::unexpected(made.error());
    setField(head.fields, "Authorization", *made);
    return {};
}

bool isPresignedForAws(std::string_view target, std::string_view placeholder)
{
    bool isPresigned = false;
    forEachParameter(target, [&](std::string_view part) {
        const std::size_t equals = std::min(part.find('='), part.size());
        isPresigned =
            isPresigned || (sameToken(part.substr(0, equals), "x-amz-credential") &&
                            secret::percentDecoded(part.substr(equals)).starts_with(
                                "=" + std::string(placeholder) + "/"));
    });
    return isPresigned;
}

bool holdsPlaceholder(const RequestHead& head, std::string_view placeholder)
{
    const std::vector<std::string> forms = secret::allForms(placeholder);
    if (holdsAny(head.path, forms))
        return true;
    for (const Field field : head.fields)
        if (holdsAny(field.value, forms))
            return true;
    return false;
}

} // namespace sallyport::egress
