#pragma once

// A request as the protocols of this folder read it, and small parts of HTTP. Pure.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/binding/item.h"

namespace sallyport::binding {

struct HttpRequest
{
    std::string method;
    std::string path;                          // decoded, with its leading slash
    std::map<std::string, std::string> query;  // decoded; of a repeated name, the first
    std::map<std::string, std::string> fields; // names in lower case; the first of each

    // Invalid where the target can't be decoded.
    [[nodiscard]] Status setTarget(std::string_view target);
    [[nodiscard]] const std::string* field(const std::string& name) const;
    [[nodiscard]] const std::string* parameter(const std::string& name) const;
    [[nodiscard]] std::string parameterOr(const std::string& name, std::string absent = {}) const;
};

// Unset where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percentDecoded(std::string_view text, bool plusIsBlank);
// For paths: '/' stays.
[[nodiscard]] std::string percentEncoded(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT"
[[nodiscard]] std::string httpDate(UnixMillis time);
[[nodiscard]] std::optional<UnixMillis> parseHttpDate(const std::string& text);

// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, with a prefix before each
// ("x-amz-copy-source-").
[[nodiscard]] Condition conditionOf(const HttpRequest& request, const std::string& prefix = {});

struct ByteRange
{
    std::int64_t offset = 0;
    std::int64_t length = 0;
};
// Of "bytes=…" with one range: the part of `size` that it names. Unset where the field is none that
// is served (then all is); Invalid where it lies outside.
[[nodiscard]] Result<std::optional<ByteRange>> rangeOf(std::string_view field, std::int64_t size);

[[nodiscard]] std::optional<std::int64_t> numberOf(std::string_view text);

} // namespace sallyport::binding
