#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "engine/api/types.h"
#include "engine/policy/ladder.h"
#include "engine/secret/kit.h"

namespace sallyport::egress {

// How a held request ended.
struct AskOutcome
{
    enum class Kind
    {
        Allowed,
        Denied,
        Pending, // the hold budget ended; the question stays open and the guest is told to retry
    };
    Kind kind = Kind::Pending;
    std::optional<api::RuleId> rule; // that the answer made, where it made one
    std::string reason;              // for Denied: what the guest reads
    // For Allowed: the policy changed and did it, not the person; the ladder says how.
    bool decideAgain = false;
    std::int64_t heldMs = 0;
};

// What the door asks of the engine. One object for the whole engine; called on the engine's network
// thread only.
class Gatekeeper
{
public:
    virtual ~Gatekeeper() = default;

    // One pass of the sandbox's ladder with the policy as it is now. Never blocks.
    [[nodiscard]] virtual policy::Decision decide(api::SandboxId sandbox,
                                                  const policy::Request& request) = 0;

    // The same for what is not let through by it (nothing is counted).
    [[nodiscard]] virtual policy::Decision peek(api::SandboxId sandbox,
                                                const policy::Request& request) = 0;

    // Holds the request for the person. Cancelling the coroutine (the client hung up) withdraws it.
    // `row` is the log row that shows the request as held; the question's id is written to it by
    // the gatekeeper.
    [[nodiscard]] virtual boost::asio::awaitable<AskOutcome> ask(api::SandboxId sandbox,
                                                                 const policy::Request& request,
                                                                 const policy::Decision& decision,
                                                                 api::RowId row) = 0;

    // The floor and the grants for an address that is about to be dialled for this sandbox.
    [[nodiscard]] virtual policy::Decision
    checkAddress(api::SandboxId sandbox, const policy::Address& address, int port) = 0;

    // Bytes that have passed to or from a host. Which budget is used up by them, if one is: then
    // what moved them ends.
    [[nodiscard]] virtual std::optional<std::string>
    spend(api::SandboxId, const policy::Host&, int /*port*/, std::int64_t /*bytes*/)
    {
        return std::nullopt;
    }
    // The largest body of a request; 0: any.
    [[nodiscard]] virtual std::int64_t mostUploadBytes(api::SandboxId) { return 0; }
    // Connections of this sandbox at a time.
    [[nodiscard]] virtual std::optional<std::size_t> mostConnections(api::SandboxId)
    {
        return std::nullopt;
    }

    // What this sandbox may use and must not lose; null where there is none.
    [[nodiscard]] virtual std::shared_ptr<const secret::Kit> credentials(api::SandboxId)
    {
        return nullptr;
    }
    // The same once the values that go to this destination are fresh, or can't be had.
    [[nodiscard]] virtual boost::asio::awaitable<std::shared_ptr<const secret::Kit>>
    fetchCredentials(api::SandboxId sandbox, const secret::Destination&)
    {
        co_return credentials(sandbox);
    }
    virtual void credentialsUsed(const std::vector<std::string>& names)
    {
        static_cast<void>(names);
    }
    // Whether all that this sandbox's handlers find in env is there and fresh; and the wait for it.
    [[nodiscard]] virtual bool isEnvironmentFresh(api::SandboxId) { return true; }
    [[nodiscard]] virtual boost::asio::awaitable<void> freshenEnvironment(api::SandboxId)
    {
        co_return;
    }
    // A credential was on its way to somebody else; the request has been refused.
    virtual void alarm(api::CredentialAlarm alarm) { static_cast<void>(alarm); }

    // Stores a row and returns its id. Text of the row may be as the guest sent it: the log escapes
    // and bounds it.
    [[nodiscard]] virtual api::RowId addRow(const api::Row& row) = 0;
    // Replaces the row with this id; headers are kept for the detail pane when given.
    virtual void updateRow(api::RowDetail detail) = 0;

    // A line of the handlers' log (id and time are filled in). Text may be as it came from
    // elsewhere: the log bounds it.
    virtual void addHandlerLine(const api::HandlerLine& line) = 0;
};

} // namespace sallyport::egress
