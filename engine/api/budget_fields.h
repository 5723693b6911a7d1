#pragma once

// What fields.h is for types.h, for budgets.h. Included by json.cpp and reference.cpp only.

#include "engine/api/budgets.h"
#include "engine/api/fields.h"

namespace sallyport::api {

template <> struct Fields<BudgetUse>
{
    static constexpr std::string_view Type = "BudgetUse";
    static constexpr auto List = std::tuple(need("text", &BudgetUse::text),
                                            may("hosts", &BudgetUse::hosts),
                                            may("requests", &BudgetUse::requests),
                                            may("mostRequests", &BudgetUse::mostRequests),
                                            may("bytes", &BudgetUse::bytes),
                                            may("mostBytes", &BudgetUse::mostBytes),
                                            may("windowMs", &BudgetUse::windowMs),
                                            may("endsAt", &BudgetUse::endsAt));
};

using BudgetTypes = TypeList<BudgetUse>;

} // namespace sallyport::api
