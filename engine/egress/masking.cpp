#include "engine/egress/masking.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace sallyport::egress {

namespace {

constexpr std::array<std::string_view, 10> SecretFields{
    "authorization",     "proxy-authorization", "authentication-info", "cookie",
    "cookie2",           "set-cookie",          "set-cookie2",         "x-auth-key",
    "x-vault-namespace", "sec-websocket-key"};

// Anywhere in the name of a header or a parameter.
constexpr std::array<std::string_view, 9> SecretWords{"token",   "secret",    "password",
                                                      "passwd",  "signature", "credential",
                                                      "api-key", "api_key",   "apikey"};

// As a whole parameter, or its last part: "key", "access-key", "sig".
constexpr std::array<std::string_view, 6> SecretEndings{"key", "sig", "auth", "pwd", "jwt", "pass"};

bool holdsSecretWord(const std::string& lowerName)
{
    return std::any_of(SecretWords.begin(), SecretWords.end(), [&](std::string_view word) {
        return lowerName.find(word) != std::string::npos;
    });
}

} // namespace

std::string maskedValue(std::string_view value)
{
    return "••• (" + std::to_string(value.size()) + " bytes)";
}

bool isSecretField(std::string_view name)
{
    const std::string lower = text::toLower(name);
    return std::find(SecretFields.begin(), SecretFields.end(), lower) != SecretFields.end() ||
           holdsSecretWord(lower);
}

bool isSecretParameter(std::string_view name)
{
    const std::string lower = text::toLower(name);
    const auto endsSo = [&](std::string_view ending) { return lower.ends_with(ending); };
    return holdsSecretWord(lower) ||
           std::any_of(SecretEndings.begin(), SecretEndings.end(), endsSo);
}

std::vector<std::pair<std::string, std::string>> maskedFields(const Fields& fields)
{
    std::vector<std::pair<std::string, std::string>> masked;
    masked.reserve(fields.size());
    for (const Field field : fields)
        masked.emplace_back(std::string(field.name), isSecretField(field.name)
                                                         ? maskedValue(field.value)
                                                         : std::string(field.value));
    return masked;
}

std::string maskedPath(std::string_view path)
{
    const std::size_t question = path.find('?');
    if (question == std::string_view::npos)
        return std::string(path);
    std::string masked(path.substr(0, question + 1));
    std::string_view query = path.substr(question + 1);
    while (!query.empty()) {
        const std::size_t end = std::min(query.find_first_of("&;"), query.size());
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && equals + 1 < pair.size() &&
            isSecretParameter(pair.substr(0, equals)))
            masked.append(pair.substr(0, equals + 1)).append("***"); // a target is ASCII
        else
            masked.append(pair);
        masked.append(query.substr(end, 1));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return masked;
}

} // namespace sallyport::egress
