#include "app/sallyctl/handler_params.h"

#include <algorithm>

#include "app/sallyctl/values.h"

namespace sallyport::ctl {
namespace {

using api::Json;
using Type = api::ParameterType;

Result<Json> headerFromText(const std::string& text)
{
    if (text.starts_with('-'))
        return Json{{text.substr(1), nullptr}};
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos)
        return fail(Error::Code::Invalid, "a header is \"Name: value\", or \"-Name\" to remove it");
    const std::size_t start = text.find_first_not_of(" \t", colon + 1);
    return Json{{text.substr(0, colon), start == std::string::npos ? "" : text.substr(start)}};
}

// JSON where it is some, else the text itself.
Json looseValue(const std::string& text)
{
    Json value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json(text) : value;
}

Type typeOf(const api::BuiltIn& known, const std::string& name)
{
    const auto found = std::find_if(known.parameters.begin(), known.parameters.end(),
                                    [&](const auto& each) { return each.name == name; });
    return found == known.parameters.end() ? Type::Text : found->type;
}

Status addTyped(Json& params, const std::string& name, const std::string& text, Type type)
{
    if (type == Type::Headers && !text.starts_with('{')) {
        const auto header = headerFromText(text);
        if (!header)
            return fail(name, header.error());
        params[name].update(*header);
    } else if (type == Type::Hosts && !text.starts_with('[')) {
        for (const std::string& host : listFromText(text))
            params[name].push_back(host);
        if (params[name].is_null())
            params[name] = Json::array();
    } else {
        const bool isText = type == Type::Text || type == Type::LongText || type == Type::Choice;
        params[name] = isText ? Json(text) : looseValue(text);
    }
    return {};
}

} // namespace

Result<Json> paramsFromText(const std::vector<std::string>& assignments, const api::BuiltIn* known)
{
    Json params = Json::object();
    for (const std::string& assignment : assignments) {
        const std::size_t equals = assignment.find('=');
        if (equals == 0 || equals == std::string::npos)
            return fail(Error::Code::Invalid, "a parameter is NAME=VALUE, not " + assignment);
        const std::string name = assignment.substr(0, equals);
        const std::string text = assignment.substr(equals + 1);
        if (known == nullptr)
            params[name] = looseValue(text);
        else if (auto added = addTyped(params, name, text, typeOf(*known, name)); !added)
            return tl::unexpected<Error>(std::move(added.error()));
    }
    return params;
}

} // namespace sallyport::ctl
