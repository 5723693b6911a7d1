#include "engine/jail/supervisor/root_filesystem.h"

#include <array>
#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/log.h"

namespace sallyport::jail {
namespace {

namespace fs = std::filesystem;

// Both while the new root is being built below the temporary one (see enterRoot).
const fs::path OldRoot = "/old";
const fs::path NewRoot = "/new";

enum class Access
{
    ReadOnly,
    Writable,
    Device,
};

Status mountAt(const char* source,
               const fs::path& target,
               const char* type,
               unsigned long flags,
               const char* options)
{
    if (::mount(source, target.c_str(), type, flags, options) != 0)
        return failErrno(
            fmt::format("mount {} at {}", type == nullptr ? source : type, target.string()), errno);
    return {};
}

Status makeDirectory(const fs::path& path)
{
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
        return fail(Error::Code::Io, fmt::format("create {}: {}", path.string(), error.message()));
    return {};
}

Status restrictMount(const fs::path& target, Access access)
{
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_NOSUID;
    if (access != Access::Device)
        attributes.attr_set |= MOUNT_ATTR_NODEV;
    if (access == Access::ReadOnly)
        attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (::syscall(SYS_mount_setattr, AT_FDCWD, target.c_str(), AT_RECURSIVE, &attributes,
                  sizeof attributes) != 0)
        return failErrno("restrict the mount " + target.string(), errno);
    return {};
}

// Shows a file or directory of the host inside.
Status bindAt(const fs::path& from, const fs::path& to, Access access)
{
    const fs::path source = OldRoot / from.relative_path();
    const fs::path target = NewRoot / to.relative_path();
    std::error_code error;
    if (fs::is_directory(source, error)) {
        if (auto made = makeDirectory(target); !made)
            return made;
    } else {
        if (auto made = makeDirectory(target.parent_path()); !made)
            return made;
        std::ofstream(target).flush(); // a place to mount on
    }
    if (auto done = mountAt(source.c_str(), target, nullptr, MS_BIND | MS_REC, nullptr); !done)
        return done;
    return restrictMount(target, access);
}

Status bind(const fs::path& path, Access access)
{
    return bindAt(path, path, access);
}

Status bindDirectory(const ShownDirectory& directory, Access access)
{
    if (auto done = bind(directory.real, access); !done || directory.given == directory.real)
        return done;
    return bindAt(directory.real, directory.given, access);
}

Status bindIfThere(const fs::path& path, Access access)
{
    std::error_code error;
    return fs::exists(OldRoot / path.relative_path(), error) ? bind(path, access) : Status();
}

// /usr, and /bin, /lib … as the host has them: links into /usr, or directories.
Status bindPrograms()
{
    if (auto done = bind("/usr", Access::ReadOnly); !done)
        return done;
    for (const char* path : {"/bin", "/sbin", "/lib", "/lib32", "/lib64"}) {
        const fs::path source = OldRoot / fs::path(path).relative_path();
        std::error_code absent; // which /lib32 is on most machines
        std::error_code error;
        if (fs::is_symlink(source, absent))
            fs::create_symlink(fs::read_symlink(source, error),
                               NewRoot / fs::path(path).relative_path(), error);
        else if (auto done = bindIfThere(path, Access::ReadOnly); !done)
            return done;
        if (error)
            return fail(Error::Code::Io, fmt::format("link {}: {}", path, error.message()));
    }
    return {};
}

Status writeText(const fs::path& path, const std::string& text)
{
    std::ofstream file(NewRoot / path.relative_path());
    file << text;
    file.flush();
    return file ? Status() : fail(Error::Code::Io, "write " + path.string());
}

// The user database shows one user; the rest is what the loader and the C library look for.
Status makeEtc(const RootView& view)
{
    if (auto made = makeDirectory(NewRoot / "etc"); !made)
        return made;
    const auto line = [&](const char* rest) {
        return fmt::format("sallyport:x:{}:{}", view.ids.user, view.ids.group) + rest;
    };
    auto done = writeText("/etc/passwd", line("::/:/usr/sbin/nologin\n"));
    if (done)
        done = writeText("/etc/group", fmt::format("sallyport:x:{}:\n", view.ids.group));
    if (done)
        done = writeText("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
    if (done)
        done = writeText("/etc/hosts", "127.0.0.1 localhost sallyport\n::1 localhost\n");
    for (const char* path : {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                             "/etc/localtime", "/etc/alternatives"})
        if (done)
            done = bindIfThere(path, Access::ReadOnly);
    return done;
}

Status makeDevices()
{
    const fs::path dev = NewRoot / "dev";
    for (const char* name : {"dev/net", "dev/pts", "dev/shm"})
        if (auto made = makeDirectory(NewRoot / name); !made)
            return made;
    for (const char* name :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/net/tun"})
        if (auto done = bind(name, Access::Device); !done)
            return done;
    if (auto done = bindIfThere("/dev/kvm", Access::Device); !done)
        return done;
    auto done = mountAt("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC,
                        "newinstance,ptmxmode=0666,mode=0600");
    if (done)
        done = mountAt("tmpfs", dev / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m");
    if (!done)
        return done;
    std::error_code error;
    fs::create_symlink("pts/ptmx", dev / "ptmx", error);
    fs::create_symlink("/proc/self/fd", dev / "fd", error);
    return {};
}

Status makeKernelViews()
{
    for (const char* name : {"proc", "sys", "tmp", "var", "run"})
        if (auto made = makeDirectory(NewRoot / name); !made)
            return made;
    if (auto done =
            mountAt("proc", NewRoot / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
        !done)
        return done;
    // Only for libvirtd's look at CPU topology: it runs without, too.
    if (auto done = mountAt("sysfs", NewRoot / "sys", "sysfs",
                            MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr);
        !done)
        log::warning("jail", done.error().text);
    return mountAt("tmpfs", NewRoot / "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m");
}

// A temporary root at /tmp, in which the old one is at /old and the new one grows at /new.
Status enterTemporaryRoot()
{
    if (auto done = mountAt("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr); !done)
        return done;
    if (auto done = mountAt("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"); !done)
        return done;
    if (::mkdir("/tmp/old", 0755) != 0 || ::mkdir("/tmp/new", 0755) != 0 || ::chdir("/tmp") != 0)
        return failErrno("prepare the new root", errno);
    if (::syscall(SYS_pivot_root, "/tmp", "/tmp/old") != 0)
        return failErrno("enter the temporary root", errno);
    if (::chdir("/") != 0)
        return failErrno("enter the temporary root", errno);
    return mountAt("tmpfs", NewRoot, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m");
}

Status leaveOldRoot()
{
    if (::umount2(OldRoot.c_str(), MNT_DETACH) != 0)
        return failErrno("detach the host's file system", errno);
    // pivot_root(".", "."): the old root is stacked on the new one, and then taken away.
    if (::chdir(NewRoot.c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 ||
        ::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0)
        return failErrno("enter the new root", errno);
    // The skeleton itself is not written any more; the mounts on it keep their own modes.
    if (::mount("none", "/", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV,
                nullptr) != 0)
        return failErrno("make the new root read-only", errno);
    return {};
}

} // namespace

Status enterRoot(const RootView& view)
{
    auto done = enterTemporaryRoot();
    if (done)
        done = bindPrograms();
    if (done)
        done = makeEtc(view);
    if (done)
        done = makeKernelViews();
    if (done)
        done = makeDevices();
    if (done)
        done = bindDirectory(view.images, Access::ReadOnly);
    if (done)
        done = bindDirectory(view.disks, Access::Writable);
    if (done)
        done = bindDirectory(view.run, Access::Writable);
    if (done)
        done = leaveOldRoot();
    return done;
}

} // namespace sallyport::jail
