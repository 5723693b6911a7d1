#pragma once

#include <string>

#include "engine/egress/names.h"

namespace sallyport::egress {

// What is known about a guest's connection, fixed once it is open.
struct Origin
{
    Destination destination;
    std::string sni;    // in TLS, empty without
    bool tls = false;   // the guest speaks TLS, which we opened
    bool http2 = false; // HTTP/2 was agreed on
};

} // namespace sallyport::egress
