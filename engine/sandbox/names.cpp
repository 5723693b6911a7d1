#include "engine/sandbox/names.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace sallyport::sandbox
{
namespace
{

constexpr std::size_t MostNameLength = 40;
constexpr int LeastDiskMib = 3072; // the base image, and room to work in
constexpr int MostDiskMib = 1024 * 1024;
constexpr std::string_view DomainPrefix = "sallyport-";

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

} // namespace

Status checkName(std::string_view name)
{
    const bool good = !name.empty() && name.size() <= MostNameLength && name.front() != '-' &&
                      name.back() != '-' && std::all_of(name.begin(), name.end(), isNameCharacter);
    if (!good)
        return fail(Error::Code::Invalid,
                    fmt::format("not a sandbox name: \"{}\"; use 1 to {} of a-z, 0-9 and, inside, '-'",
                                name.substr(0, MostNameLength + 1),
                                MostNameLength));
    // All digits would read as an id.
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return fail(Error::Code::Invalid, fmt::format("not a sandbox name: \"{}\"; it needs a letter", name));
    return {};
}

std::string nextName(const std::function<bool(const std::string&)>& isTaken)
{
    for (int number = 1;; ++number)
        if (std::string name = fmt::format("agent-{}", number); !isTaken(name))
            return name;
}

Status checkNew(const api::NewSandbox& wanted)
{
    if (auto good = checkName(wanted.name); !good)
        return good;
    if (wanted.diskMib < LeastDiskMib || wanted.diskMib > MostDiskMib)
        return fail(Error::Code::Invalid,
                    fmt::format("a disk of {} MiB: use {} to {}", wanted.diskMib, LeastDiskMib, MostDiskMib));
    return {};
}

std::string domainName(api::SandboxId id)
{
    return fmt::format("{}{}", DomainPrefix, id);
}

std::optional<api::SandboxId> sandboxOfDomain(std::string_view name)
{
    if (name.substr(0, DomainPrefix.size()) != DomainPrefix)
        return std::nullopt;
    name.remove_prefix(DomainPrefix.size());
    api::SandboxId id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc{} || end != name.data() + name.size() || id <= 0)
        return std::nullopt;
    return id;
}

} // namespace sallyport::sandbox
