#include <QTest>

#include "engine/policy/handler_index.h"
#include "engine/policy/ladder.h"
#include "engine/policy/module_policy.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

constexpr UnixMillis Now = 1'700'000'000'000;

api::Handler handler(std::string host,
                     std::string name,
                     std::string params = "{}",
                     api::HandlerOrigin origin = api::HandlerOrigin::RunTime)
{
    api::Handler made;
    made.host = std::move(host);
    made.name = std::move(name);
    made.params = std::move(params);
    made.origin = origin;
    return made;
}

api::Handler declared(std::string host, std::string name)
{
    return handler(std::move(host), std::move(name), "{}", api::HandlerOrigin::Declared);
}

api::Handler script(std::string host, std::string name)
{
    api::Handler made = handler(std::move(host), std::move(name));
    made.kind = api::HandlerKind::JavaScript;
    return made;
}

api::Rule rule(api::RuleId id, api::Action action, std::string host, std::string method = {})
{
    api::Rule made;
    made.id = id;
    made.action = action;
    made.match.host = std::move(host);
    made.match.method = std::move(method);
    return made;
}

Request request(std::string method, std::string host, std::string scheme = "https")
{
    Request made;
    made.method = std::move(method);
    made.port = scheme == "https" ? 443 : scheme == "http" ? 80 : 22;
    made.scheme = std::move(scheme);
    made.host = parseHost(host).value();
    made.path = made.scheme == "tcp" ? "" : "/x";
    return made;
}

api::Sandbox sandbox(api::DefaultAction action = api::DefaultAction::Ask)
{
    api::Sandbox made;
    made.id = 1;
    made.defaultAction = action;
    return made;
}

Decision decideWith(const std::vector<api::Handler>& handlers,
                    const Request& asked,
                    const std::vector<api::Rule>& rules = {},
                    const api::Sandbox& of = sandbox())
{
    return decide(*Snapshot::build(of, rules, {}, Now, handlers), asked, Now);
}

std::string nameOf(const Decision& decision)
{
    return decision.handler ? decision.handler->slot.host + " " + decision.handler->slot.name : "";
}

std::string errorOf(std::string_view name, std::string_view params)
{
    const auto parsed = parseBuiltIn(name, params);
    return parsed ? std::string() : parsed.error().text;
}

} // namespace

class HandlersTest : public QObject
{
    Q_OBJECT

private slots:
    // ---- The order of the rungs

    void hostComesBeforeCatchAllAndRunTimeBeforeDeclared_data()
    {
        QTest::addColumn<QString>("host");
        QTest::addColumn<QString>("expected");
        QTest::newRow("exact, at run time") << "a.example.com"
                                            << "a.example.com noHttp";
        QTest::newRow("a pattern at run time beats an exact declared one")
            << "b.example.com"
            << "*.example.com readOnly";
        QTest::newRow("the longer suffix") << "x.deep.example.com"
                                           << "*.deep.example.com log";
        QTest::newRow("declared, where nothing else is") << "other.example"
                                                         << "other.example log";
        QTest::newRow("an address") << "203.0.113.9"
                                    << "203.0.113.0/24 noHttp";
        QTest::newRow("not the apex of a pattern") << "example.com"
                                                   << " denyHosts";
        QTest::newRow("everything else") << "z.example"
                                         << " denyHosts";
    }
    void hostComesBeforeCatchAllAndRunTimeBeforeDeclared()
    {
        QFETCH(QString, host);
        QFETCH(QString, expected);
        const std::vector<api::Handler> handlers{
            declared("", "noHttp"),
            handler("", "denyHosts", R"({"hosts":[]})"),
            declared("b.example.com", "noHttp"),
            declared("other.example", "log"),
            handler("*.example.com", "readOnly"),
            handler("*.deep.example.com", "log"),
            handler("a.example.com", "noHttp"),
            handler("203.0.113.0/24", "noHttp"),
        };
        const Decision decision = decideWith(handlers, request("GET", host.toStdString()));
        QCOMPARE(nameOf(decision), expected.toStdString());
        QCOMPARE(decision.step, api::Step::Handler);
    }

    void declaredCatchAllIsInForceWithoutOneSetAtRunTime()
    {
        QCOMPARE(nameOf(decideWith({declared("", "noHttp")}, request("GET", "a.example"))),
                 std::string(" noHttp"));
    }

    void whatStandsAboveBeatsHandlers()
    {
        const std::vector<api::Handler> open{handler("", "log"), handler("a.example", "log")};
        const auto get = request("GET", "a.example");
        QCOMPARE(decideWith(open, request("GET", "127.0.0.1")).step, api::Step::Floor);
        QCOMPARE(decideWith(open, get, {rule(1, api::Action::Deny, "a.example")}).step,
                 api::Step::Denied);
        api::Sandbox gated = sandbox();
        gated.allowedHosts = {"b.example"};
        QCOMPARE(decideWith(open, get, {}, gated).step, api::Step::Gate);
        gated.allowedHosts = {"a.example"};
        QCOMPARE(decideWith(open, get, {}, gated).step, api::Step::Handler);
    }

    void handlersBeatAllowRulesAndTheDefault()
    {
        const auto get = request("GET", "a.example");
        const std::vector<api::Rule> allow{rule(1, api::Action::Allow, "*")};
        QCOMPARE(decideWith({handler("", "noHttp")}, get, allow).verdict, Verdict::Deny);
        QCOMPARE(
            decideWith({handler("a.example", "log")}, get, {}, sandbox(api::DefaultAction::Deny))
                .verdict,
            Verdict::Allow);
        QCOMPARE(decideWith({handler("b.example", "noHttp")}, get, allow).step, api::Step::Rule);
    }

    void askGivesWayToAnAnswer()
    {
        const auto get = request("GET", "a.example");
        const std::vector<api::Rule> answered{rule(1, api::Action::Allow, "a.example", "GET")};
        QCOMPARE(decideWith({handler("", "ask")}, get).verdict, Verdict::Ask);
        QCOMPARE(decideWith({handler("", "ask")}, get, answered).verdict, Verdict::Allow);
        QCOMPARE(decideWith({handler("", "ask")}, request("POST", "a.example"), answered).verdict,
                 Verdict::Ask);
        QCOMPARE(decideWith({handler("", "ask", R"({"always":true})")}, get, answered).verdict,
                 Verdict::Ask);
    }

    void aPatternThatCannotBeReadDeniesAll()
    {
        const Decision decision = decideWith({handler("*bad", "log")}, request("GET", "a.example"));
        QCOMPARE(decision.verdict, Verdict::Deny);
        QVERIFY(decision.reason.find("can't be read") != std::string::npos);
    }

    void aHandlerThatCannotBeUsedDenies()
    {
        for (const auto& broken : {handler("", "fromTheFuture"), handler("", "redirectTo")}) {
            const Decision decision = decideWith({broken}, request("GET", "a.example"));
            QCOMPARE(decision.verdict, Verdict::Deny);
            QVERIFY(decision.reason.find("can't be used") != std::string::npos);
        }
    }

    // ---- What each decides

    void builtInsDecide_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("params");
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("scheme");
        QTest::addColumn<int>("expected");
        QTest::addColumn<int>("status");
        const auto row = [](const char* name, const char* params, const char* method,
                            const char* scheme, Verdict verdict, int status = 403) {
            QTest::addRow("%s %s %s %s", name, params, method, scheme)
                << name << params << method << scheme << static_cast<int>(verdict) << status;
        };
        constexpr auto Hosts = R"({"hosts":["a.example"]})";
        constexpr auto Others = R"({"hosts":["b.example","*.a.example"]})";
        row("allowHosts", Hosts, "POST", "https", Verdict::Allow);
        row("allowHosts", Others, "GET", "https", Verdict::Deny);
        row("allowHosts", R"({"allowedHostnames":["a.example"]})", "GET", "https", Verdict::Allow);
        row("allowHosts", Hosts, "TCP", "tcp", Verdict::Allow);
        row("allowHosts", R"({"hosts":["a.example:443"]})", "TCP", "tcp", Verdict::Deny);
        row("denyHosts", Hosts, "GET", "https", Verdict::Deny);
        row("denyHosts", Others, "GET", "https", Verdict::Allow);
        row("readOnly", "", "GET", "https", Verdict::Allow);
        row("readOnly", "", "HEAD", "http", Verdict::Allow);
        row("readOnly", "", "OPTIONS", "https", Verdict::Allow);
        row("readOnly", "", "POST", "https", Verdict::Deny, 405);
        row("readOnly", "", "get", "https", Verdict::Deny, 405);
        row("readOnly", "", "TRACE", "https", Verdict::Deny, 405);
        row("readOnly", "", "TCP", "tcp", Verdict::Deny);
        row("noHttp", "", "GET", "http", Verdict::Deny);
        row("noHttp", "", "TCP", "tcp", Verdict::Deny);
        row("log", "", "DELETE", "https", Verdict::Allow);
        row("log", "", "TCP", "tcp", Verdict::Allow);
        row("tunnel", "", "GET", "https", Verdict::Allow);
        row("tunnel", "", "TCP", "tcp", Verdict::Allow);
        row("setHeaders", R"({"request":{"X":"1"}})", "GET", "https", Verdict::Allow);
        row("setHeaders", R"({"request":{"X":"1"}})", "TCP", "tcp", Verdict::Deny);
        row("respond", "", "GET", "https", Verdict::Handle);
        row("respond", "", "TCP", "tcp", Verdict::Deny);
        row("redirectTo", R"({"port":8080})", "POST", "http", Verdict::Allow);
        row("redirectTo", R"({"port":8080})", "TCP", "tcp", Verdict::Deny);
    }
    void builtInsDecide()
    {
        QFETCH(QString, name);
        QFETCH(QString, params);
        QFETCH(QString, method);
        QFETCH(QString, scheme);
        QFETCH(int, expected);
        QFETCH(int, status);
        const Decision decision =
            decideWith({handler("a.example", name.toStdString(), params.toStdString())},
                       request(method.toStdString(), "a.example", scheme.toStdString()));
        QCOMPARE(static_cast<int>(decision.verdict), expected);
        QCOMPARE(decision.status, status);
        QCOMPARE(decision.ruleText, std::string("a.example"));
        QVERIFY(decision.reason.find(name.toStdString() + " of a.example") != std::string::npos);
    }

    void readOnlyDeniesAnUpgrade()
    {
        Request upgrade = request("GET", "a.example");
        upgrade.isUpgrade = true;
        QCOMPARE(decideWith({handler("", "readOnly")}, upgrade).verdict, Verdict::Deny);
        QCOMPARE(decideWith({handler("", "log")}, upgrade).verdict, Verdict::Allow);
    }

    void scriptsHandleHttpAndDenyTheRest()
    {
        const std::vector<api::Handler> handlers{script("", "mine")};
        const Decision decision = decideWith(handlers, request("POST", "a.example"));
        QCOMPARE(decision.verdict, Verdict::Handle);
        QCOMPARE(decision.handler->slot.kind, api::HandlerKind::JavaScript);
        QCOMPARE(decideWith(handlers, request("TCP", "a.example", "tcp")).verdict, Verdict::Deny);
    }

    // ---- Connections that are not to be opened

    void aConnectionIsAllowedAsAWholeOnly()
    {
        Request connection = request("CONNECT", "a.example");
        connection.path.clear();
        connection.isConnection = true;
        const std::vector<api::Handler> tunnel{handler("a.example", "tunnel")};
        QCOMPARE(decideWith(tunnel, connection).verdict, Verdict::Allow);
        // A deny of a part of the host can't be kept in it.
        QCOMPARE(
            decideWith(tunnel, connection, {rule(1, api::Action::Deny, "a.example", "POST")}).step,
            api::Step::Denied);
        // What is allowed for a part of the host does not allow all of it.
        const std::vector<api::Rule> get{rule(1, api::Action::Allow, "a.example", "GET")};
        QCOMPARE(decideWith({}, connection, get).verdict, Verdict::Ask);
        QCOMPARE(decideWith({}, connection, {rule(1, api::Action::Allow, "a.example")}).verdict,
                 Verdict::Allow);
        QVERIFY(decideWith({handler("", "readOnly")}, connection).verdict == Verdict::Deny);
    }

    // ---- Parameters

    void goodParametersAreTaken_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("params");
        QTest::addColumn<QString>("text");
        QTest::newRow("none") << "readOnly"
                              << ""
                              << "GET, HEAD and OPTIONS pass, all else is answered 405.";
        QTest::newRow("null") << "noHttp"
                              << "null"
                              << "Everything is denied.";
        QTest::newRow("hosts") << "allowHosts"
                               << R"({"hosts":["A.example","*.b.example","c.d"]})"
                               << "Lets a.example and 2 others pass and denies the rest.";
        QTest::newRow("headers")
            << "setHeaders"
            << R"({"request":{"Authorization":"Bearer x","Cookie":null},"response":{"X-A":"1"}})"
            << "Passes; request: sets Authorization, removes Cookie; answer: sets X-A.";
        QTest::newRow("respond") << "respond"
                                 << R"({"status":404,"headers":{"X":"y"},"body":"gone"})"
                                 << "Answers 404 with 4 bytes; nothing is sent anywhere.";
        QTest::newRow("redirect") << "redirectTo"
                                  << R"({"port":11434,"name":"models","hostHeader":"keep"})"
                                  << "Goes to port 11434 of this machine (models); Host is kept.";
    }
    void goodParametersAreTaken()
    {
        QFETCH(QString, name);
        QFETCH(QString, params);
        QFETCH(QString, text);
        const auto parsed = parseBuiltIn(name.toStdString(), params.toStdString());
        QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().text.c_str());
        QCOMPARE(QString::fromStdString(describe(*parsed)), text);
    }

    void badParametersAreNamed_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("params");
        QTest::addColumn<QString>("part");
        const auto row = [](const char* name, const QString& params, const char* part) {
            QTest::addRow("%s %s", name, qPrintable(params.left(60))) << name << params << part;
        };
        row("nothing", "", "no handler is named 'nothing'; built in are ask, allowHosts");
        row("readOnly", R"({"x":1})", "no parameter 'x'");
        row("readOnly", "[]", "no JSON object");
        row("readOnly", "{", "no JSON object");
        row("ask", R"({"always":1})", "not true or false");
        row("allowHosts", "", "needs the parameter 'hosts'");
        row("allowHosts", R"({"hosts":"a.example"})", "not a list");
        row("allowHosts", R"({"hosts":[7]})", "not a list");
        row("denyHosts", R"({"hosts":["*a.example"]})", "hosts: ");
        row("denyHosts", R"({"allowedHostnames":[]})", "no parameter");
        row("setHeaders", "", "needs a header");
        row("setHeaders", R"({"request":{"Host":"x"}})", "belongs to the connection");
        row("setHeaders", R"({"request":{"transfer-ENCODING":null}})", "belongs to the connection");
        row("setHeaders", R"({"request":{"a b":"x"}})", "no name of a header");
        row("setHeaders", R"({"request":{"":"x"}})", "no name of a header");
        row("setHeaders", R"({"response":{"X":"a\r\nY: b"}})", "line break");
        row("setHeaders", R"({"request":{"X":7}})", "null to remove");
        row("respond", R"({"status":101})", "200 to 599");
        row("respond", R"({"status":"200"})", "200 to 599");
        row("respond", R"({"status":18446744073709551615})", "200 to 599");
        row("respond", R"({"status":204,"body":"x"})", "has none");
        row("respond", R"({"headers":{"X":null}})", "has no value");
        row("respond", QString(R"({"body":"%1"})").arg(QString(50000, 'x')), "longer than");
        row("redirectTo", "", "needs the parameter 'port'");
        row("redirectTo", R"({"port":0})", "1 to 65535");
        row("redirectTo", R"({"port":80.5})", "1 to 65535");
        row("redirectTo", R"({"port":80,"hostHeader":"drop"})", "none of replace, keep");
        row("redirectTo", QString(R"({"port":80,"name":"%1"})").arg(QString(61, 'x')),
            "longer than");
        row("readOnly", QString(70000, ' '), "longer than");
    }
    void badParametersAreNamed()
    {
        QFETCH(QString, name);
        QFETCH(QString, params);
        QFETCH(QString, part);
        const std::string error = errorOf(name.toStdString(), params.toStdString());
        QVERIFY2(error.find(part.toStdString()) != std::string::npos, error.c_str());
    }

    void everyBuiltInIsDescribed()
    {
        for (const api::BuiltIn& each : builtIns()) {
            QVERIFY(isBuiltIn(each.name));
            QVERIFY2(each.summary.ends_with('.'), each.name.c_str());
            for (const api::HandlerParameter& parameter : each.parameters) {
                QVERIFY(!parameter.title.empty() && parameter.summary.ends_with('.'));
                QCOMPARE(parameter.type == api::ParameterType::Choice, !parameter.choices.empty());
            }
        }
    }

    // ---- As it is shown

    void theLadderShowsHandlersAndWhatTheyOpen()
    {
        const auto steps = describeLadder(
            sandbox(), {}, Now,
            {handler("", "readOnly"), script("b.example", "mine"),
             handler("models.local.example", "redirectTo", R"({"port":11434,"name":"models"})")});
        QCOMPARE(steps.at(3).step, api::Step::Handler);
        std::vector<std::string> names;
        for (const api::Handler& each : steps.at(3).handlers)
            names.push_back(each.host + " " + each.name + ": " + each.text);
        QCOMPARE(
            names,
            (std::vector<std::string>{
                "b.example mine: A handler of the sandbox's module.",
                "models.local.example redirectTo: Goes to port 11434 of this machine (models); "
                "Host is replaced.",
                " readOnly: GET, HEAD and OPTIONS pass, all else is answered 405."}));
        QVERIFY(steps.at(0).text.find("127.0.0.1:11434 (models) for models.local.example") !=
                std::string::npos);
        QVERIFY(describeLadder(sandbox(), {}, Now).at(3).handlers.empty());
    }

    void whatTheClassSaysStandsOnTheLadder()
    {
        api::ModuleSettings module;
        module.deniedHosts = {"bad.example"};
        module.enableInternet = false;
        api::Sandbox own = sandbox(api::DefaultAction::Ask);
        const auto decideNow = [&](const std::string& host) {
            Decision decision = decideWith({}, request("GET", host), {rule(1, api::Action::Allow, "*")},
                                           withModule(own, module));
            nameModule(decision, own, module);
            return decision;
        };
        QCOMPARE(decideNow("bad.example").verdict, Verdict::Deny);
        QVERIFY(decideNow("bad.example").reason.ends_with("which the module's class says"));
        // Rules of the person's stand above the default.
        QCOMPARE(decideNow("other.example").verdict, Verdict::Allow);
        Decision closed = decideWith({}, request("GET", "other.example"), {}, withModule(own, module));
        nameModule(closed, own, module);
        QCOMPARE(closed.verdict, Verdict::Deny);
        QVERIFY(closed.reason.find("enableInternet = false") != std::string::npos);

        module.allowedHosts = {"good.example"};
        QCOMPARE(decideNow("good.example").verdict, Verdict::Allow);
        QCOMPARE(decideNow("other.example").step, api::Step::Gate);
        QVERIFY(decideNow("other.example").reason.ends_with("of the module's class"));
        // On its list, allowed without a rule: the list is more than the gate.
        QCOMPARE(decideWith({}, request("GET", "good.example"), {}, withModule(own, module)).verdict,
                 Verdict::Allow);
        // The person's own list takes its place; what is denied stays so.
        own.allowedHosts = {"other.example", "bad.example"};
        QCOMPARE(decideNow("good.example").step, api::Step::Gate);
        QCOMPARE(decideNow("other.example").verdict, Verdict::Allow);
        QCOMPARE(decideNow("bad.example").step, api::Step::Denied);
    }

    void theClassOpensNothing()
    {
        api::ModuleSettings module;
        module.enableInternet = true;
        const api::Sandbox own = sandbox(api::DefaultAction::Deny);
        QCOMPARE(withModule(own, module).defaultAction, api::DefaultAction::Deny);
        auto steps = describeLadder(withModule(own, module), {}, Now);
        describeModule(steps, own, module);
        QVERIFY(steps.back().text.find("does not open") != std::string::npos);
    }

    void timesAreRead()
    {
        QCOMPARE(secondsOf("10m"), 600);
        QCOMPARE(secondsOf("1h"), 3600);
        QCOMPARE(secondsOf("30s"), 30);
        QCOMPARE(secondsOf("45"), 45);
        for (const char* bad : {"", "0", "-1m", "5d", "m", "1.5h", "99999999999h", "1 h"})
            QCOMPARE(secondsOf(bad), 0);
    }
};

QTEST_APPLESS_MAIN(HandlersTest)
#include "handlers_test.moc"
