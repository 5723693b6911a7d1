#include "handlerd/confinement.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sallyport::handlerd {

namespace {

class Filter
{
public:
    Filter()
        : m_context(seccomp_init(SCMP_ACT_KILL_PROCESS))
    {
        m_isGood = m_context != nullptr &&
                   seccomp_attr_set(m_context, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
    }
    ~Filter() { seccomp_release(m_context); }
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;

    void allow(int call) { m_isGood = m_isGood && seccomp_rule_add(m_context, SCMP_ACT_ALLOW, call, 0) == 0; }
    void allowIf(int call, const scmp_arg_cmp& condition)
    {
        m_isGood =
            m_isGood && seccomp_rule_add_array(m_context, SCMP_ACT_ALLOW, call, 1, &condition) == 0;
    }
    void failWith(int call, int error)
    {
        m_isGood = m_isGood &&
                   seccomp_rule_add(m_context, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call,
                                    0) == 0;
    }
    [[nodiscard]] bool load() { return m_isGood && seccomp_load(m_context) == 0; }

private:
    scmp_filter_ctx m_context;
    bool m_isGood = false;
};

scmp_arg_cmp isMasked(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

scmp_arg_cmp isEqual(unsigned argument, scmp_datum_t value)
{
    return {argument, SCMP_CMP_EQ, value, 0};
}

constexpr int Harmless[] = {
    SCMP_SYS(read),          SCMP_SYS(write),         SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),        SCMP_SYS(pread64),       SCMP_SYS(close),
    SCMP_SYS(poll),          SCMP_SYS(ppoll),         SCMP_SYS(fstat),
    SCMP_SYS(lseek),         SCMP_SYS(brk),           SCMP_SYS(munmap),
    SCMP_SYS(mremap),        SCMP_SYS(madvise),       SCMP_SYS(mincore),
    SCMP_SYS(membarrier),    SCMP_SYS(futex),         SCMP_SYS(sched_yield),
    SCMP_SYS(nanosleep),     SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_getres),  SCMP_SYS(gettimeofday),  SCMP_SYS(time),
    SCMP_SYS(getrandom),     SCMP_SYS(getpid),        SCMP_SYS(gettid),
    SCMP_SYS(getrusage),     SCMP_SYS(times),         SCMP_SYS(sysinfo),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack),   SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),          SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler), SCMP_SYS(restart_syscall), SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// Libraries ask for these and can do without.
constexpr int Files[] = {SCMP_SYS(open),     SCMP_SYS(openat),   SCMP_SYS(access),
                         SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
                         SCMP_SYS(lstat),    SCMP_SYS(newfstatat), SCMP_SYS(statx),
                         SCMP_SYS(readlink), SCMP_SYS(readlinkat)};
constexpr int NotPermitted[] = {SCMP_SYS(socket), SCMP_SYS(sched_setscheduler),
                                SCMP_SYS(sched_setaffinity), SCMP_SYS(setpriority),
                                SCMP_SYS(sched_setattr), SCMP_SYS(prlimit64),
                                SCMP_SYS(getrlimit)};

} // namespace

std::string limitResources()
{
    const auto limit = [](__rlimit_resource_t what, rlim_t value) {
        const rlimit both{value, value};
        return setrlimit(what, &both) == 0;
    };
    const bool done = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
                      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
                      limit(RLIMIT_FSIZE, 0);
    return done ? std::string() : std::string("can't limit this process: ") + std::strerror(errno);
}

std::string confine(bool mayCompile)
{
    Filter filter;
    for (const int call : Harmless)
        filter.allow(call);
    for (const int call : Files)
        filter.failWith(call, ENOENT);
    for (const int call : NotPermitted)
        filter.failWith(call, EPERM);
    filter.failWith(SCMP_SYS(ioctl), ENOTTY);
    filter.failWith(SCMP_SYS(clone3), ENOSYS); // glibc then uses clone, whose flags can be read
    filter.allowIf(SCMP_SYS(clone), isMasked(0, CLONE_THREAD, CLONE_THREAD));
    // The garbage collector stops threads of this process by a signal.
    filter.allowIf(SCMP_SYS(tgkill), isEqual(0, static_cast<scmp_datum_t>(::getpid())));
    filter.allowIf(SCMP_SYS(prctl), isEqual(0, PR_SET_NAME));
    if (mayCompile) {
        filter.allow(SCMP_SYS(mmap));
        filter.allow(SCMP_SYS(mprotect));
    } else {
        filter.allowIf(SCMP_SYS(mmap), isMasked(2, PROT_EXEC, 0));
        filter.allowIf(SCMP_SYS(mprotect), isMasked(2, PROT_EXEC, 0));
    }
    return filter.load() ? std::string() : "can't load the filter of system calls";
}

} // namespace sallyport::handlerd
