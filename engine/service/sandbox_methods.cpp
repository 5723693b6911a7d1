// sandbox.*, exec.*
#include "engine/service/engine.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

bool forceIn(const Json& parameters)
{
    const auto force = api::optionalMember<bool>(parameters, "force");
    return force && force->value_or(false);
}

Result<Json> done(const Status& status)
{
    return status ? Result<Json>(Json::object()) : tl::unexpected(status.error());
}

} // namespace

// {sandbox: id or name}
Result<api::SandboxId> Engine::sandboxIn(const Json& parameters) const
{
    const auto found = parameters.find("sandbox");
    if (found != parameters.end() && found->is_string())
        return m_sandboxes->find(found->get<std::string>());
    const auto id = api::member<std::int64_t>(parameters, "sandbox");
    if (!id)
        return tl::unexpected(id.error());
    if (const auto known = m_sandboxes->get(*id); !known)
        return tl::unexpected(known.error());
    return *id;
}

void Engine::bindSandboxMethods()
{
    const auto reply = [this](const Result<api::Sandbox>& sandbox) -> Result<Json> {
        return sandbox ? Result<Json>(api::toJson(withQuestions(*sandbox))) : tl::unexpected(sandbox.error());
    };

    m_server->registerMethod("sandbox.list", [this](api::Connection&, Json) -> Reply {
        Json list = Json::array();
        for (const api::Sandbox& sandbox : m_sandboxes->list())
            list.push_back(api::toJson(withQuestions(sandbox)));
        co_return Json{{"sandboxes", std::move(list)}};
    });

    m_server->registerMethod("sandbox.get", [this, reply](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        co_return id ? reply(m_sandboxes->get(*id)) : tl::unexpected(id.error());
    });

    m_server->registerMethod("sandbox.create", [this, reply](api::Connection&, Json parameters) -> Reply {
        auto wanted = api::fromJson<api::NewSandbox>(parameters);
        if (!wanted)
            co_return tl::unexpected(wanted.error());
        co_return reply(co_await m_sandboxes->create(std::move(*wanted)));
    });

    m_server->registerMethod("sandbox.start", [this, reply](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return reply(co_await m_sandboxes->start(*id));
    });

    m_server->registerMethod("sandbox.stop", [this, reply](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return reply(co_await m_sandboxes->stop(*id, forceIn(parameters)));
    });

    m_server->registerMethod("sandbox.remove", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        co_return done(co_await m_sandboxes->remove(*id, forceIn(parameters)));
    });

    m_server->registerMethod("sandbox.rename", [this, reply](api::Connection&, Json parameters) -> Reply {
        const auto id = sandboxIn(parameters);
        const auto name = api::member<std::string>(parameters, "name");
        if (!id || !name)
            co_return tl::unexpected(!id ? id.error() : name.error());
        co_return reply(m_sandboxes->rename(*id, *name));
    });
}

void Engine::bindExecMethods()
{
    // What is done to a running program of this connection.
    using Deed = std::function<asio::awaitable<Status>(api::Connection&, api::StreamId, Json)>;
    const auto bind = [this](std::string_view name, Deed deed) {
        m_server->registerMethod(name, [deed = std::move(deed)](api::Connection& connection, Json parameters) -> Reply {
            const auto stream = api::member<std::int64_t>(parameters, "stream");
            if (!stream)
                co_return tl::unexpected(stream.error());
            co_return done(co_await deed(connection, *stream, std::move(parameters)));
        });
    };

    m_server->registerMethod("exec.start", [this](api::Connection& connection, Json parameters) -> Reply {
        auto request = api::fromJson<api::ExecRequest>(parameters);
        if (!request)
            co_return tl::unexpected(request.error());
        const auto thenPhase = api::optionalMember<std::string>(parameters, "thenPhase");
        if (!thenPhase)
            co_return tl::unexpected(thenPhase.error());
        std::shared_ptr<PhaseBook::Promise> untilEnd;
        if (*thenPhase) {
            auto promised = m_phases->promise(request->sandbox, **thenPhase);
            if (!promised)
                co_return tl::unexpected(promised.error());
            untilEnd = std::move(*promised);
        }
        auto stream = co_await m_exec->start(connection, std::move(*request), untilEnd);
        if (!stream && untilEnd)
            m_phases->breakPromise(*untilEnd);
        if (!stream)
            co_return tl::unexpected(stream.error());
        co_return Json{{"stream", *stream}};
    });

    bind("exec.input", [this](api::Connection& connection, api::StreamId stream, Json parameters) -> asio::awaitable<Status> {
        const auto encoded = api::member<std::string>(parameters, "bytes");
        std::string bytes;
        if (!encoded || !text::fromBase64(*encoded, bytes))
            co_return fail(Error::Code::Invalid, "bytes: not base64 text");
        co_return co_await m_exec->input(connection, stream, std::move(bytes));
    });
    bind("exec.closeInput", [this](api::Connection& connection, api::StreamId stream, Json) -> asio::awaitable<Status> {
        co_return m_exec->closeInput(connection, stream);
    });
    bind("exec.resize", [this](api::Connection& connection, api::StreamId stream, Json parameters) -> asio::awaitable<Status> {
        const auto columns = api::member<int>(parameters, "columns");
        const auto rows = api::member<int>(parameters, "rows");
        if (!columns || !rows)
            co_return tl::unexpected(!columns ? columns.error() : rows.error());
        co_return m_exec->resize(connection, stream, *columns, *rows);
    });
    bind("exec.signal", [this](api::Connection& connection, api::StreamId stream, Json parameters) -> asio::awaitable<Status> {
        const auto number = api::member<int>(parameters, "signal");
        if (!number)
            co_return tl::unexpected(number.error());
        co_return m_exec->signal(connection, stream, *number);
    });
    bind("exec.close", [this](api::Connection& connection, api::StreamId stream, Json) -> asio::awaitable<Status> {
        co_return m_exec->close(connection, stream);
    });
}

} // namespace sallyport::service
