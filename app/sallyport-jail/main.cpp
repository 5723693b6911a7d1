// sallyport-jail: makes the namespaces in which the sandboxes live and supervises them. Started by
// the engine; returns when the supervisor is ready in the background.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "engine/base/child_process.h"
#include "engine/jail/supervisor/launch.h"

namespace {

constexpr int ExitFailed = 1;
constexpr int ExitUsage = 2;
constexpr int ExitConflict = 3; // one runs already; engine/jail knows this number

constexpr const char* Usage =
    "Usage: sallyport-jail --directory DIR --images DIR --disks DIR\n"
    "       sallyport-jail --check    make the namespaces, prove them, leave nothing behind\n"
    "       sallyport-jail --version\n"
    "\n"
    "The engine (sallyportd) starts this program; there is rarely a reason to do it by hand.\n"
    "DIR of --directory gets control.sock, supervisor.log and run/, where libvirt lives.\n";

int exitCode(const sallyport::Status& status)
{
    if (status)
        return 0;
    fmt::print(stderr, "{}\n", status.error().text);
    return status.error().code == sallyport::Error::Code::Conflict ? ExitConflict : ExitFailed;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    // The jail outlives the engine and must hold nothing of it: a connection kept open here would never end for its
    // other side.
    sallyport::closeOtherDescriptors();
    sallyport::resetSignals();
    sallyport::jail::LaunchOptions options;
    if (arguments.size() == 1 && arguments[0] == "--check")
        return exitCode(sallyport::jail::checkNamespaces());
    if (arguments.size() == 1 && arguments[0] == "--version") {
        fmt::print("sallyport-jail {}\n", SALLYPORT_VERSION);
        return 0;
    }
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        if (arguments[i] == "--directory")
            options.directory = arguments[i + 1];
        else if (arguments[i] == "--images")
            options.images = arguments[i + 1];
        else if (arguments[i] == "--disks")
            options.disks = arguments[i + 1];
    }
    if (arguments.size() != 6 || options.directory.empty() || options.images.empty() ||
        options.disks.empty()) {
        fmt::print(stderr, "{}", Usage);
        return ExitUsage;
    }
    return exitCode(sallyport::jail::launchSupervisor(options));
}
