#include "engine/jail/supervisor/launch.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/log.h"
#include "engine/jail/control_channel.h"
#include "engine/jail/supervisor/namespaces.h"
#include "engine/jail/supervisor/root_filesystem.h"
#include "engine/jail/supervisor/self_test.h"
#include "engine/jail/supervisor/supervisor.h"

namespace sallyport::jail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t MaxProblemBytes = 2000;

// What the supervisor needs from outside, opened before its root changes.
struct Outside
{
    UniqueFd lock;
    UniqueFd log;
    UniqueFd control;
    RootView view;
};

Result<UniqueFd> openFile(const fs::path& path, int flags)
{
    UniqueFd file(::open(path.c_str(), flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isOpen())
        return failErrno("open " + path.string(), errno);
    return file;
}

Result<ShownDirectory> realDirectory(const fs::path& path)
{
    std::error_code error;
    fs::create_directories(path, error);
    const fs::path real = fs::canonical(path, error);
    if (error || !path.is_absolute() || !fs::is_directory(real, error))
        return fail(Error::Code::Invalid, fmt::format("'{}' is no absolute path of a directory {}",
                                                      path.string(), error.message()));
    return ShownDirectory{path, real};
}

// State of a jail that is gone would mislead a new libvirtd; what it learned about QEMU would not.
Status emptyRunDirectory(const fs::path& run)
{
    const fs::path keep = LibvirtPlaces{run}.cache();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(run, error))
        if (entry.path() != keep)
            fs::remove_all(entry.path(), error);
    if (error)
        return fail(Error::Code::Io, fmt::format("empty {}: {}", run.string(), error.message()));
    return {};
}

Result<Outside> prepareOutside(const LaunchOptions& options)
{
    auto directory = realDirectory(options.directory);
    auto run = realDirectory(options.directory / "run");
    auto images = realDirectory(options.images);
    auto disks = realDirectory(options.disks);
    for (const auto* path : {&directory, &run, &images, &disks})
        if (!*path)
            return tl::unexpected(path->error());
    const fs::path& top = directory->real;
    if (::chmod(top.c_str(), 0700) != 0)
        return failErrno("chmod " + top.string(), errno);
    auto lock = openFile(top / "lock", O_RDWR);
    if (!lock)
        return tl::unexpected(lock.error());
    if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0)
        return fail(Error::Code::Conflict, "a jail runs already in " + top.string());
    if (auto done = emptyRunDirectory(run->real); !done)
        return tl::unexpected(done.error());
    auto log = openFile(top / "supervisor.log", O_WRONLY | O_APPEND);
    auto control = bindControl(top / "control.sock");
    if (!log || !control)
        return tl::unexpected(log ? control.error() : log.error());
    return Outside{std::move(*lock), std::move(*log), std::move(*control),
                   RootView{*images, *disks, *run, innerIds(::geteuid(), ::getegid())}};
}

// What becomes of pid 1 once it has reported that all is well.
enum class Afterwards
{
    Leave, // in the background
    Wait,  // for its end
};

// Runs `work` as pid 1 of the new pid namespace and waits for the text that it reports: empty when
// all is well. `work` gets the descriptor to report on, and never returns to the caller's code.
Status inNewPidNamespace(const std::function<void(UniqueFd)>& work, Afterwards after)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failErrno("make a pipe", errno);
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return failErrno("fork into the jail", errno);
    if (child == 0) {
        reading.reset();
        work(std::move(writing));
        ::_exit(0);
    }
    writing.reset();
    std::string said;
    std::array<char, 512> part{};
    ssize_t size = 0;
    while (said.size() < MaxProblemBytes &&
           (size = ::read(reading.get(), part.data(), part.size())) > 0)
        said.append(part.data(), static_cast<std::size_t>(size));
    if (said == "ready" && after == Afterwards::Leave)
        return {};
    (void)::waitpid(child, nullptr, 0);
    if (said == "ready")
        return {};
    return fail(Error::Code::Unavailable,
                said.empty() ? "the jail's supervisor died while it started" : said);
}

void report(UniqueFd& pipe, const Status& status)
{
    const std::string text = status ? "ready" : status.error().text;
    (void)!::write(pipe.get(), text.data(), text.size());
    pipe.reset();
}

void takeOverStandardStreams(int log)
{
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    (void)::dup2(null.get(), STDIN_FILENO);
    (void)::dup2(null.get(), STDOUT_FILENO);
    (void)::dup2(log, STDERR_FILENO);
}

void raiseFileLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Pid 1 of the jail, from its first instruction to its last.
void superviseInside(Outside outside, UniqueFd pipe)
{
    (void)::setsid();
    ::umask(077);
    raiseFileLimit();
    takeOverStandardStreams(outside.log.get());
    auto done = enterRoot(outside.view);
    if (done)
        done = forbidMoreUserNamespaces();
    if (!done) {
        report(pipe, done);
        return;
    }
    // Nobody may look into this process: it will keep secrets.
    (void)::prctl(PR_SET_DUMPABLE, 0);
    const rlimit noCore{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &noCore);
    auto supervisor = Supervisor::create(
        {outside.view.run.given, outside.view.images.given, outside.view.disks.given},
        std::move(outside.control), std::move(outside.log));
    if (!supervisor) {
        log::error("jail", supervisor.error().text);
        report(pipe, tl::unexpected(supervisor.error()));
        return;
    }
    log::info("jail", "ready");
    report(pipe, {});
    (*supervisor)->run();
    log::info("jail", "ends");
}

Status checkInside(const RootView& view)
{
    if (auto done = enterRoot(view); !done)
        return done;
    if (auto done = forbidMoreUserNamespaces(); !done)
        return done;
    auto network = Network::open();
    if (!network)
        return tl::unexpected(network.error());
    if (auto done = network->prepare(); !done)
        return done;
    auto ruleset = Ruleset::load();
    if (!ruleset)
        return tl::unexpected(ruleset.error());
    const auto proofs = runSelfTest(*network, *ruleset);
    if (!proofs)
        return tl::unexpected(proofs.error());
    for (const Proof& proof : *proofs)
        if (!proof.holds)
            return fail(Error::Code::Refused,
                        fmt::format("does not hold: {} ({})", proof.what, proof.detail));
    return {};
}

} // namespace

Status launchSupervisor(const LaunchOptions& options)
{
    auto outside = prepareOutside(options);
    if (!outside)
        return tl::unexpected(outside.error());
    if (auto done = enterNamespaces(); !done)
        return done;
    return inNewPidNamespace(
        [&](UniqueFd pipe) { superviseInside(std::move(*outside), std::move(pipe)); },
        Afterwards::Leave);
}

Status checkNamespaces()
{
    std::string place = (fs::temp_directory_path() / "sallyport-check-XXXXXX").string();
    if (::mkdtemp(place.data()) == nullptr)
        return failErrno("make the directory " + place, errno);
    const UniqueFd parent(
        ::open(fs::path(place).parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const ShownDirectory empty{place, fs::canonical(place)};
    const RootView view{empty, empty, empty, innerIds(::geteuid(), ::getegid())};
    auto done = enterNamespaces();
    if (done)
        done = inNewPidNamespace([&](UniqueFd pipe) { report(pipe, checkInside(view)); },
                                 Afterwards::Wait);
    // By its parent's descriptor: our root is the jail's by now.
    (void)::unlinkat(parent.get(), fs::path(place).filename().c_str(), AT_REMOVEDIR);
    return done;
}

} // namespace sallyport::jail
