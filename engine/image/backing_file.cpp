#include "engine/image/backing_file.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace sallyport::image {
namespace {

constexpr std::size_t HeaderBytes = 4096; // the header, its extensions and the name lie well within
constexpr std::size_t MostNameBytes = 1023;
constexpr std::string_view Magic = "QFI\xfb";

std::uint64_t bigEndian(std::string_view bytes)
{
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = (value << 8U) | static_cast<unsigned char>(byte);
    return value;
}

} // namespace

Result<std::filesystem::path> baseOf(const std::filesystem::path& overlay)
{
    std::ifstream file(overlay, std::ios::binary);
    std::string header(HeaderBytes, '\0');
    file.read(header.data(), static_cast<std::streamsize>(header.size()));
    header.resize(static_cast<std::size_t>(file.gcount()));
    if (header.size() < 20 || header.compare(0, Magic.size(), Magic) != 0)
        return fail(Error::Code::Invalid, overlay.string() + " is missing or no qcow2 disk");
    const std::string_view view = header;
    const std::uint64_t offset = bigEndian(view.substr(8, 8));
    const std::uint64_t length = bigEndian(view.substr(16, 4));
    if (offset == 0 || length == 0 || length > MostNameBytes || offset + length > view.size())
        return fail(Error::Code::Invalid, overlay.string() + " names no base disk");
    return std::filesystem::path(view.substr(offset, length));
}

} // namespace sallyport::image
