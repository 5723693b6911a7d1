#include "engine/jail/doctor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace sallyport::jail {
namespace {

namespace fs = std::filesystem;
using api::Check;
using api::CheckState;

constexpr std::array<int, 2> OldestLibvirt = {8, 0}; // freePageReporting, session-mode fixes
constexpr std::array<int, 2> OldestQemu = {6, 2};    // microvm with ACPI
constexpr double Gib = 1024.0 * 1024.0 * 1024.0;

Check ok(std::string id, std::string title, std::string detail)
{
    return {std::move(id), std::move(title), CheckState::Ok, std::move(detail), {}};
}

std::string trimmed(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return text;
}

class Doctor
{
public:
    Doctor(const DoctorOptions& options, const DoctorProbes& probes)
        : m_options(options)
        , m_probes(probes)
    {
    }

    [[nodiscard]] Check runtimeDirectory() const;
    [[nodiscard]] Check userNamespaces() const;
    [[nodiscard]] Check tapDevice() const;
    [[nodiscard]] Check jailWorks() const;
    [[nodiscard]] Check program(const char* id,
                                const char* title,
                                const std::vector<std::string>& argv,
                                std::array<int, 2> oldest,
                                const char* package) const;
    [[nodiscard]] Check kvm() const;
    [[nodiscard]] Check image() const;
    [[nodiscard]] Check imageTools() const;
    [[nodiscard]] Check diskSpace() const;

private:
    [[nodiscard]] std::string setting(const fs::path& path) const
    {
        return trimmed(m_probes.readFile(path).value_or(""));
    }
    [[nodiscard]] std::string install(const char* package) const;

    const DoctorOptions& m_options;
    const DoctorProbes& m_probes;
};

// The command of this distribution's package manager.
std::string Doctor::install(const char* package) const
{
    if (m_probes.isFile("/usr/bin/apt-get"))
        return fmt::format("sudo apt-get install {}", package);
    if (m_probes.isFile("/usr/bin/dnf"))
        return "sudo dnf install libvirt-daemon-driver-qemu libvirt-daemon qemu-system-x86-core";
    return fmt::format("install {} (Debian's name)", package);
}

Check Doctor::runtimeDirectory() const
{
    // Sockets below jail/ have 107 bytes, of which libvirt's monitor sockets need 67.
    constexpr std::size_t Longest = 40;
    const fs::path jail = m_options.runtime / "jail";
    Check check = ok("runtime", "Runtime directory", jail.string());
    if (jail.string().size() <= Longest)
        return check;
    check.state = CheckState::Failed;
    check.detail = fmt::format("{} is longer than {} bytes: sockets below it would not fit",
                               jail.string(), Longest);
    check.remedy = "export XDG_RUNTIME_DIR=/run/user/$(id -u)";
    return check;
}

Check Doctor::userNamespaces() const
{
    Check check = ok("userns", "User namespaces", "an ordinary user may make them");
    const auto failed = [&](std::string detail, std::string remedy) {
        check.state = CheckState::Failed;
        check.detail = std::move(detail);
        check.remedy = std::move(remedy);
        return check;
    };
    if (setting("/proc/sys/kernel/unprivileged_userns_clone") == "0")
        return failed("kernel.unprivileged_userns_clone is 0",
                      "echo kernel.unprivileged_userns_clone=1 | sudo tee "
                      "/etc/sysctl.d/60-sallyport.conf && sudo sysctl --system");
    if (const std::string most = setting("/proc/sys/user/max_user_namespaces"); most == "0")
        return failed("user.max_user_namespaces is 0",
                      "echo user.max_user_namespaces=10000 | sudo tee "
                      "/etc/sysctl.d/60-sallyport.conf && sudo sysctl --system");
    // Ubuntu 23.10 and later. Whether our profile is loaded shows in the trial below.
    if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" &&
        !m_probes.isFile("/etc/apparmor.d/sallyport-jail"))
        return failed("AppArmor keeps programs without a profile from using user namespaces",
                      fmt::format("sudo cp {} /etc/apparmor.d/ && sudo apparmor_parser -r "
                                  "/etc/apparmor.d/sallyport-jail",
                                  (m_options.jailBinary.parent_path().parent_path() /
                                   "share/sallyport/apparmor/sallyport-jail")
                                      .string()));
    return check;
}

Check Doctor::tapDevice() const
{
    Check check = ok("tun", "Tap devices", "/dev/net/tun opens");
    const int problem = m_probes.openReadWrite("/dev/net/tun");
    if (problem == 0)
        return check;
    check.state = CheckState::Failed;
    check.detail = "/dev/net/tun: " + std::generic_category().message(problem);
    check.remedy = problem == EACCES || problem == EPERM ? "sudo chmod 0666 /dev/net/tun"
                                                         : "sudo modprobe tun";
    return check;
}

Check Doctor::jailWorks() const
{
    Check check = ok("jail", "The jail", "a trial jail was made, and nothing left it");
    const std::string problem = m_probes.tryJail(m_options.jailBinary);
    if (problem.empty())
        return check;
    check.state = CheckState::Failed;
    check.detail = problem;
    if (problem.find("nftables") != std::string::npos)
        check.remedy = "sudo modprobe -a nf_tables nft_tproxy nft_reject_inet nft_fib_inet";
    else if (problem.find("/proc") != std::string::npos)
        check.remedy = "this runs in a container that hides parts of /proc: run it on the host, or "
                       "start the container with unmasked paths";
    else
        check.remedy = m_options.jailBinary.string() + " --check says the same again";
    return check;
}

// "9.0.0" out of "libvirtd (libvirt) 9.0.0" or "QEMU emulator version 7.2.22 (Debian …)".
std::optional<std::array<int, 2>> versionIn(std::string_view line)
{
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] < '0' || line[at] > '9' || (at > 0 && line[at - 1] != ' '))
            continue;
        std::array<int, 2> version{};
        const char* end = line.data() + line.size();
        const auto major = std::from_chars(line.data() + at, end, version[0]);
        if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.')
            continue;
        if (std::from_chars(major.ptr + 1, end, version[1]).ec == std::errc{})
            return version;
    }
    return std::nullopt;
}

Check Doctor::program(const char* id,
                      const char* title,
                      const std::vector<std::string>& argv,
                      std::array<int, 2> oldest,
                      const char* package) const
{
    Check check = ok(id, title, {});
    const auto output = m_probes.run(argv);
    check.detail = output ? *output : argv.front() + " is not installed";
    const auto version = versionIn(check.detail);
    if (output && version && *version >= oldest)
        return check;
    check.state = CheckState::Failed;
    check.remedy = install(package);
    if (output)
        check.detail = fmt::format("{} is older than {}.{}", *output, oldest[0], oldest[1]);
    return check;
}

Check Doctor::kvm() const
{
    Check check = ok("kvm", "Hardware acceleration", "/dev/kvm opens");
    const int problem = m_probes.openReadWrite("/dev/kvm");
    if (problem == 0)
        return check;
    check.state = CheckState::Warning;
    check.detail = fmt::format("/dev/kvm: {}; sandboxes run without it, slower",
                               std::generic_category().message(problem));
    if (problem == EACCES) {
        check.detail += "; after this command, log in again";
        check.remedy = fmt::format("sudo usermod --append --groups kvm {}", m_probes.userName());
    } else {
        check.remedy = "switch on virtualization in the firmware, or nested virtualization in the "
                       "host of this machine";
    }
    return check;
}

Check Doctor::image() const
{
    Check check = ok("image", "Guest image", m_options.image.string());
    for (const char* file : {"vmlinux", "initramfs.img", "base.ext4"}) {
        if (m_probes.isFile(m_options.image / file))
            continue;
        check.state = CheckState::Failed;
        check.detail = (m_options.image / file).string() + " is missing";
        check.remedy = "installer/guest-image/build";
        return check;
    }
    return check;
}

Check Doctor::imageTools() const
{
    Check check = ok("subuid", "Building images without root", "subordinate user ids are there");
    const std::string user = m_probes.userName();
    const std::string ids = m_probes.readFile("/etc/subuid").value_or("");
    const bool isListed = ids.starts_with(user + ":") || ids.find("\n" + user + ":") != ids.npos;
    const bool hasTool = m_probes.isFile("/usr/bin/newuidmap");
    if ((isListed && hasTool) || user == "root")
        return check;
    check.state = CheckState::Warning;
    check.detail =
        hasTool ? user + " has no range in /etc/subuid" : std::string("newuidmap is not installed");
    check.remedy = hasTool ? fmt::format("sudo usermod --add-subuids 100000-165535 "
                                         "--add-subgids 100000-165535 {}",
                                         user)
                           : install("uidmap");
    return check;
}

Check Doctor::diskSpace() const
{
    Check check = ok("disk", "Free disk space", {});
    const auto bytes = m_probes.freeBytes(m_options.data);
    check.detail = bytes ? fmt::format("{:.1f} GiB free in {}", static_cast<double>(*bytes) / Gib,
                                       m_options.data.string())
                         : "can't be told for " + m_options.data.string();
    if (bytes && *bytes >= m_options.wantedFreeBytes)
        return check;
    const bool isFull = bytes && *bytes < m_options.wantedFreeBytes / 8;
    check.state = isFull ? CheckState::Failed : CheckState::Warning;
    check.remedy = fmt::format("make room: {:.0f} GiB are a good start, `sallyctl rm` deletes "
                               "sandboxes with their disks",
                               static_cast<double>(m_options.wantedFreeBytes) / Gib);
    return check;
}

} // namespace

std::vector<Check> runDoctor(const DoctorOptions& options, const DoctorProbes& probes)
{
    const Doctor doctor(options, probes);
    std::vector<Check> checks = {doctor.runtimeDirectory(), doctor.userNamespaces(),
                                 doctor.tapDevice()};
    // The trial repeats in worse words what failed already.
    const bool canTry = std::none_of(checks.begin(), checks.end(), [](const Check& check) {
        return check.state == CheckState::Failed;
    });
    if (canTry)
        checks.push_back(doctor.jailWorks());
    checks.push_back(doctor.program("libvirt", "libvirt", {"/usr/sbin/libvirtd", "--version"},
                                    OldestLibvirt, "libvirt-daemon"));
    checks.push_back(doctor.program("qemu", "QEMU", {"/usr/bin/qemu-system-x86_64", "--version"},
                                    OldestQemu, "qemu-system-x86"));
    checks.push_back(doctor.kvm());
    checks.push_back(doctor.image());
    checks.push_back(doctor.imageTools());
    checks.push_back(doctor.diskSpace());
    return checks;
}

} // namespace sallyport::jail
