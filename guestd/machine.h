#pragma once

#include <string>

#include "engine/guest/messages.h"

namespace sallyport::guestd {

// Everything by which guestd changes the system it runs on, apart from starting processes. The
// server calls it; tests put another in the real one's place.
class Machine
{
public:
    virtual ~Machine() = default;

    [[nodiscard]] virtual guest::HelloMessage hello() const = 0;
    [[nodiscard]] virtual bool trustsCa() const = 0;
    [[nodiscard]] virtual guest::StatsMessage stats() const = 0;

    virtual guest::OutcomeMessage configure(const guest::ConfigureMessage& settings) = 0;
    virtual guest::OutcomeMessage setTime(std::uint64_t unixNanoseconds) = 0;

    // Before a process is started: what has been installed since may have to trust our CA, too.
    virtual void prepareExec() {}

    // Ends all other processes (politely, then not), within a few seconds, and makes the disks
    // safe.
    virtual void stop() = 0;
};

// The guest itself. `problem` is what went wrong at boot, empty when nothing did.
class GuestMachine final : public Machine
{
public:
    explicit GuestMachine(std::string problem)
        : m_problem(static_cast<std::string&&>(problem))
    {
    }

    [[nodiscard]] guest::HelloMessage hello() const override;
    [[nodiscard]] bool trustsCa() const override { return m_trustsCa; }
    [[nodiscard]] guest::StatsMessage stats() const override;
    guest::OutcomeMessage configure(const guest::ConfigureMessage& settings) override;
    guest::OutcomeMessage setTime(std::uint64_t unixNanoseconds) override;
    void prepareExec() override;
    void stop() override;

private:
    std::string m_problem;
    bool m_configured = false;
    bool m_trustsCa = false;
};

} // namespace sallyport::guestd
