#pragma once

// Reads the parameters of a built-in handler, each at most once, and complains about the rest. For
// built_in.cpp.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/policy/built_in.h"

namespace sallyport::policy {

class Params
{
public:
    // `known` are the parameters of the handler's description.
    [[nodiscard]] static Result<Params> parse(std::string_view source, const api::BuiltIn& known);

    [[nodiscard]] bool has(std::string_view name) const { return m_json.contains(name); }
    [[nodiscard]] Result<bool> flag(std::string_view name) const; // false when absent
    [[nodiscard]] Result<int> number(std::string_view name, int least, int most, int absent) const;
    [[nodiscard]] Result<std::string> text(std::string_view name, std::size_t mostBytes) const;
    // One of the description's choices; the first when absent.
    [[nodiscard]] Result<std::string> choice(std::string_view name) const;
    [[nodiscard]] Result<std::vector<Pattern>> hosts(std::string_view name) const;
    [[nodiscard]] Result<HeaderChanges> headers(std::string_view name) const;

private:
    Params(nlohmann::json json, const api::BuiltIn& known);

    nlohmann::json m_json;
    const api::BuiltIn* m_known;
};

} // namespace sallyport::policy
