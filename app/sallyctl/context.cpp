#include "app/sallyctl/context.h"

#include <algorithm>
#include <charconv>

#include "app/sallyctl/engine_starter.h"

namespace sallyport::ctl {

Result<api::Client*> Context::engine(api::Client::EventHandler onEvent,
                                     api::Client::ClosedHandler onClosed)
{
    if (m_client)
        return m_client.get();
    auto client = socket.empty()
                      ? connectToEngine(mayStartEngine ? WhenNoneRuns::Start : WhenNoneRuns::Fail,
                                        std::move(onEvent), std::move(onClosed))
                      : api::Client::connect(socket, std::move(onEvent), std::move(onClosed));
    m_hasNoEngine = !client;
    if (!client)
        return tl::unexpected<Error>(std::move(client.error()));
    m_client = std::move(*client);
    return m_client.get();
}

void Context::disconnect()
{
    m_hasNoEngine = m_hasNoEngine || (m_client && !m_client->isOpen());
    m_client.reset();
}

Result<api::Json> Context::call(std::string_view method,
                                const api::Json& parameters,
                                std::chrono::milliseconds timeout)
{
    auto client = engine();
    if (!client)
        return tl::unexpected<Error>(std::move(client.error()));
    auto result = (*client)->call(method, parameters, timeout);
    m_hasNoEngine = !result && !(*client)->isOpen();
    return result;
}

Result<api::Sandbox> Context::sandbox(const std::string& nameOrId)
{
    return callFor<api::Sandbox>("sandbox.get", {{"sandbox", sandboxParameter(nameOrId)}});
}

int Context::exitFor(const Error& error) const
{
    if (m_hasNoEngine)
        return ExitNoEngine;
    switch (error.code) {
    case Error::Code::NotFound:
        return ExitNotFound;
    case Error::Code::Invalid:
        return ExitUsage;
    default:
        return ExitFailed;
    }
}

api::Json sandboxParameter(const std::string& nameOrId)
{
    api::SandboxId id = 0;
    const char* end = nameOrId.data() + nameOrId.size();
    const auto [stop, error] = std::from_chars(nameOrId.data(), end, id);
    if (!nameOrId.empty() && error == std::errc{} && stop == end)
        return id;
    return nameOrId;
}

} // namespace sallyport::ctl
