#include "tests/support/fake_engine.h"

#include <algorithm>

namespace sallyport::test {

using api::Json;

namespace {

template <typename T> Json listOf(const std::vector<T>& values)
{
    Json list = Json::array();
    for (const T& value : values)
        list.push_back(api::toJson(value));
    return list;
}

template <typename T> void replaceOrAppend(std::vector<T>& values, const T& value)
{
    for (T& old : values) {
        if (old.id == value.id) {
            old = value;
            return;
        }
    }
    values.push_back(value);
}

bool matches(const api::RowFilter& filter, const api::Row& row)
{
    return (!filter.sandbox || row.sandbox == *filter.sandbox) &&
           (!filter.verdict || row.verdict == filter.verdict) &&
           (!filter.state || row.state == *filter.state) &&
           (filter.method.empty() || row.method == filter.method) &&
           (!filter.status || row.status == *filter.status) &&
           (filter.text.empty() || row.host.find(filter.text) != std::string::npos ||
            row.path.find(filter.text) != std::string::npos);
}

} // namespace

FakeEngine::FakeEngine()
{
    info.version = "0.1.0";
    info.pid = 4242;
    info.imageReady = true;
    info.accelerator = "kvm";
    info.acceleratorReason = "A guest kernel ran under KVM.";
    addDefaults();
}

FakeEngine::~FakeEngine()
{
    vanish();
}

std::string FakeEngine::socketPath() const
{
    return m_directory.filePath(QStringLiteral("api.sock")).toStdString();
}

void FakeEngine::listen()
{
    m_server = std::make_unique<QLocalServer>();
    connect(m_server.get(), &QLocalServer::newConnection, this, &FakeEngine::accept);
    const QString path = QString::fromStdString(socketPath());
    QLocalServer::removeServer(path);
    if (!m_server->listen(path))
        qFatal("fake engine: %s", qPrintable(m_server->errorString()));
}

void FakeEngine::vanish()
{
    m_subscribers.clear();
    m_streams.clear();
    for (QLocalSocket* socket : std::exchange(m_connections, {})) {
        socket->disconnect(this);
        socket->abort();
        socket->deleteLater();
    }
    m_server.reset();
}

void FakeEngine::accept()
{
    while (QLocalSocket* socket = m_server->nextPendingConnection()) {
        m_connections.push_back(socket);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { readFrom(socket); });
        connect(socket, &QLocalSocket::disconnected, this, [this, socket] {
            std::erase(m_connections, socket);
            std::erase(m_subscribers, socket);
            m_streams.erase(socket);
            socket->deleteLater();
        });
    }
}

void FakeEngine::readFrom(QLocalSocket* socket)
{
    while (socket->canReadLine())
        handle(socket, socket->readLine().toStdString());
}

void FakeEngine::handle(QLocalSocket* socket, const std::string& line)
{
    const Json request = Json::parse(line, nullptr, false);
    if (!request.is_object())
        return;
    const auto method = request.value("method", std::string());
    const Json parameters = request.value("params", Json::object());
    m_calls.push_back({method, parameters});
    const Result<Json> result = call(socket, method, parameters);
    Json reply = {{"jsonrpc", "2.0"}, {"id", request.value("id", Json())}};
    if (result)
        reply["result"] = *result;
    else
        reply["error"] = {{"code", -32000},
                          {"message", result.error().text},
                          {"data", {{"code", codeName(result.error().code)}}}};
    send(socket, reply);
}

Result<Json>
FakeEngine::call(QLocalSocket* socket, const std::string& method, const Json& parameters)
{
    if (method == "engine.subscribe")
        m_subscribers.push_back(socket);
    if (method == "exec.start" && m_handlers.find(method) == m_handlers.end()) {
        m_streams[socket] = ++m_lastId;
        return Json{{"stream", m_lastId}};
    }
    const auto handler = m_handlers.find(method);
    if (handler == m_handlers.end())
        return Json::object();
    return handler->second(parameters);
}

void FakeEngine::send(QLocalSocket* socket, const Json& message)
{
    socket->write(QByteArray::fromStdString(message.dump() + "\n"));
    socket->flush();
}

void FakeEngine::answer(const std::string& method, Handler handler)
{
    m_handlers[method] = std::move(handler);
}

int FakeEngine::callCount(const std::string& method) const
{
    return static_cast<int>(std::count_if(m_calls.begin(), m_calls.end(),
                                          [&](const Call& call) { return call.method == method; }));
}

Json FakeEngine::lastParameters(const std::string& method) const
{
    for (auto call = m_calls.rbegin(); call != m_calls.rend(); ++call)
        if (call->method == method)
            return call->parameters;
    return {};
}

void FakeEngine::emitEvent(const std::string& event, const Json& parameters)
{
    for (QLocalSocket* socket : m_subscribers)
        send(socket, {{"jsonrpc", "2.0"}, {"method", event}, {"params", parameters}});
}

void FakeEngine::changeSandbox(const api::Sandbox& sandbox)
{
    replaceOrAppend(sandboxes, sandbox);
    emitEvent("sandbox.changed", api::toJson(sandbox));
}

void FakeEngine::removeSandbox(api::SandboxId id)
{
    std::erase_if(sandboxes, [id](const auto& sandbox) { return sandbox.id == id; });
    emitEvent("sandbox.removed", {{"sandbox", id}});
}

void FakeEngine::changeQuestion(const api::Question& question)
{
    if (question.state == api::QuestionState::Open)
        replaceOrAppend(questions, question);
    else
        std::erase_if(questions, [&](const auto& old) { return old.id == question.id; });
    emitEvent("approval.changed", api::toJson(question));
}

void FakeEngine::storeRow(const api::Row& row)
{
    replaceOrAppend(rows, row);
    emitEvent("log.row", api::toJson(row));
}

void FakeEngine::execOutput(const std::string& bytes)
{
    for (const auto& [socket, stream] : m_streams)
        send(socket,
             {{"jsonrpc", "2.0"},
              {"method", "exec.output"},
              {"params", api::toJson(api::ExecOutput{stream, api::OutputStream::Out, bytes})}});
}

void FakeEngine::execExit(int status, const std::string& error)
{
    for (const auto& [socket, stream] : m_streams)
        send(socket, {{"jsonrpc", "2.0"},
                      {"method", "exec.exit"},
                      {"params", api::toJson(api::ExecExit{stream, status, 0, error})}});
}

api::Sandbox* FakeEngine::findSandbox(const Json& parameters)
{
    const Json wanted = parameters.value("sandbox", Json());
    for (api::Sandbox& sandbox : sandboxes)
        if (wanted == Json(sandbox.id) || wanted == Json(sandbox.name))
            return &sandbox;
    return nullptr;
}

void FakeEngine::addDefaults()
{
    const auto withSandbox = [this](std::function<Result<Json>(api::Sandbox&, const Json&)> act) {
        return [this, act](const Json& parameters) -> Result<Json> {
            api::Sandbox* sandbox = findSandbox(parameters);
            if (sandbox == nullptr)
                return fail(Error::Code::NotFound, "no such sandbox");
            return act(*sandbox, parameters);
        };
    };
    const auto enter = [this](api::Sandbox& sandbox, api::SandboxState state) {
        sandbox.state = state;
        changeSandbox(sandbox);
        return api::toJson(sandbox);
    };

    answer("engine.info", [this](const Json&) { return api::toJson(info); });
    answer("engine.doctor", [this](const Json&) { return Json{{"checks", listOf(checks)}}; });
    answer("sandbox.list", [this](const Json&) { return Json{{"sandboxes", listOf(sandboxes)}}; });
    answer("sandbox.get",
           withSandbox([](api::Sandbox& sandbox, const Json&) { return api::toJson(sandbox); }));
    answer("sandbox.create", [this](const Json& parameters) -> Result<Json> {
        const auto wanted = api::fromJson<api::NewSandbox>(parameters);
        if (!wanted)
            return tl::unexpected<Error>(wanted.error());
        api::Sandbox sandbox;
        sandbox.id = ++m_lastId;
        sandbox.name = wanted->name;
        sandbox.size = wanted->size;
        sandbox.diskMib = wanted->diskMib;
        sandbox.defaultAction = wanted->defaultAction;
        sandbox.createdAt = nowUnixMillis();
        changeSandbox(sandbox);
        return api::toJson(sandbox);
    });
    answer("sandbox.start", withSandbox([enter](api::Sandbox& sandbox, const Json&) {
               sandbox.startedAt = nowUnixMillis();
               sandbox.accelerator = "kvm";
               return enter(sandbox, api::SandboxState::Running);
           }));
    answer("sandbox.stop", withSandbox([enter](api::Sandbox& sandbox, const Json&) {
               sandbox.startedAt.reset();
               return enter(sandbox, api::SandboxState::Stopped);
           }));
    answer("sandbox.rename", withSandbox([this](api::Sandbox& sandbox, const Json& parameters) {
               sandbox.name = parameters.value("name", sandbox.name);
               changeSandbox(sandbox);
               return api::toJson(sandbox);
           }));
    answer("sandbox.remove", withSandbox([this](api::Sandbox& sandbox, const Json&) {
               removeSandbox(sandbox.id);
               return Json::object();
           }));
    answer("policy.set", withSandbox([this](api::Sandbox& sandbox, const Json& parameters) {
               if (parameters.contains("defaultAction"))
                   sandbox.defaultAction = api::enumFromName<api::DefaultAction>(
                                               parameters.at("defaultAction").get<std::string>())
                                               .value_or(sandbox.defaultAction);
               changeSandbox(sandbox);
               return api::toJson(sandbox);
           }));
    answer("policy.get", withSandbox([this](api::Sandbox& sandbox, const Json&) {
               return Json{{"steps", listOf(ladders[sandbox.id])}};
           }));
    answer("rules.list", [this](const Json&) { return Json{{"rules", listOf(rules)}}; });
    answer("approvals.list", [this](const Json&) {
        return Json{{"questions", listOf(questions)}};
    });
    answer("log.list", [this](const Json& parameters) -> Result<Json> {
        const auto filter =
            api::fromJson<api::RowFilter>(parameters.value("filter", Json::object()));
        api::RowPage page;
        const auto limit = parameters.value("limit", std::size_t{200});
        for (auto row = rows.rbegin(); row != rows.rend() && page.rows.size() < limit; ++row)
            if (!filter || matches(*filter, *row))
                page.rows.push_back(*row);
        return api::toJson(page);
    });
    answer("log.get", [this](const Json& parameters) -> Result<Json> {
        for (const api::Row& row : rows) {
            if (Json(row.id) != parameters.value("row", Json()))
                continue;
            api::RowDetail detail;
            detail.row = row;
            detail.requestHeaders = {{"user-agent", "curl/7.88.1"}, {"accept", "*/*"}};
            detail.responseHeaders = {{"content-type", "application/json"}};
            return api::toJson(detail);
        }
        return fail(Error::Code::NotFound, "no such row");
    });
    answer("exec.input", [this](const Json& parameters) -> Result<Json> {
        const auto bytes = parameters.value("bytes", std::string());
        m_execInput += QByteArray::fromBase64(QByteArray::fromStdString(bytes)).toStdString();
        return Json::object();
    });
}

} // namespace sallyport::test
