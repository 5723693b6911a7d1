#pragma once

// The libvirt domain of one sandbox. Pure: a VmSpec in, XML out.

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/base/result.h"

namespace sallyport::vm {

enum class Accelerator
{
    Kvm,
    Tcg,
};

[[nodiscard]] const char* acceleratorName(Accelerator accelerator); // "kvm", "tcg"

struct VmSpec
{
    std::string name; // of the domain: [A-Za-z0-9_.-], at most 60
    std::string uuid; // empty: libvirt makes one
    int memoryMib = 1024;
    int vcpus = 1;
    std::filesystem::path kernel; // uncompressed vmlinux with a PVH entry
    std::filesystem::path initramfs;
    std::string commandLine;        // added after ours (kernelCommandLine())
    std::filesystem::path disk;     // qcow2; its backing file must be visible in the jail too
    std::filesystem::path baseDisk; // the raw base image below it, opened read-only
    std::string tap;                // "sp7", which exists already
    std::string mac;
    std::filesystem::path
        channelSocket;                // QEMU listens here; at most 107 bytes, in the run directory
    std::filesystem::path consoleLog; // the guest's serial console, bounded by virtlogd
    Accelerator accelerator = Accelerator::Tcg;
    std::uint32_t tscKhz = 0; // of the host; needed with Tcg (measureTscKhz())
};

// The name of the virtio-serial port, as the guest sees it in
// /sys/class/virtio-ports/vport*/name.
inline constexpr const char* ChannelName = "org.sallyport.agent.0";

inline constexpr const char* EmulatorPath = "/usr/bin/qemu-system-x86_64";

// The kernel parameters for the spec: quiet boot, and under TCG the clock hints without which a
// boot hangs now and then.
[[nodiscard]] std::string kernelCommandLine(const VmSpec& spec);

// Invalid when a part is missing, too long or of the wrong form.
[[nodiscard]] Result<std::string> domainXml(const VmSpec& spec);

} // namespace sallyport::vm
