#include "guestd/trust.h"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include "guestd/environment.h"
#include "guestd/files.h"
#include "guestd/java_trust.h"
#include "guestd/log.h"

namespace sallyport::guestd {

namespace {

constexpr std::string_view BlockBegin = "# sallyport begin\n";
constexpr std::string_view BlockEnd = "# sallyport end\n";
constexpr std::size_t MostBundleBytes = 4 * 1024 * 1024;

constexpr std::string_view DebianLink = "/etc/ssl/certs/sallyport.pem";

// Where distributions keep the bundle that programs read: Debian and Alpine, Fedora, SUSE, others.
constexpr std::string_view Bundles[] = {
    BundleFile,
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

bool isRegular(const std::string& path)
{
    struct stat info
    {
    };
    return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

guest::OutcomeMessage cannotWrite(const std::string& path)
{
    return {static_cast<std::uint32_t>(errno), errnoText("cannot write " + path, errno)};
}

std::string_view withoutTrailingNewlines(std::string_view text)
{
    while (!text.empty() && text.back() == '\n')
        text.remove_suffix(1);
    return text;
}

std::string assignments(std::string_view prefix)
{
    std::string lines;
    for (const auto& [name, value] : trustEnvironment()) {
        lines += prefix;
        lines += name;
        lines += '=';
        lines += value;
        lines += '\n';
    }
    return lines;
}

// For log-ins that did not come from us: su -, ssh, cron.
void writeLoginFiles(bool trusted)
{
    const std::string environmentFile = "/etc/environment";
    const std::string profile = "/etc/profile.d/sallyport.sh";
    const std::string old = readFile(environmentFile);
    const std::string fresh = withBlock(old, trusted ? assignments("") : std::string());
    if (fresh != old && !replaceFile(environmentFile, fresh, 0644))
        log(LogLevel::Warning, errnoText("cannot write " + environmentFile, errno));
    if (!trusted)
        ::unlink(profile.c_str());
    else if (const std::string text = assignments("export "); readFile(profile) != text)
        if (!replaceFile(profile, text, 0644))
            log(LogLevel::Warning, errnoText("cannot write " + profile, errno));
}

} // namespace

std::string withBlock(std::string_view text, std::string_view block)
{
    std::string result;
    const std::size_t begin = text.find(BlockBegin);
    if (begin == std::string_view::npos) {
        result = text;
    } else {
        result = text.substr(0, begin);
        const std::size_t end = text.find(BlockEnd, begin);
        // A begin without an end was cut short: all that follows is ours.
        if (end != std::string_view::npos)
            result += text.substr(end + BlockEnd.size());
    }
    if (block.empty())
        return result;
    if (!result.empty() && result.back() != '\n')
        result += '\n';
    result += BlockBegin;
    result += block;
    if (block.back() != '\n')
        result += '\n';
    result += BlockEnd;
    return result;
}

std::string bundleWith(std::string_view bundle, std::string_view oldPem, std::string_view pem)
{
    std::string result = withBlock(bundle, {});
    const std::string_view old = withoutTrailingNewlines(oldPem);
    if (!old.empty()) {
        std::size_t at = 0;
        while ((at = result.find(old, at)) != std::string::npos) {
            std::size_t length = old.size();
            if (at + length < result.size() && result[at + length] == '\n')
                ++length;
            result.erase(at, length);
        }
    }
    return withBlock(result, pem);
}

guest::OutcomeMessage installCertificate(std::string_view pem)
{
    const std::string caFile(CaFile);
    const std::string anchors = "/usr/local/share/ca-certificates";
    const std::string oldPem = readFile(caFile);
    bool installed = false;
    for (const std::string_view name : Bundles) {
        const std::string path(name);
        if (!isRegular(path))
            continue;
        const std::string bundle = readFile(path, MostBundleBytes);
        if (!replaceFile(path, bundleWith(bundle, oldPem, pem), 0644))
            return cannotWrite(path);
        installed = true;
    }
    makeDirectory("/etc/ssl", 0755);
    makeDirectory("/etc/ssl/certs", 0755);
    makeDirectory("/etc/sallyport", 0755);
    if (pem.empty()) {
        ::unlink(caFile.c_str());
        ::unlink((anchors + "/sallyport.crt").c_str());
        ::unlink(std::string(DebianLink).c_str());
        installJavaTrust({}, true);
        writeLoginFiles(false);
        return {};
    }
    // An image without any list: ours is the list.
    if (!installed && !replaceFile(std::string(BundleFile), withBlock({}, pem), 0644))
        return cannotWrite(std::string(BundleFile));
    if (!replaceFile(caFile, pem, 0644))
        return cannotWrite(caFile);
    if (fileExists(anchors) && !replaceFile(anchors + "/sallyport.crt", pem, 0644))
        return cannotWrite(anchors + "/sallyport.crt");
    // As update-ca-certificates makes it: a Java that is installed later takes it in from here.
    if (fileExists(anchors) && !fileExists(std::string(DebianLink)))
        static_cast<void>(
            ::symlink((anchors + "/sallyport.crt").c_str(), std::string(DebianLink).c_str()));
    installJavaTrust(readFile(std::string(BundleFile), MostBundleBytes), true);
    writeLoginFiles(true);
    return {};
}

} // namespace sallyport::guestd
