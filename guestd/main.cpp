#include <unistd.h>

#include "guestd/boot.h"
#include "guestd/log.h"
#include "guestd/machine.h"
#include "guestd/port.h"
#include "guestd/power.h"
#include "guestd/server.h"

int main()
{
    using namespace sallyport::guestd;

    if (::getpid() != 1) {
        log(LogLevel::Error, "this is the init of a sandbox's guest; it runs as PID 1 only");
        return 2;
    }
    const sallyport::UniqueFd signals = openSignals();
    GuestMachine machine(boot());
    sallyport::UniqueFd portFile = openPort(10'000);
    if (!portFile.isOpen()) {
        log(LogLevel::Error,
            "no virtio-serial port org.sallyport.agent.0: nobody could talk to us");
        machine.stop();
        endMachine();
    }
    Port port(static_cast<sallyport::UniqueFd&&>(portFile), Port::Kind::Virtio);
    Server server(machine, port, signals.get());
    (void)server.run();
    endMachine();
}
