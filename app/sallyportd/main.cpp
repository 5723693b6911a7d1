// sallyportd: the engine of one user. See --help.
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string_view>

#include <signal.h>
#include <sys/resource.h>

#include "engine/secret/secret_text.h"
#include "engine/service/engine.h"

namespace
{

constexpr std::string_view Help =
    "usage: sallyportd [--hold-budget SECONDS]\n"
    "\n"
    "The engine of Sallyport: runs the sandboxes and the door that their traffic leaves by.\n"
    "The window and sallyctl start it when they need it; nothing has to be started by hand.\n"
    "\n"
    "  --hold-budget SECONDS  how long a request is held where the settings do not say (25)\n"
    "  --version              print the version\n"
    "\n"
    "SALLYPORT_LOG=debug in the environment logs more; SALLYPORT_ACCELERATOR=kvm|tcg chooses how guests run.\n";

struct Options
{
    std::optional<std::chrono::milliseconds> holdTime;
    int exitStatus = -1; // zero or more: say nothing more and end
};

Options readOptions(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help" || argument == "-h") {
            std::cout << Help;
            options.exitStatus = 0;
        } else if (argument == "--version") {
            std::cout << "sallyportd " SALLYPORT_VERSION "\n";
            options.exitStatus = 0;
        } else if (argument == "--hold-budget" && i + 1 < argc) {
            const std::string_view value = argv[++i];
            int seconds = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
            if (error != std::errc{} || end != value.data() + value.size() || seconds < 1 || seconds > 3600) {
                std::cerr << "sallyportd: --hold-budget takes 1 to 3600 seconds\n";
                options.exitStatus = 2;
            }
            options.holdTime = std::chrono::seconds(seconds);
        } else {
            std::cerr << "sallyportd: unknown option " << argument << "\n" << Help;
            options.exitStatus = 2;
        }
    }
    return options;
}

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// Every connection of a guest takes descriptors; the usual soft limit of 1024 is soon reached.
void raiseDescriptorLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

} // namespace

int main(int argc, char** argv)
{
    const Options given = readOptions(argc, argv);
    if (given.exitStatus >= 0)
        return given.exitStatus;
    // A peer that went away is an error of the write, not the end of the engine.
    ::signal(SIGPIPE, SIG_IGN);
    raiseDescriptorLimit();
    sallyport::secret::forbidCoreDumps();
    sallyport::secret::reserveSecretMemory();

    auto paths = sallyport::Paths::fromEnvironment();
    if (!paths) {
        std::cerr << "sallyportd: " << paths.error().text << "\n";
        return 1;
    }
    sallyport::service::EngineOptions options;
    options.paths = std::move(*paths);
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    options.jailBinary = folder / "sallyport-jail";
    options.handlerBinary = folder / "sallyport-handlerd";
    options.acceleratorOverride = variable("SALLYPORT_ACCELERATOR");
    options.holdTime = given.holdTime;
    auto engine = sallyport::service::Engine::open(std::move(options));
    if (!engine) {
        std::cerr << "sallyportd: " << engine.error().text << "\n";
        return 1;
    }
    (*engine)->run();
    return 0;
}
