#include "engine/vm/domain_xml.h"

#include <algorithm>

#include <fmt/format.h>

namespace sallyport::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t MaxName = 60;
constexpr std::size_t MaxSocketPath = 107;   // sockaddr_un
constexpr std::size_t MaxCommandLine = 1800; // x86 takes 2047
constexpr int MinMemoryMib = 64;
constexpr int MaxMemoryMib = 256 * 1024;
constexpr int MaxVcpus = 64;

bool isPlain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

// XML 1.0 has no way to write control characters other than tab and line feeds; a path or a
// parameter with any of them is a mistake or an attack.
bool hasControls(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string escape(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '\'':
            out += "&apos;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

bool isMac(std::string_view mac)
{
    if (mac.size() != 17)
        return false;
    for (std::size_t i = 0; i < mac.size(); ++i)
        if (i % 3 == 2
                ? mac[i] != ':'
                : std::string_view("0123456789abcdefABCDEF").find(mac[i]) == std::string_view::npos)
            return false;
    return true;
}

Status checkPath(const char* what, const fs::path& path)
{
    if (!path.is_absolute() || hasControls(path.string()))
        return fail(Error::Code::Invalid,
                    fmt::format("{} is not an absolute path: '{}'", what, path.string()));
    return {};
}

Status checkNames(const VmSpec& spec)
{
    if (spec.name.empty() || spec.name.size() > MaxName || !isPlain(spec.name.front()) ||
        spec.name.front() == '.' || !std::all_of(spec.name.begin(), spec.name.end(), isPlain))
        return fail(Error::Code::Invalid, "not a domain name: '" + spec.name + "'");
    if (!std::all_of(spec.uuid.begin(), spec.uuid.end(), isPlain))
        return fail(Error::Code::Invalid, "not a UUID: '" + spec.uuid + "'");
    if (spec.tap.empty() != spec.mac.empty() || (!spec.mac.empty() && !isMac(spec.mac)))
        return fail(Error::Code::Invalid, "not a hardware address: '" + spec.mac + "'");
    if (spec.tap.size() > 15 || !std::all_of(spec.tap.begin(), spec.tap.end(), isPlain))
        return fail(Error::Code::Invalid, "not an interface name: '" + spec.tap + "'");
    return {};
}

Status check(const VmSpec& spec)
{
    if (auto done = checkNames(spec); !done)
        return done;
    if (spec.memoryMib < MinMemoryMib || spec.memoryMib > MaxMemoryMib || spec.vcpus < 1 ||
        spec.vcpus > MaxVcpus)
        return fail(Error::Code::Invalid,
                    fmt::format("not a size: {} MiB, {} CPUs", spec.memoryMib, spec.vcpus));
    if (hasControls(spec.commandLine) || kernelCommandLine(spec).size() > MaxCommandLine)
        return fail(Error::Code::Invalid, "the kernel's command line is too long or has controls");
    if (spec.accelerator == Accelerator::Tcg && spec.tscKhz == 0)
        return fail(Error::Code::Invalid,
                    "TCG needs the frequency of the host's time stamp counter");
    for (const auto& [what, path] :
         {std::pair{"the kernel", &spec.kernel}, std::pair{"the initramfs", &spec.initramfs},
          std::pair{"the channel's socket", &spec.channelSocket},
          std::pair{"the console's log", &spec.consoleLog}})
        if (auto done = checkPath(what, *path); !done)
            return done;
    for (const auto& [what, path] :
         {std::pair{"the disk", &spec.disk}, std::pair{"the base image", &spec.baseDisk}})
        if (auto done = path->empty() ? Status() : checkPath(what, *path); !done)
            return done;
    if (spec.channelSocket.string().size() > MaxSocketPath)
        return fail(Error::Code::Invalid, "the path of the channel's socket is longer than " +
                                              std::to_string(MaxSocketPath) +
                                              " bytes: " + spec.channelSocket.string());
    return {};
}

// The base is named here too, so that QEMU opens exactly this file, as raw and read-only, whatever
// a guest may have written into the header of its overlay.
std::string diskXml(const VmSpec& spec)
{
    if (spec.disk.empty())
        return {};
    std::string backing;
    if (!spec.baseDisk.empty())
        backing = fmt::format(R"(
      <backingStore type='file'>
        <format type='raw'/>
        <source file='{}'/>
        <backingStore/>
      </backingStore>)",
                              escape(spec.baseDisk.string()));
    return fmt::format(R"(
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='writeback' discard='unmap' detect_zeroes='unmap'/>
      <source file='{}'/>{}
      <target dev='vda' bus='virtio'/>
      <address type='virtio-mmio'/>
    </disk>)",
                       escape(spec.disk.string()), backing);
}

std::string interfaceXml(const VmSpec& spec)
{
    if (spec.tap.empty())
        return {};
    return fmt::format(R"(
    <interface type='ethernet'>
      <mac address='{}'/>
      <target dev='{}' managed='no'/>
      <model type='virtio'/>
      <address type='virtio-mmio'/>
    </interface>)",
                       spec.mac, spec.tap);
}

} // namespace

const char* acceleratorName(Accelerator accelerator)
{
    return accelerator == Accelerator::Kvm ? "kvm" : "tcg";
}

std::string kernelCommandLine(const VmSpec& spec)
{
    // The self-tests of the crypto code and three initcalls cost a third of the boot under TCG; the
    // hardening stays as the distribution has it.
    std::string line = "quiet console=ttyS0 cryptomgr.notests "
                       "initcall_blacklist=init_kprobe_trace,crypto_kdf108_init,init_encrypted "
                       "panic=-1";
    // The counter is the host's. Without "reliable" a guest that waits for a busy host takes its
    // own lost ticks for the counter's fault, and counts time by ticks from then on: slowly, 4 ms
    // at once.
    if (spec.accelerator == Accelerator::Tcg)
        line +=
            fmt::format(" tsc_early_khz={} tsc=reliable lpj=4000000 no_timer_check", spec.tscKhz);
    if (!spec.commandLine.empty())
        line += " " + spec.commandLine;
    return line;
}

Result<std::string> domainXml(const VmSpec& spec)
{
    if (auto done = check(spec); !done)
        return tl::unexpected(done.error());
    const bool isKvm = spec.accelerator == Accelerator::Kvm;
    const std::string uuid =
        spec.uuid.empty() ? std::string() : fmt::format("\n  <uuid>{}</uuid>", spec.uuid);
    return fmt::format(
        R"(<domain type='{type}'>
  <name>{name}</name>{uuid}
  <memory unit='MiB'>{memory}</memory>
  <vcpu>{vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='microvm'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>{commandLine}</cmdline>
  </os>
  <features><acpi/>{tcg}</features>
  <cpu mode='{cpu}' check='none'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>{emulator}</emulator>{disk}{interface}
    <controller type='usb' model='none'/>
    <controller type='virtio-serial' index='0'><address type='virtio-mmio'/></controller>
    <channel type='unix'>
      <source mode='bind' path='{channel}'/>
      <target type='virtio' name='{channelName}'/>
    </channel>
    <serial type='file'>
      <source path='{console}'/>
      <target type='isa-serial' port='0'><model name='isa-serial'/></target>
    </serial>
    <memballoon model='virtio' freePageReporting='on'>
      <address type='virtio-mmio'/>
    </memballoon>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
      <address type='virtio-mmio'/>
    </rng>
    <audio id='1' type='none'/>
  </devices>
</domain>
)",
        fmt::arg("emulator", EmulatorPath), fmt::arg("type", isKvm ? "kvm" : "qemu"),
        fmt::arg("name", spec.name), fmt::arg("uuid", uuid), fmt::arg("memory", spec.memoryMib),
        fmt::arg("vcpus", spec.vcpus), fmt::arg("kernel", escape(spec.kernel.string())),
        fmt::arg("initramfs", escape(spec.initramfs.string())),
        fmt::arg("commandLine", escape(kernelCommandLine(spec))),
        fmt::arg("tcg", isKvm ? "" : "<tcg><tb-cache unit='MiB'>64</tb-cache></tcg>"),
        fmt::arg("cpu", isKvm ? "host-passthrough" : "maximum"), fmt::arg("disk", diskXml(spec)),
        fmt::arg("interface", interfaceXml(spec)),
        fmt::arg("channel", escape(spec.channelSocket.string())),
        fmt::arg("channelName", ChannelName),
        fmt::arg("console", escape(spec.consoleLog.string())));
}

} // namespace sallyport::vm
