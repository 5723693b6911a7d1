#include "engine/egress/masking.h"

#include <algorithm>
#include <array>

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

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool beginsWith(std::string_view text, std::string_view lowerWord)
{
    return text.size() >= lowerWord.size() &&
           sameToken(text.substr(0, lowerWord.size()), lowerWord);
}

// One pass, without a copy: every name of every request comes by.
bool holdsSecretWord(std::string_view name)
{
    for (; !name.empty(); name.remove_prefix(1)) {
        const char first = lower(name.front());
        if (first != 't' && first != 's' && first != 'p' && first != 'c' && first != 'a')
            continue;
        for (const std::string_view word : SecretWords)
            if (word.front() == first && beginsWith(name, word))
                return true;
    }
    return false;
}

} // namespace

std::string maskedValue(std::string_view value)
{
    return "••• (" + std::to_string(value.size()) + " bytes)";
}

bool isSecretField(std::string_view name)
{
    const auto same = [&](std::string_view field) { return sameToken(field, name); };
    return std::any_of(SecretFields.begin(), SecretFields.end(), same) || holdsSecretWord(name);
}

bool isSecretParameter(std::string_view name)
{
    const auto endsSo = [&](std::string_view ending) {
        return name.size() >= ending.size() &&
               sameToken(name.substr(name.size() - ending.size()), ending);
    };
    return holdsSecretWord(name) || std::any_of(SecretEndings.begin(), SecretEndings.end(), endsSo);
}

std::vector<std::pair<std::string, std::string>> maskedFields(const Fields& fields)
{
    std::vector<std::pair<std::string, std::string>> masked;
    masked.reserve(fields.size());
    for (const Field field : fields) {
        if (isSecretField(field.name))
            masked.emplace_back(field.name, maskedValue(field.value));
        else
            masked.emplace_back(field.name, field.value);
    }
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
