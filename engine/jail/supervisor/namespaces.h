#pragma once

// The namespaces of the jail. Called by a single-threaded process, once.

#include <sys/types.h>

#include "engine/base/result.h"

namespace sallyport::jail {

// The one user and group that exist inside: the caller's own numbers, except that root is shown as
// 1000, because libvirtd run by uid 0 takes its system mode.
struct InnerIds
{
    uid_t user = 0;
    gid_t group = 0;
};
[[nodiscard]] InnerIds innerIds(uid_t outerUser, gid_t outerGroup);

// New user, network, mount, pid, IPC and host name namespaces. The caller keeps all capabilities
// over them until it executes something, and its next child is pid 1 of the pid namespace. The
// error says what forbids it, where that is known.
[[nodiscard]] Status enterNamespaces();

// For pid 1, once /proc of the jail is mounted: nobody inside can make user namespaces of their own
// (and with them reach kernel code that wants capabilities).
[[nodiscard]] Status forbidMoreUserNamespaces();

// For a child that is going to execute a program of the jail: no capabilities, now or by any
// program, and it is killed when its parent dies. Async-signal-safe.
void dropPrivilegesForExec();

} // namespace sallyport::jail
