#include "engine/vm/libvirt_handles.h"

#include <csignal>
#include <mutex>

#include <fmt/format.h>

namespace sallyport::vm {
namespace {

Error::Code codeOf(const virError& error)
{
    switch (error.code) {
    case VIR_ERR_NO_DOMAIN:
        return Error::Code::NotFound;
    case VIR_ERR_DOM_EXIST:
        return Error::Code::Exists;
    case VIR_ERR_OPERATION_INVALID:
        return Error::Code::Conflict;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
    case VIR_ERR_RPC:
    case VIR_ERR_NO_SERVER:
        return Error::Code::Unavailable;
    case VIR_ERR_OPERATION_TIMEOUT:
        return Error::Code::TimedOut;
    default:
        break;
    }
    // The socket of a libvirtd that has just died: "Cannot recv data", "End of file".
    return error.domain == VIR_FROM_RPC || error.domain == VIR_FROM_REMOTE
               ? Error::Code::Unavailable
               : Error::Code::Io;
}

} // namespace

tl::unexpected<Error> failLibvirt(std::string_view doing)
{
    const virError* error = ::virGetLastError();
    if (error == nullptr || error->message == nullptr)
        return fail(Error::Code::Io, fmt::format("{}: libvirt gives no reason", doing));
    return fail(codeOf(*error), fmt::format("{}: {}", doing, error->message));
}

void prepareLibvirt()
{
    static std::once_flag once;
    std::call_once(once, [] {
        ::virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
        // libvirt writes to its socket without MSG_NOSIGNAL: libvirtd's death would be ours.
        struct sigaction current = {};
        if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL)
            (void)std::signal(SIGPIPE, SIG_IGN);
        (void)::virEventRegisterDefaultImpl();
    });
}

} // namespace sallyport::vm
