#pragma once

// Budgets of sandboxes, as the API shows them. Plain values.

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/clock.h"

namespace sallyport::api {

// One budget of a sandbox and what is used of it in its time of now. One of the two limits is set.
struct BudgetUse
{
    std::string text;  // as it is written: "*.example.com 100 requests per 1h"
    std::string hosts; // the pattern; empty: all
    std::int64_t requests = 0;
    std::int64_t mostRequests = 0; // 0: any number
    std::int64_t bytes = 0;
    std::int64_t mostBytes = 0; // 0: any number
    std::int64_t windowMs = 0;
    std::optional<UnixMillis> endsAt; // when it begins anew; unset while nothing is used
};

} // namespace sallyport::api
