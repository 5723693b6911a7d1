// sallyport-handlerd: runs the outbound handlers of one sandbox. Started by the engine with a
// socket as descriptor 3 and a page of shared memory as descriptor 4; reads nothing else.

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <sys/mman.h>

#include "handlerd/confinement.h"
#include "handlerd/host.h"

namespace {

constexpr int Socket = 3;
constexpr int Page = 4;

} // namespace

int main(int argc, char** argv)
{
    using namespace sallyport;
    if (argc == 2 && std::string_view(argv[1]) == "--version") {
        std::puts("sallyport-handlerd " SALLYPORT_VERSION);
        return 0;
    }
    handlerd::HostOptions options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--cpu-ms")
            options.callSeconds = std::atof(argv[i + 1]) / 1000;
        else if (name == "--fast")
            options.mayCompile = std::string_view(argv[i + 1]) == "yes";
    }
    void* page = ::mmap(nullptr, sizeof(handler::SharedPage), PROT_READ | PROT_WRITE, MAP_SHARED,
                        Page, 0);
    if (page == MAP_FAILED || !handlerd::limitResources().empty()) {
        std::fputs("The engine (sallyportd) starts this program.\n", stderr);
        return 2;
    }
    return handlerd::Host(Socket, static_cast<handler::SharedPage*>(page), options).run();
}
