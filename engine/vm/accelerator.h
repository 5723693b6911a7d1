#pragma once

// KVM or TCG. A /dev/kvm that opens is no proof: it can be one on which a guest kernel hangs
// (nested or paravirtual hosts). So the real kernel is booted once, with a deadline, and the answer
// kept until the host boots again.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/vm/domain_xml.h"
#include "engine/vm/hypervisor.h"

namespace sallyport::vm {

struct AcceleratorChoice
{
    Accelerator accelerator = Accelerator::Tcg;
    std::string reason; // a sentence for a person: "/dev/kvm can't be opened: Permission denied"
};

// Frequency of the time stamp counter against CLOCK_MONOTONIC, in kHz, measured over 50 ms (blocks
// that long). 0 where there is none (not x86-64).
[[nodiscard]] std::uint32_t measureTscKhz();

// Boots kernel and initramfs under KVM, as a domain without disk and network, and says whether its
// console showed life (or its agent channel a byte) before the deadline. Blocks; destroys the
// domain.
[[nodiscard]] Result<bool> kvmBoots(Hypervisor& hypervisor,
                                    const std::filesystem::path& kernel,
                                    const std::filesystem::path& initramfs,
                                    const std::filesystem::path& runDirectory,
                                    std::chrono::milliseconds deadline);

struct AcceleratorProbe
{
    std::filesystem::path memory;          // a file in the runtime directory that keeps the answer
    std::string bootId;                    // /proc/sys/kernel/random/boot_id
    std::function<int()> openKvm;          // 0, or the errno of opening /dev/kvm
    std::function<Result<bool>()> tryBoot; // kvmBoots() with its arguments

    [[nodiscard]] static AcceleratorProbe system(const std::filesystem::path& runtimeDirectory,
                                                 std::function<Result<bool>()> tryBoot);
};

// SALLYPORT_ACCELERATOR=kvm|tcg in the environment overrides (pass it, or empty). Blocks for the
// length of tryBoot the first time after a boot of the host, else microseconds.
[[nodiscard]] AcceleratorChoice chooseAccelerator(const AcceleratorProbe& probe,
                                                  std::string_view override);

} // namespace sallyport::vm
