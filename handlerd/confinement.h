#pragma once

#include <string>

namespace sallyport::handlerd {

// What a process may still do after this call: compute, take memory, use the descriptors that it
// has. No files, no sockets, no other process; anything else ends it. Holds for all its threads.
// `mayCompile` leaves out the rule that no memory becomes executable. Empty: done; else why not.
[[nodiscard]] std::string confine(bool mayCompile);

// Before anything else: no new privileges, no core dump, no descendants that outlive the engine.
[[nodiscard]] std::string limitResources();

} // namespace sallyport::handlerd
