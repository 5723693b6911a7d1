#include "engine/binding/item.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::binding {

namespace {

constexpr UnixMillis Second = 1000;
constexpr std::int64_t LeastTimeToLive = 60;
constexpr std::int64_t MostTimeToLive = std::int64_t{100} * 366 * 24 * 3600;

bool holds(const std::vector<std::string>& etags, const Item* item)
{
    return item != nullptr &&
           std::any_of(etags.begin(), etags.end(), [item](const std::string& etag) {
               return etag == "*" || etag == item->etag;
           });
}

Status checkKey(std::string_view key, std::size_t most)
{
    if (key.empty())
        return fail(Error::Code::Invalid, "the key is empty");
    if (key.size() > most)
        return fail(Error::Code::TooLarge,
                    fmt::format("the key has {} bytes; at most {} are taken", key.size(), most));
    if (!isUtf8(key) || key.find('\0') != std::string_view::npos)
        return fail(Error::Code::Invalid, "the key is no UTF-8 text");
    return {};
}

} // namespace

Precondition check(const Condition& condition, const Item* item)
{
    UnixMillis stored = item != nullptr ? item->storedAt : 0;
    if (condition.isInSeconds)
        stored -= stored % Second;
    if (!condition.etagMatches.empty()) {
        if (!holds(condition.etagMatches, item))
            return Precondition::Failed;
    } else if (condition.storedBefore) {
        if (item == nullptr || stored > *condition.storedBefore)
            return Precondition::Failed;
    }
    if (!condition.etagDoesNotMatch.empty()) {
        if (holds(condition.etagDoesNotMatch, item))
            return Precondition::Unchanged;
    } else if (condition.storedAfter && item != nullptr && stored <= *condition.storedAfter) {
        return Precondition::Unchanged;
    }
    return Precondition::Holds;
}

bool isUtf8(std::string_view text)
{
    return text::escapeInvalidUtf8(text).size() == text.size();
}

Status checkKvKey(std::string_view key)
{
    if (key == "." || key == "..")
        return fail(Error::Code::Invalid, "a key can't be '.' or '..'");
    return checkKey(key, MostKvKeyBytes);
}

Status checkObjectKey(std::string_view key)
{
    return checkKey(key, MostObjectKeyBytes);
}

Result<std::optional<UnixMillis>> expiryOf(std::optional<std::int64_t> expiration,
                                           std::optional<std::int64_t> timeToLive,
                                           UnixMillis now)
{
    if (!expiration && !timeToLive)
        return std::optional<UnixMillis>{};
    if (timeToLive) {
        if (*timeToLive < LeastTimeToLive || *timeToLive > MostTimeToLive)
            return fail(Error::Code::Invalid,
                        fmt::format("expiration_ttl is {}; at least {} seconds are needed",
                                    *timeToLive, LeastTimeToLive));
        return std::optional(now + *timeToLive * Second);
    }
    if (*expiration < now / Second + LeastTimeToLive || *expiration > now / Second + MostTimeToLive)
        return fail(Error::Code::Invalid,
                    fmt::format("expiration is {}; it must lie at least {} seconds ahead, in "
                                "seconds since the epoch",
                                *expiration, LeastTimeToLive));
    return std::optional(*expiration * Second);
}

} // namespace sallyport::binding
