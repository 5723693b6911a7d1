#include "engine/secret/credential.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::secret {

namespace {

constexpr std::string_view Gap = "{}";
constexpr std::size_t MostNameBytes = 40;
constexpr std::size_t MostTextBytes = 1000;
constexpr std::size_t MostHosts = 50;
constexpr std::size_t MostArguments = 50;
constexpr int MostCacheSeconds = 24 * 3600;

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool hasControls(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool isName(std::string_view text)
{
    const auto isInner = [](char c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= MostNameBytes &&
           std::all_of(text.begin(), text.end(), isInner) && text.front() != '-' &&
           text.front() != '_' && text.back() != '-' && text.back() != '_';
}

// As a shell takes it; not one by which a program is told to load code.
bool isVariable(std::string_view text)
{
    const auto isInner = [](char c) { return isLetter(c) || isDigit(c) || c == '_'; };
    return text.size() <= MostNameBytes * 2 && !isDigit(text.front()) &&
           std::all_of(text.begin(), text.end(), isInner) && !text.starts_with("LD_") &&
           text != "PATH" && text != "HOME";
}

// RFC 9110, 5.6.2
bool isToken(std::string_view text)
{
    constexpr std::string_view Others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return isLetter(c) || isDigit(c) || Others.find(c) != std::string_view::npos;
    });
}

tl::unexpected<Error> invalid(std::string text)
{
    return fail(Error::Code::Invalid, std::move(text));
}

// Fields that say where a message ends, or whose it is, are not for credentials.
bool isFraming(std::string_view name)
{
    const std::string lower = text::toLower(name);
    return lower == "host" || lower == "content-length" || lower == "transfer-encoding" ||
           lower == "connection" || lower == "upgrade" || lower == "te" || lower == "trailer" ||
           lower == "proxy-authorization";
}

Status checkHosts(const api::Credential& credential)
{
    if (credential.hosts.empty())
        return invalid("hosts: name at least one host that may get it");
    if (credential.hosts.size() > MostHosts)
        return invalid("hosts: too many");
    for (const std::string& host : credential.hosts) {
        const auto pattern = policy::Pattern::parse(host);
        if (!pattern)
            return fail("hosts", pattern.error());
        if (pattern->kind() == policy::Pattern::Kind::Any)
            return invalid("hosts: '*' would give it to everybody; name its hosts");
    }
    return {};
}

Status checkSource(const api::Credential& credential)
{
    if (credential.source == api::CredentialSource::Vault)
        return {};
    if (credential.command.empty() || credential.command.front().empty())
        return invalid("command: name the program that prints the value");
    if (credential.command.size() > MostArguments)
        return invalid("command: too many arguments");
    for (const std::string& argument : credential.command)
        if (argument.size() > MostTextBytes || argument.find('\0') != std::string::npos)
            return invalid("command: an argument is too long or holds a zero byte");
    if (credential.cacheSeconds < 0 || credential.cacheSeconds > MostCacheSeconds)
        return invalid(fmt::format("cacheSeconds: not 0 to {}", MostCacheSeconds));
    return {};
}

Status checkUse(const api::Credential& credential)
{
    switch (credential.use) {
    case api::CredentialUse::Header:
        if (const auto header = HeaderTemplate::parse(credential.header); !header)
            return fail("header", header.error());
        return {};
    case api::CredentialUse::Basic:
        if (credential.user.find(':') != std::string::npos)
            return invalid("user: a ':' can't stand in it (RFC 7617)");
        return {};
    case api::CredentialUse::Query:
        if (!isToken(credential.parameter))
            return invalid("parameter: name the query parameter, of letters and digits");
        return {};
    case api::CredentialUse::GitHubApp:
        return invalid("use: tokens of GitHub apps are not offered yet");
    case api::CredentialUse::AwsSigV4:
        if (credential.inBodies)
            return invalid("inBodies: what is signed goes out as it is");
        return {};
    case api::CredentialUse::Placeholder:
        break;
    }
    return {};
}

} // namespace

Result<HeaderTemplate> HeaderTemplate::parse(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const std::size_t gap = text.find(Gap);
    if (colon == std::string_view::npos || gap == std::string_view::npos || gap < colon)
        return invalid("write it as 'Authorization: Bearer {}', with {} for the value");
    if (text.find(Gap, gap + 1) != std::string_view::npos)
        return invalid("{} may stand in it once");
    if (text.size() > MostTextBytes || hasControls(text))
        return invalid("too long, or with control characters");
    HeaderTemplate made;
    made.name = text.substr(0, colon);
    if (!isToken(made.name))
        return invalid(fmt::format("'{}' is no header's name", made.name));
    if (isFraming(made.name))
        return invalid(fmt::format("{} is not for credentials", made.name));
    std::string_view before = text.substr(colon + 1, gap - colon - 1);
    before.remove_prefix(std::min(before.find_first_not_of(' '), before.size()));
    made.before = before;
    made.after = text.substr(gap + Gap.size());
    return made;
}

std::string HeaderTemplate::with(std::string_view value) const
{
    std::string text;
    text.reserve(before.size() + value.size() + after.size());
    return text.append(before).append(value).append(after);
}

std::string basicAuthorization(std::string_view user, std::string_view password)
{
    std::string pair(user);
    pair.append(":").append(password);
    return "Basic " + text::toBase64(pair);
}

Status checkCredential(const api::Credential& credential)
{
    if (!isName(credential.name))
        return invalid("name: letters a to z, digits, and '-' or '_' between them, at most 40");
    if (!credential.variable.empty() && !isVariable(credential.variable))
        return invalid("variable: not the name of a variable that can be set");
    for (const std::string* text : {&credential.user, &credential.parameter, &credential.note})
        if (text->size() > MostTextBytes || hasControls(*text))
            return invalid("user, parameter and note: one line of at most 1000 bytes");
    for (const Status& status :
         {checkHosts(credential), checkSource(credential), checkUse(credential)})
        if (!status)
            return status;
    return {};
}

Status checkValue(const api::Credential& credential, std::string& value)
{
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r'))
        value.pop_back();
    if (value.empty())
        return invalid("the value is empty");
    if (value.size() > MostValueBytes)
        return fail(Error::Code::TooLarge,
                    fmt::format("the value is longer than {} bytes", MostValueBytes));
    if (credential.use == api::CredentialUse::GitHubApp)
        return value.find("PRIVATE KEY-----") == std::string::npos
                   ? invalid("the value is to be the app's private key, a PEM file")
                   : Status();
    if (hasControls(value))
        return invalid("the value has line ends or control characters, which can't be sent");
    if (credential.use == api::CredentialUse::AwsSigV4) {
        const std::size_t colon = value.find(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == value.size())
            return invalid("the value is to be ACCESS-KEY-ID:SECRET-ACCESS-KEY[:SESSION-TOKEN]");
    }
    return {};
}

std::vector<policy::Pattern> hostPatterns(const api::Credential& credential)
{
    std::vector<policy::Pattern> patterns;
    for (const std::string& host : credential.hosts)
        if (auto pattern = policy::Pattern::parse(host))
            patterns.push_back(std::move(*pattern));
    return patterns;
}

bool mayUse(const api::Credential& credential, api::SandboxId sandbox)
{
    if (!credential.sandboxes)
        return true;
    const auto& some = *credential.sandboxes;
    return std::find(some.begin(), some.end(), sandbox) != some.end();
}

bool isSentWhole(const api::Credential& credential)
{
    return credential.use != api::CredentialUse::AwsSigV4 &&
           credential.use != api::CredentialUse::GitHubApp;
}

std::string variableOf(const api::Credential& credential)
{
    if (!credential.variable.empty())
        return credential.variable;
    std::string name = credential.name;
    for (char& c : name)
        c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

std::string useText(const api::Credential& credential)
{
    switch (credential.use) {
    case api::CredentialUse::Header:
        if (const auto header = HeaderTemplate::parse(credential.header))
            return header->name + ": " + header->with("•••");
        break;
    case api::CredentialUse::Basic:
        return "Authorization: Basic, user " +
               (credential.user.empty() ? std::string("(none)") : credential.user);
    case api::CredentialUse::Query:
        return "?" + credential.parameter + "=•••";
    case api::CredentialUse::Placeholder:
        return "in place of its placeholder";
    case api::CredentialUse::AwsSigV4:
        return "signed anew (AWS Signature Version 4)";
    case api::CredentialUse::GitHubApp:
        return "Authorization: Bearer, a token of the installation";
    }
    return credential.header;
}

} // namespace sallyport::secret
