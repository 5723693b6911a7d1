#include "engine/image/guest_image.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

namespace sallyport::image {

namespace {

constexpr int ManifestFormat = 1;
constexpr std::size_t MostManifestBytes = 64 * 1024;

// The name becomes part of a path.
bool isImageName(std::string_view name)
{
    return !name.empty() && name.size() <= 64 && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
           });
}

tl::unexpected<Error> unusable(Error::Code code, std::string what)
{
    return fail(code, std::move(what) + "; build it with: installer/guest-image/build");
}

Result<std::string> readManifest(const std::filesystem::path& directory)
{
    std::ifstream file(directory / "manifest.json", std::ios::binary);
    if (!file)
        return unusable(Error::Code::NotFound, "there is no guest image in " + directory.string());
    std::string text(MostManifestBytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

Result<std::filesystem::path> regularFile(const std::filesystem::path& path)
{
    std::error_code error;
    std::filesystem::path real = std::filesystem::canonical(path, error);
    if (error || !std::filesystem::is_regular_file(real, error))
        return unusable(Error::Code::NotFound, "the guest image lacks " + path.string());
    return real;
}

} // namespace

Result<GuestImage> findImageIn(const std::filesystem::path& images, std::string_view name)
{
    if (!isImageName(name))
        return fail(Error::Code::Invalid, "not the name of a guest image: " + std::string(name));
    const std::filesystem::path directory = images / name;
    const Result<std::string> text = readManifest(directory);
    if (!text)
        return tl::unexpected(text.error());
    const auto manifest = nlohmann::json::parse(*text, nullptr, false);
    const bool understood = manifest.is_object() && manifest.contains("format")
                            && manifest["format"].is_number_integer()
                            && manifest["format"].get<int>() == ManifestFormat;
    if (!understood)
        return unusable(Error::Code::Invalid,
                        "the guest image in " + directory.string()
                            + " has no manifest of this version");

    GuestImage image;
    image.name = name;
    const auto read = [&](const char* key) {
        const auto found = manifest.find(key);
        return found != manifest.end() && found->is_string() ? found->get<std::string>()
                                                             : std::string();
    };
    image.title = read("title");
    image.kernelVersion = read("kernel");
    image.built = read("built");
    for (const auto& [file, path] :
         {std::pair{"vmlinux", &image.kernel}, std::pair{"initramfs.img", &image.initramfs},
          std::pair{"base.ext4", &image.base}}) {
        Result<std::filesystem::path> found = regularFile(directory / file);
        if (!found)
            return tl::unexpected(found.error());
        *path = std::move(*found);
    }
    std::error_code error;
    image.baseBytes = std::filesystem::file_size(image.base, error);
    if (error || image.baseBytes == 0)
        return unusable(Error::Code::Invalid, "the base disk " + image.base.string() + " is empty");
    return image;
}

Result<GuestImage> findImage(const Paths& paths, std::string_view name)
{
    Result<GuestImage> own = findImageIn(paths.images(), name);
    if (own || own.error().code != Error::Code::NotFound)
        return own;
    Result<GuestImage> shared = findImageIn("/usr/share/sallyport/images", name);
    return shared ? shared : own;
}

} // namespace sallyport::image
