#pragma once

// What fields.h is for types.h, for phases.h. Included by json.cpp and reference.cpp only.

#include "engine/api/fields.h"
#include "engine/api/phases.h"

namespace sallyport::api {

template <> struct Fields<Phase>
{
    static constexpr std::string_view Type = "Phase";
    static constexpr auto List = std::tuple(need("name", &Phase::name),
                                            may("defaultAction", &Phase::defaultAction),
                                            may("allowedHosts", &Phase::allowedHosts),
                                            may("handler", &Phase::handler),
                                            JsonField<Phase>{"params", &Phase::params});
};

template <> struct Fields<Phases>
{
    static constexpr std::string_view Type = "Phases";
    static constexpr auto List =
        std::tuple(need("phases", &Phases::phases), may("current", &Phases::current),
                   may("next", &Phases::next), may("problem", &Phases::problem));
};

using PhaseTypes = TypeList<Phase, Phases>;

} // namespace sallyport::api
