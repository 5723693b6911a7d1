#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// Who a process runs as. We read /etc/passwd and /etc/group ourselves: the C library's way (NSS)
// loads shared objects, which a static program can't rely on.
namespace sallyport::guestd {

struct User
{
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name = "root";
    std::string home = "/root";
    std::string shell = "/bin/sh";
    std::vector<gid_t> groups; // supplementary, with gid
};

// Finds `wanted` (a name, or a number; empty means root) in texts in the format of passwd(5) and
// group(5). A number without an entry is a user too: its group is the same number, its home "/".
// False: no such user.
[[nodiscard]] bool
findUser(std::string_view passwd, std::string_view group, std::string_view wanted, User& user);

// The same by the guest's own files.
[[nodiscard]] bool findUser(std::string_view wanted, User& user);

} // namespace sallyport::guestd
