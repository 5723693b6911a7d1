#include "guestd/users.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "guestd/files.h"

namespace sallyport::guestd {

namespace {

constexpr std::size_t MaxGroups = 256;

std::string_view takeUntil(std::string_view& text, char separator)
{
    const std::size_t at = text.find(separator);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return taken;
}

template <std::size_t N> std::array<std::string_view, N> splitColons(std::string_view line)
{
    std::array<std::string_view, N> fields;
    for (std::string_view& field : fields)
        field = takeUntil(line, ':');
    return fields;
}

bool number(std::string_view text, unsigned& value)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value != ~0U;
}

bool readEntry(std::string_view line, User& user)
{
    const auto fields = splitColons<7>(line);
    if (fields[0].empty() || !number(fields[2], user.uid) || !number(fields[3], user.gid))
        return false;
    user.name = fields[0];
    user.home = fields[5].empty() ? std::string_view("/") : fields[5];
    user.shell = fields[6].empty() ? std::string_view("/bin/sh") : fields[6];
    return true;
}

bool listHas(std::string_view members, std::string_view name)
{
    while (!members.empty())
        if (takeUntil(members, ',') == name)
            return true;
    return false;
}

} // namespace

bool findUser(std::string_view passwd, std::string_view group, std::string_view wanted, User& user)
{
    if (wanted.empty())
        wanted = "root";
    unsigned wantedNumber = 0;
    const bool byNumber = number(wanted, wantedNumber);
    bool found = false;
    while (!found && !passwd.empty()) {
        User entry;
        if (readEntry(takeUntil(passwd, '\n'), entry) &&
            (entry.name == wanted || (byNumber && entry.uid == wantedNumber))) {
            user = static_cast<User&&>(entry);
            found = true;
        }
    }
    if (!found && byNumber) {
        user.uid = wantedNumber;
        user.gid = wantedNumber;
        user.name = wanted;
        user.home = "/";
        found = true;
    }
    if (!found && wanted == "root") {
        user = User{}; // an image without /etc/passwd has a root all the same
        found = true;
    }
    if (!found)
        return false;
    user.groups = {user.gid};
    while (!group.empty() && user.groups.size() < MaxGroups) {
        const auto fields = splitColons<4>(takeUntil(group, '\n'));
        unsigned gid = 0;
        if (number(fields[2], gid) && gid != user.gid && listHas(fields[3], user.name))
            user.groups.push_back(gid);
    }
    return true;
}

bool findUser(std::string_view wanted, User& user)
{
    constexpr std::size_t MostBytes = 1024 * 1024;
    return findUser(readFile("/etc/passwd", MostBytes), readFile("/etc/group", MostBytes), wanted,
                    user);
}

} // namespace sallyport::guestd
