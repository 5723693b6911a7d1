#pragma once

// A jail of the test's own in a new directory under /tmp, ended and removed with the fixture.

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "engine/jail/jail.h"
#include "engine/jail/supervisor/fake_guest.h"

namespace sallyport::jail {

class JailFixture
{
public:
    JailFixture()
    {
        std::string name = "/tmp/spt-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("mkdtemp");
        m_root = name;
        for (const char* folder : {"j", "i", "d"})
            std::filesystem::create_directory(m_root / folder);
    }
    JailFixture(const JailFixture&) = delete;
    JailFixture& operator=(const JailFixture&) = delete;
    ~JailFixture()
    {
        if (auto left = Jail::adopt(options()); left)
            (void)(*left)->quit();
        std::error_code ignored;
        std::filesystem::remove_all(m_root, ignored);
    }

    [[nodiscard]] JailOptions options() const
    {
        JailOptions options;
        options.binary = SALLYPORT_JAIL_BINARY;
        options.directory = m_root / "j";
        options.images = m_images.value_or(m_root / "i");
        options.disks = m_root / "d";
        return options;
    }
    void useImages(const std::filesystem::path& images) { m_images = images; }
    [[nodiscard]] std::filesystem::path disks() const { return m_root / "d"; }

    // Throws with the error's text: a test can't go on without.
    [[nodiscard]] std::unique_ptr<Jail> start() const
    {
        auto jail = Jail::startOrAdopt(options());
        if (!jail)
            throw std::runtime_error(jail.error().text);
        return std::move(*jail);
    }

private:
    std::filesystem::path m_root;
    std::optional<std::filesystem::path> m_images;
};

// The tap, added, with a fake guest on it.
inline FakeGuest fakeGuest(Jail& jail, unsigned number)
{
    auto tap = jail.addTap(number);
    auto queue = tap ? jail.openTap(number) : tl::unexpected(tap.error());
    if (!queue)
        throw std::runtime_error(queue.error().text);
    return {std::move(*queue), *tap};
}

} // namespace sallyport::jail
