#pragma once

// libvirt's reference-counted objects and its errors, in our terms. Of engine/vm alone.

#include <memory>
#include <string_view>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "engine/base/result.h"

namespace sallyport::vm {

struct LibvirtRelease
{
    void operator()(virConnectPtr connection) const { (void)::virConnectClose(connection); }
    void operator()(virDomainPtr domain) const { (void)::virDomainFree(domain); }
};
using ConnectionHandle = std::unique_ptr<virConnect, LibvirtRelease>;
using DomainHandle = std::unique_ptr<virDomain, LibvirtRelease>;

// This thread's last libvirt error. NotFound for a missing domain, Exists for a name in use,
// Unavailable where the connection is the trouble, else Io.
[[nodiscard]] tl::unexpected<Error> failLibvirt(std::string_view doing);

// libvirt prints its errors on standard error unless told not to. Also registers its own event
// loop, which has to happen before any connection. Any number of calls, any thread.
void prepareLibvirt();

} // namespace sallyport::vm
