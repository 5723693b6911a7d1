#include "engine/jail/supervisor/namespaces.h"

#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/jail/supervisor/proc_file.h"

namespace sallyport::jail {
namespace {

constexpr uid_t StandInForRoot = 1000;

// Why unshare(CLONE_NEWUSER) fails is rarely in its errno.
std::string likelyReason(int errnoValue)
{
    if (errnoValue == ENOSPC)
        return " (the limit user.max_user_namespaces is reached)";
    if (readProcFile("/proc/sys/kernel/unprivileged_userns_clone") == "0")
        return " (kernel.unprivileged_userns_clone is 0)";
    if (readProcFile("/proc/sys/user/max_user_namespaces") == "0")
        return " (user.max_user_namespaces is 0)";
    if (readProcFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
        return " (AppArmor restricts user namespaces: install the profile for sallyport-jail)";
    return {};
}

} // namespace

InnerIds innerIds(uid_t outerUser, gid_t outerGroup)
{
    return {outerUser == 0 ? StandInForRoot : outerUser,
            outerGroup == 0 ? StandInForRoot : outerGroup};
}

Status enterNamespaces()
{
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    const InnerIds inner = innerIds(user, group);
    // The user namespace first: it gives the rights to make the others.
    if (::unshare(CLONE_NEWUSER) != 0) {
        const int problem = errno;
        return fail(Error::Code::Unavailable,
                    fmt::format("create a user namespace: {}{}",
                                std::generic_category().message(problem), likelyReason(problem)));
    }
    if (auto written = writeProcFile("/proc/self/setgroups", "deny"); !written)
        return written;
    if (auto written =
            writeProcFile("/proc/self/uid_map", fmt::format("{} {} 1", inner.user, user));
        !written)
        return written;
    if (auto written =
            writeProcFile("/proc/self/gid_map", fmt::format("{} {} 1", inner.group, group));
        !written)
        return written;
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
        return failErrno("create the network, mount and pid namespaces", errno);
    if (::sethostname("sallyport", 9) != 0)
        return failErrno("name the jail", errno);
    return {};
}

Status forbidMoreUserNamespaces()
{
    return writeProcFile("/proc/sys/user/max_user_namespaces", "0");
}

void dropPrivilegesForExec()
{
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; capability <= CAP_LAST_CAP; ++capability)
        (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

} // namespace sallyport::jail
