#include "ui2_engine.h"

#include <algorithm>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <QTest>

namespace sallyport::test {

namespace {

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

template <typename T> api::Json arrayOf(const std::vector<T>& values)
{
    api::Json array = api::Json::array();
    for (const T& value : values)
        array.push_back(api::toJson(value));
    return array;
}

template <typename T, typename Id> auto findById(std::vector<T>& values, Id id)
{
    return std::find_if(values.begin(), values.end(), [id](const T& v) { return v.id == id; });
}

} // namespace

LineEngine::LineEngine()
{
    const std::string path = m_directory.filePath(QStringLiteral("api.sock")).toStdString();
    m_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    bind(m_listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    listen(m_listener, 8);
    m_accepting = std::make_unique<QSocketNotifier>(m_listener, QSocketNotifier::Read);
    connect(m_accepting.get(), &QSocketNotifier::activated, this, [this] { accept(); });
    addHandlers();
    addPolicyHandlers();
    addOutboundHandlers();
    addPhaseHandlers();
    m_link = std::make_unique<ui::EngineLink>(path, std::filesystem::path());
}

LineEngine::~LineEngine()
{
    m_link.reset();
    hangUp();
    if (m_listener >= 0)
        close(m_listener);
}

void LineEngine::openLink()
{
    m_link->open();
    QTRY_COMPARE(m_link->state(), ui::EngineLink::State::Connected);
}

void LineEngine::hangUp()
{
    for (const auto& connection : m_connections) {
        connection->notifier.reset();
        close(connection->fd);
    }
    m_connections.clear();
}

void LineEngine::stop()
{
    m_accepting.reset();
    close(m_listener);
    m_listener = -1;
    hangUp();
}

void LineEngine::accept()
{
    const int fd = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    m_connections.push_back(std::make_unique<Connection>());
    Connection& added = *m_connections.back();
    added.fd = fd;
    added.notifier = std::make_unique<QSocketNotifier>(fd, QSocketNotifier::Read);
    connect(added.notifier.get(), &QSocketNotifier::activated, this,
            [this, &added] { read(added); });
}

void LineEngine::read(Connection& connection)
{
    std::array<char, 65536> buffer{};
    const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count <= 0) {
        connection.notifier->setEnabled(false);
        return;
    }
    connection.input.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = connection.input.find('\n'); end != std::string::npos;
         end = connection.input.find('\n')) {
        const std::string line = connection.input.substr(0, end);
        connection.input.erase(0, end + 1);
        serve(connection, line);
    }
}

void LineEngine::serve(Connection& connection, const std::string& line)
{
    const api::Json request = api::Json::parse(line);
    const std::string method = request.at("method");
    const api::Json parameters = request.value("params", api::Json::object());
    if (method != "approvals.preview")
        calls.emplace_back(method, parameters);
    const auto handler = m_handlers.find(method);
    const Result<api::Json> result =
        handler == m_handlers.end()
            ? Result<api::Json>(fail(Error::Code::Unavailable, "not in this test: " + method))
            : handler->second(parameters);
    api::Json reply = {{"jsonrpc", "2.0"}, {"id", request.at("id")}};
    if (result)
        reply["result"] = *result;
    else
        reply["error"] = {{"code", -32000},
                          {"message", result.error().text},
                          {"data", {{"code", codeName(result.error().code)}}}};
    write(connection, reply);
}

void LineEngine::write(const Connection& connection, const api::Json& message)
{
    const std::string line = message.dump() + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
        const ssize_t count =
            send(connection.fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count <= 0)
            return;
        sent += static_cast<std::size_t>(count);
    }
}

void LineEngine::emitEvent(const std::string& event, const api::Json& parameters)
{
    for (const auto& connection : m_connections)
        write(*connection, {{"jsonrpc", "2.0"}, {"method", event}, {"params", parameters}});
}

int LineEngine::callCount(const std::string& method) const
{
    return static_cast<int>(std::count_if(
        calls.begin(), calls.end(), [&method](const auto& call) { return call.first == method; }));
}

api::Json LineEngine::lastCall(const std::string& method) const
{
    const auto found = std::find_if(calls.rbegin(), calls.rend(),
                                    [&method](const auto& call) { return call.first == method; });
    return found == calls.rend() ? api::Json() : found->second;
}

void LineEngine::ask(const api::Question& asked)
{
    questions.push_back(asked);
    emitEvent("approval.changed", api::toJson(asked));
}

void LineEngine::store(const api::Row& stored)
{
    const auto known = findById(rows, stored.id);
    if (known == rows.end())
        rows.push_back(stored);
    else
        *known = stored;
    emitEvent("log.row", api::toJson(stored));
}

Result<api::Json> LineEngine::list(const api::Json& parameters) const
{
    api::RowFilter filter;
    if (parameters.contains("filter"))
        filter = *api::fromJson<api::RowFilter>(parameters.at("filter"));
    const auto limit = parameters.value("limit", std::size_t{100});
    api::RowPage page;
    const auto take = [&](const api::Row& each) {
        if (page.rows.size() == limit) {
            page.before = page.rows.back().id;
            return false;
        }
        if (contains(filter, each))
            page.rows.push_back(each);
        return true;
    };
    if (parameters.contains("after")) {
        const api::RowId after = parameters.at("after");
        for (const api::Row& each : rows) {
            if (each.id > after && !take(each))
                break;
        }
    } else {
        const auto before = parameters.value("before", std::numeric_limits<api::RowId>::max());
        for (auto each = rows.rbegin(); each != rows.rend(); ++each) {
            if (each->id < before && !take(*each))
                break;
        }
    }
    return api::toJson(page);
}

void LineEngine::addHandlers()
{
    handle("engine.subscribe", [](const auto&) { return api::Json::object(); });
    handle("engine.info", [this](const auto&) {
        api::EngineInfo info;
        info.rows = static_cast<std::int64_t>(rows.size());
        return api::toJson(info);
    });
    handle("sandbox.list", [this](const auto&) {
        return api::Json{{"sandboxes", arrayOf(sandboxes)}};
    });
    handle("approvals.list", [this](const auto&) {
        return api::Json{{"questions", arrayOf(questions)}};
    });
    const auto ruleOf = [this](const api::Json& parameters) -> std::optional<api::Rule> {
        const auto answer = api::fromJson<api::Answer>(parameters);
        const auto asked = findById(questions, answer->question);
        if (answer->lifetime == api::Lifetime::Once || asked == questions.end())
            return std::nullopt;
        api::Rule rule;
        rule.action = answer->action;
        rule.sandbox =
            answer->scope == api::Scope::All ? std::nullopt : std::optional(asked->sandbox);
        rule.match.host = asked->host;
        if (answer->reach <= api::Reach::MethodAndHost)
            rule.match.method = asked->method;
        rule.untilStop = answer->lifetime == api::Lifetime::UntilStop;
        rule.origin = api::RuleOrigin::Answer;
        rule.reason = answer->reason;
        return rule;
    };
    handle("approvals.preview", [ruleOf](const api::Json& parameters) {
        const auto rule = ruleOf(parameters);
        return rule ? api::Json{{"rule", api::toJson(*rule)}} : api::Json::object();
    });
    handle("approvals.answer", [this, ruleOf](const api::Json& parameters) -> Result<api::Json> {
        const auto answer = api::fromJson<api::Answer>(parameters);
        const auto asked = findById(questions, answer->question);
        if (asked == questions.end())
            return fail(Error::Code::NotFound, "no such question");
        auto rule = ruleOf(parameters);
        api::Question answered = *asked;
        questions.erase(asked);
        answered.state = api::QuestionState::Answered;
        emitEvent("approval.changed", api::toJson(answered));
        if (!rule)
            return api::Json::object();
        rule->id = m_nextRule++;
        rules.push_back(*rule);
        return api::Json{{"rule", api::toJson(*rule)}};
    });
    handle("log.list", [this](const api::Json& parameters) { return list(parameters); });
    handle("log.get", [this](const api::Json& parameters) -> Result<api::Json> {
        const auto found = findById(rows, parameters.at("row").get<api::RowId>());
        if (found == rows.end())
            return fail(Error::Code::NotFound, "no such row");
        api::RowDetail detail;
        detail.row = *found;
        detail.requestHeaders = {
            {"host", found->host}, {"authorization", "•••"}, {"accept", "*/*"}};
        detail.responseHeaders = {{"content-type", "application/json"}};
        detail.upstreamTls = "TLSv1.3, issued to api.example.com by Example CA";
        return api::toJson(detail);
    });
}

void LineEngine::addPolicyHandlers()
{
    handle("rules.list", [this](const auto&) { return api::Json{{"rules", arrayOf(rules)}}; });
    handle("rules.add", [this](const api::Json& parameters) -> Result<api::Json> {
        auto rule = *api::fromJson<api::Rule>(parameters.at("rule"));
        rule.id = m_nextRule++;
        rules.push_back(rule);
        emitEvent("rule.changed", api::toJson(rule));
        return api::toJson(rule);
    });
    handle("rules.update", [this](const api::Json& parameters) -> Result<api::Json> {
        const auto rule = *api::fromJson<api::Rule>(parameters.at("rule"));
        const auto found = findById(rules, rule.id);
        if (found == rules.end())
            return fail(Error::Code::NotFound, "no such rule");
        *found = rule;
        emitEvent("rule.changed", api::toJson(rule));
        return api::toJson(rule);
    });
    handle("rules.remove", [this](const api::Json& parameters) -> Result<api::Json> {
        const api::RuleId id = parameters.at("rule");
        rules.erase(findById(rules, id));
        emitEvent("rule.removed", {{"rule", id}});
        return api::Json::object();
    });
    handle("policy.set", [this](const api::Json& parameters) -> Result<api::Json> {
        const auto found = findById(sandboxes, parameters.at("sandbox").get<api::SandboxId>());
        if (found == sandboxes.end())
            return fail(Error::Code::NotFound, "no such sandbox");
        api::Json json = api::toJson(*found);
        json.update(parameters);
        json.erase("sandbox");
        if (json.contains("allowedHosts") && json.at("allowedHosts").is_null())
            json.erase("allowedHosts");
        *found = *api::fromJson<api::Sandbox>(json);
        emitEvent("sandbox.changed", api::toJson(*found));
        return api::toJson(*found);
    });
    handle("policy.get", [this](const api::Json& parameters) -> Result<api::Json> {
        const auto found = findById(sandboxes, parameters.at("sandbox").get<api::SandboxId>());
        if (found == sandboxes.end())
            return fail(Error::Code::NotFound, "no such sandbox");
        api::Json steps = api::Json::array();
        const auto add = [this, &steps](api::Step step, const char* title, const char* text) {
            api::LadderStep each;
            if (step == api::Step::Handler)
                each.handlers = handlers;
            each.step = step;
            each.title = title;
            each.text = text;
            steps.push_back(api::toJson(each));
        };
        add(api::Step::Floor, "Floor",
            "This machine, private networks and cloud metadata are refused, always.");
        add(api::Step::Denied, "Denied hosts",
            "Requests to these are refused, whatever allows below.");
        add(api::Step::Gate, "Allowed hosts", "Not set: every host goes on to the next step.");
        add(api::Step::Handler, "Handlers", "Those of a host come first.");
        add(api::Step::Rule, "Rules",
            "Allow rules and remembered answers; the most specific wins.");
        add(api::Step::Default, "Default", "What nothing above decides, you are asked.");
        return api::Json{{"steps", steps}};
    });
}

void LineEngine::addPhaseHandlers()
{
    handle("phases.get",
           [this](const api::Json&) -> Result<api::Json> { return api::toJson(phases); });
    handle("phases.set", [this](const api::Json& parameters) -> Result<api::Json> {
        phases.phases = *api::member<std::vector<api::Phase>>(parameters, "phases");
        if (phases.phases.empty())
            phases.current.clear();
        return api::toJson(phases);
    });
    handle("phases.enter", [this](const api::Json& parameters) -> Result<api::Json> {
        phases.current = *api::member<std::string>(parameters, "phase");
        for (const api::Phase& each : phases.phases)
            if (each.name == phases.current) {
                sandboxes[0].defaultAction = each.defaultAction;
                sandboxes[0].allowedHosts = each.allowedHosts;
            }
        emitEvent("sandbox.changed", api::toJson(sandboxes[0]));
        return api::toJson(phases);
    });
}

void LineEngine::addOutboundHandlers()
{
    handle("handlers.builtIns", [](const api::Json&) -> Result<api::Json> {
        using Type = api::ParameterType;
        const std::vector<api::BuiltIn> all = {
            {"readOnly", "GET, HEAD and OPTIONS pass, all else is answered 405.", {}},
            {"allowHosts",
             "These hosts pass, all others are denied.",
             {{"hosts", "Hosts", Type::Hosts, false, "Patterns as in rules, one a line.", {}}}},
            {"setHeaders",
             "Passes with changed headers.",
             {{"request",
               "Of the request",
               Type::Headers,
               false,
               "Name: value, one a line; -Name removes it.",
               {}}}},
            {"redirectTo",
             "Goes to a port of this machine instead.",
             {{"port", "Port", Type::Number, true, "That a server of yours listens on.", {}},
              {"name", "Name", Type::Text, false, "What listens there.", {}},
              {"hostHeader",
               "Host header",
               Type::Choice,
               false,
               "What the server reads.",
               {"replace", "keep"}}}},
            {"kv",
             "Answers from keys and values that are bound to the sandbox.",
             {{"namespace", "Namespace", Type::Text, false, "Else the path names it.", {}}}},
            {"ask",
             "You are asked.",
             {{"always", "Also what a rule allows", Type::Flag, false, "Each time.", {}}}}};
        return api::Json{{"builtIns", api::toJson(all)}};
    });
    handle("module.get", [](const api::Json& parameters) -> Result<api::Json> {
        api::Module module;
        module.sandbox = parameters.at("sandbox");
        module.handlers = {"mine"};
        return api::toJson(module);
    });
    const auto place = [this](const api::Json& parameters) {
        std::erase_if(handlers, [host = parameters.value("host", "")](const api::Handler& each) {
            return each.host == host && each.origin == api::HandlerOrigin::RunTime;
        });
        if (parameters.contains("name") && parameters.at("name").is_string())
            handlers.push_back(handler(parameters.value("host", ""), parameters.at("name"),
                                       parameters.value("params", api::Json::object()).dump(),
                                       "Does it."));
        emitEvent("handlers.changed", {{"sandbox", parameters.at("sandbox")}});
        return api::Json{{"handlers", api::toJson(handlers)}};
    };
    for (const char* method : {"sandbox.setOutboundHandler", "sandbox.setOutboundByHost",
                               "sandbox.removeOutboundByHost"})
        handle(method, [place](const api::Json& parameters) -> Result<api::Json> {
            return place(parameters);
        });
}

api::Handler handler(const std::string& host,
                     const std::string& name,
                     const std::string& params,
                     const std::string& text)
{
    api::Handler made;
    made.host = host;
    made.name = name;
    made.params = params;
    made.text = text;
    return made;
}

api::Sandbox sandbox(api::SandboxId id, const std::string& name)
{
    api::Sandbox made;
    made.id = id;
    made.name = name;
    made.state = api::SandboxState::Running;
    return made;
}

api::Question question(api::QuestionId id,
                       const std::string& method,
                       const std::string& host,
                       const std::string& path)
{
    api::Question made;
    made.id = id;
    made.sandbox = 1;
    made.sandboxName = "agent-1";
    made.method = method;
    made.scheme = "https";
    made.host = host;
    made.port = 443;
    made.path = path;
    made.why = "No rule decides this; the default of agent-1 is to ask.";
    made.askedAt = nowUnixMillis() - 7'000;
    made.heldUntil = made.askedAt + 25'000;
    made.waiting = 1;
    return made;
}

api::Row row(api::RowId id, api::RowState state, const std::string& host)
{
    api::Row made;
    made.id = id;
    made.time = 1'767'225'600'000 + id * 137;
    made.sandbox = 1;
    made.sandboxName = "agent-1";
    made.protocol = "h2";
    made.method = "GET";
    made.scheme = "https";
    made.host = host;
    made.port = 443;
    made.path = "/v1/items/" + std::to_string(id);
    made.state = state;
    made.step = api::Step::Rule;
    made.reason = "the rule allows it";
    if (state != api::RowState::Held)
        made.verdict = state == api::RowState::Denied ? api::Action::Deny : api::Action::Allow;
    if (state == api::RowState::Done)
        made.status = 200;
    if (state == api::RowState::Denied)
        made.status = 403;
    made.responseBytes = 1200 + id;
    made.durationMs = 40 + id % 300;
    return made;
}

bool contains(const api::RowFilter& filter, const api::Row& row)
{
    const std::string text = lower(filter.text);
    return (!filter.sandbox || *filter.sandbox == row.sandbox) &&
           (!filter.verdict || filter.verdict == row.verdict) &&
           (!filter.state || *filter.state == row.state) &&
           (filter.method.empty() || lower(filter.method) == lower(row.method)) &&
           (!filter.status || *filter.status == row.status) &&
           (text.empty() || lower(row.host).find(text) != std::string::npos ||
            lower(row.path).find(text) != std::string::npos);
}

} // namespace sallyport::test
