#pragma once

// A key with its value, or an object, without its contents; and what a request may ask to hold of
// it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace sallyport::binding {

struct Item
{
    std::int64_t id = 0; // never used again: another content has another one
    std::string key;
    std::int64_t bytes = 0;
    std::string etag;              // hexadecimal MD5; MD5-N of N parts
    std::string metadata = "null"; // JSON
    std::string http = "{}";       // JSON: fields of HTTP by their names in lower case
    std::optional<UnixMillis> expiresAt;
    UnixMillis storedAt = 0;
};

// What a caller gives beside the contents.
struct ItemProperties
{
    std::string metadata = "null";
    std::string http = "{}";
    std::optional<UnixMillis> expiresAt;
};

// RFC 9110, 13. Etags are without quotes; "*" is any.
struct Condition
{
    std::vector<std::string> etagMatches;
    std::vector<std::string> etagDoesNotMatch;
    std::optional<UnixMillis> storedBefore; // not changed since
    std::optional<UnixMillis> storedAfter;  // changed since
    bool isInSeconds = false;               // times have no milliseconds, as in HTTP

    [[nodiscard]] bool isEmpty() const
    {
        return etagMatches.empty() && etagDoesNotMatch.empty() && !storedBefore && !storedAfter;
    }
};

enum class Precondition
{
    Holds,
    Failed,    // 412
    Unchanged, // 304 of a read
};

// `item` is null where there is none.
[[nodiscard]] Precondition check(const Condition& condition, const Item* item);

inline constexpr std::size_t MostKvKeyBytes = 512;
inline constexpr std::int64_t MostKvValueBytes = std::int64_t{25} * 1024 * 1024;
inline constexpr std::size_t MostKvMetadataBytes = 1024;
inline constexpr std::size_t MostObjectKeyBytes = 1024;
inline constexpr std::size_t MostObjectMetadataBytes = 8192;

// Invalid says what is wrong.
[[nodiscard]] Status checkKvKey(std::string_view key);
[[nodiscard]] Status checkObjectKey(std::string_view key);
// When a value ends, from either of both as Cloudflare's KV takes them: seconds since the epoch, or
// from now. At least a minute from now.
[[nodiscard]] Result<std::optional<UnixMillis>> expiryOf(std::optional<std::int64_t> expiration,
                                                         std::optional<std::int64_t> timeToLive,
                                                         UnixMillis now);
[[nodiscard]] bool isUtf8(std::string_view text);

} // namespace sallyport::binding
