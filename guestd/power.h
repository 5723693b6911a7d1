#pragma once

#include "engine/guest/protocol.h"

// The end of the guest. Only PID 1 may call these.
namespace sallyport::guestd {

// SIGTERM (and SIGHUP, for shells) to every process, two seconds, SIGKILL. Reaps them.
void stopProcesses();

// Unmounts what was mounted, writes everything back, and makes the root file system read-only.
void saveDisks();

// Ends the machine. Also for a reboot: the engine is told the reason and starts the guest again.
[[noreturn]] void endMachine();

// Writes /sbin/poweroff, halt, reboot and shutdown where the image has none.
void providePowerCommands();

} // namespace sallyport::guestd
