#pragma once

// The options that `rules add` and `rules edit` share.

#include <optional>
#include <string>

#include "engine/api/types.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace CLI {
class App;
}

namespace sallyport::ctl {

struct RuleOptions
{
    std::optional<std::string> host;
    std::optional<std::string> action;
    std::optional<int> port; // 0: any
    std::optional<std::string> scheme;
    std::optional<std::string> method;
    std::optional<std::string> path;
    std::optional<std::string> lifetime;
    std::optional<std::string> reason;
    std::optional<std::string> note;

    void addTo(CLI::App& command);
    // Changes what was given.
    [[nodiscard]] Status applyTo(api::Rule& rule, UnixMillis now) const;
};

[[nodiscard]] std::string matchText(const api::Match& match);
[[nodiscard]] std::string lifetimeText(const api::Rule& rule, UnixMillis now);

} // namespace sallyport::ctl
