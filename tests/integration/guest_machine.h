#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <sys/types.h>

#include "engine/base/result.h"
#include "engine/image/guest_image.h"

namespace sallyport::test {

// One microVM by QEMU itself, with a user-mode network that leads nowhere. Ends with the object.
class GuestMachine
{
public:
    // `directory` gets the socket and the console log. KVM is never used: TCG is the harder case.
    [[nodiscard]] static Result<GuestMachine> start(const image::GuestImage& image,
                                                    const std::filesystem::path& disk,
                                                    const std::filesystem::path& directory);
    GuestMachine(GuestMachine&& other) noexcept;
    GuestMachine& operator=(GuestMachine&&) = delete;
    ~GuestMachine();

    [[nodiscard]] std::filesystem::path channel() const { return m_directory / "agent.sock"; }
    [[nodiscard]] std::string console() const;
    [[nodiscard]] std::chrono::steady_clock::time_point spawned() const { return m_spawned; }
    // True once QEMU has ended by itself with status 0.
    [[nodiscard]] bool waitForEnd(std::chrono::milliseconds patience);

private:
    GuestMachine() = default;

    pid_t m_pid = -1;
    std::filesystem::path m_directory;
    std::chrono::steady_clock::time_point m_spawned;
};

// The guest image for tests, built where it is missing or older than guestd.
[[nodiscard]] Result<image::GuestImage> testImage();

} // namespace sallyport::test
