#pragma once

#include <string>
#include <string_view>

// Java reads neither the system's bundle nor a variable: each JDK has a store of its own. A file
// jssecacerts beside it is read in its place (JSSE Reference Guide), so the JDK's own stays as it
// is.
namespace sallyport::guestd {

// The certificates of a PEM text as a JKS key store with the usual password "changeit". Every JDK
// reads JKS whatever its default type is. What is no certificate is left out.
[[nodiscard]] std::string javaKeyStore(std::string_view pem);

// Writes the store into each JDK in the usual places that lacks it; all of them anew where
// `changed`. An empty `pem` takes ours out. Cheap where nothing is to be done.
void installJavaTrust(std::string_view pem, bool changed);

// The same for JDKs that have come since, with the bundle as it is.
void updateJavaTrust();

} // namespace sallyport::guestd
