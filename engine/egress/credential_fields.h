#pragma once

// Heads of requests with credentials in them. Pure.

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/egress/message.h"
#include "engine/secret/kit.h"
#include "engine/secret/sigv4.h"

namespace sallyport::egress {

// In place of every field of that name; in the place of the first one, or at the end.
void setField(Fields& fields, std::string_view name, std::string_view value);

// The target with this one parameter of its query; what was there under the name is dropped.
[[nodiscard]] std::string
withParameter(std::string_view target, std::string_view name, std::string_view value);

// Puts the credential in as it says. False where it is of the kind that only stands in for its
// placeholder.
[[nodiscard]] bool putIn(RequestHead& head, const secret::Kit& kit, std::size_t entry);

// The values of those at home for their placeholders. Returns whose were found.
[[nodiscard]] std::vector<std::size_t>
swapPlaceholders(RequestHead& head, const secret::Kit& kit, const secret::Home& home);

// The signature of AWS's that the guest made with this placeholder; unset without one.
[[nodiscard]] std::optional<secret::AwsAuthorization>
awsAuthorization(const RequestHead& head, std::string_view placeholder);
// The word or the digest that stands for the body; unset where the body is to be looked at.
[[nodiscard]] Result<std::optional<std::string>> awsPayload(const RequestHead& head);
// Signs anew; a token of the session comes with it.
[[nodiscard]] Status signForAws(RequestHead& head,
                                secret::AwsAuthorization as,
                                std::string_view value,
                                std::string payloadHash);
// The query of a presigned URL of this placeholder's.
[[nodiscard]] bool isPresignedForAws(std::string_view target, std::string_view placeholder);

// Anywhere, also within Basic's base64.
[[nodiscard]] bool holdsPlaceholder(const RequestHead& head, std::string_view placeholder);

} // namespace sallyport::egress
