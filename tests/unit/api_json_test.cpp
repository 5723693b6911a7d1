#include <limits>

#include <QtTest>

#include "engine/api/json.h"

using namespace sallyport;
using api::Json;

namespace {

// Every member of T, set away from its default where that is easy, survives the way through text.
template <typename T> bool survives(const T& value)
{
    const Json json = Json::parse(api::toJson(value).dump());
    const auto back = api::fromJson<T>(json);
    return back && api::toJson(*back) == json;
}

std::string errorOf(const auto& result)
{
    return result ? std::string() : result.error().text;
}

api::Rule fullRule()
{
    return {7,
            3,
            api::Action::Allow,
            {"*.example.com", 443, "https", "GET", "/v1/**"},
            false,
            1700000000000,
            true,
            api::RuleOrigin::Answer,
            "because",
            "mine",
            1600000000000,
            42,
            1650000000000};
}

api::Handler fullHandler()
{
    return {"*.example.com",
            api::HandlerOrigin::Declared,
            api::HandlerKind::JavaScript,
            "mine",
            R"({"a":[1,"b",null]})",
            "Does it.",
            5};
}

api::Row fullRow()
{
    api::Row row;
    row.id = std::numeric_limits<std::int64_t>::max();
    row.host = "api.example.com";
    row.path = "/a?b=\x01\xc3\xa9";
    row.state = api::RowState::Failed;
    row.verdict = api::Action::Allow;
    row.step = api::Step::Answer;
    row.rule = 5;
    row.question = 6;
    row.status = 502;
    return row;
}

} // namespace

class ApiJsonTest : public QObject
{
    Q_OBJECT

private slots:
    void everyTypeSurvivesARoundTrip()
    {
        api::Sandbox sandbox;
        sandbox.name = "agent-1";
        sandbox.allowedHosts = std::vector<std::string>{};
        sandbox.startedAt = 5;
        sandbox.stats = {1.5, 2, 3};
        QVERIFY(survives(sandbox));
        QVERIFY(survives(api::sizes().front()));
        QVERIFY(survives(api::NewSandbox{"agent-2", api::SizeName::Lite, "debian-12", 1024,
                                         api::DefaultAction::Deny}));
        QVERIFY(survives(fullRule()));
        QVERIFY(
            survives(api::LadderStep{
                api::Step::Gate, "Gate", "Only these hosts", {fullRule()}, {fullHandler()}}));
        QVERIFY(survives(fullHandler()));
        QVERIFY(survives(api::BuiltIn{
            "log", "All passes.", {{"a", "A", api::ParameterType::Choice, true, "b", {"c"}}}}));
        QVERIFY(survives(api::Module{3, "export {}", false, {{"odd", 1, 2}}, {"mine"}, 5}));
        QVERIFY(survives(api::HandlerLinePage{
            {{1, 2, 3, 4, "mine", api::LineLevel::Error, "text", 5, 6}}, 7}));
        api::Question question;
        question.bodyBytes = 0;
        question.heldUntil = 9;
        question.state = api::QuestionState::Withdrawn;
        QVERIFY(survives(question));
        QVERIFY(survives(api::Answer{1, api::Action::Deny, "no", api::Reach::Domain,
                                     api::Lifetime::Always, api::Scope::All}));
        QVERIFY(survives(fullRow()));
        QVERIFY(survives(api::RowDetail{fullRow(), {{"a", "b"}, {"a", "c"}}, {}, "TLSv1.3", api::WebSocketLog{1, 2, {{}}}}));
        QVERIFY(
            survives(api::RowFilter{1, api::Action::Deny, api::RowState::Held, "GET", "x", 200}));
        QVERIFY(survives(api::RowPage{{fullRow()}, 4}));
        QVERIFY(survives(api::ExecRequest{1, {"sh", "-c", "x"}, {{"A", "b"}}, "/", "me", true}));
        QVERIFY(survives(api::ExecOutput{1, api::OutputStream::Err, std::string("\0\xff\n", 3)}));
        QVERIFY(survives(api::ExecExit{1, 137, 9, "lost"}));
        QVERIFY(survives(api::Check{"kvm", "KVM", api::CheckState::Warning, "no", "do"}));
        QVERIFY(survives(api::EngineInfo{"1", 2, true, "", "tcg", "no kvm", 3, 4, 5}));
    }

    void theFormIsWhatTheHeaderSays()
    {
        const Json rule = api::toJson(fullRule());
        QCOMPARE(rule["action"], Json("allow"));
        QCOMPARE(rule["match"]["port"], Json(443));
        QVERIFY(!api::toJson(api::Rule{}).contains("sandbox"));
        QVERIFY(!api::toJson(api::Sandbox{}).contains("allowedHosts"));
        QCOMPARE(api::toJson(api::Reach::MethodAndHost), Json("methodAndHost"));
        QCOMPARE(api::toJson(api::ExecOutput{1, {}, "hi"})["bytes"], Json("aGk="));
        QCOMPARE(api::toJson(api::RowDetail{{}, {{"n", "v"}}, {}, {}, {}})["requestHeaders"],
                 Json::parse(R"([["n","v"]])"));
    }

    void aWrongMemberIsNamed()
    {
        const auto rule = [](const char* text) {
            return errorOf(api::fromJson<api::Rule>(Json::parse(text)));
        };
        QCOMPARE(rule(R"({"match":{"host":"a"}})"), std::string("action: missing"));
        QCOMPARE(rule(R"({"action":"allow","match":{}})"), std::string("match: host: missing"));
        QCOMPARE(rule(R"({"action":"permit","match":{"host":"a"}})"),
                 std::string("action: 'permit' is none of allow, deny"));
        QCOMPARE(rule(R"({"action":"deny","match":{"host":"a","port":"1"}})"),
                 std::string("match: port: not an integer"));
        QCOMPARE(rule(R"({"action":"deny","match":{"host":"a","port":null}})"),
                 std::string("match: port: not an integer"));
        QCOMPARE(rule(R"({"action":"deny","match":{"host":"a","port":1.5}})"),
                 std::string("match: port: not an integer"));
        QCOMPARE(rule("[]"), std::string("not an object"));
    }

    void anAnswerMustSayEverything()
    {
        QCOMPARE(errorOf(api::fromJson<api::Answer>(Json::parse(
                     R"({"question":1,"action":"allow","reach":"host","scope":"all"})"))),
                 std::string("lifetime: missing"));
    }

    void numbersAreHeldToTheirRange()
    {
        QVERIFY(!api::fromJson<int>(Json(std::int64_t{1} << 40)));
        QVERIFY(!api::fromJson<std::int64_t>(Json(std::numeric_limits<std::uint64_t>::max())));
        QCOMPARE(*api::fromJson<std::int64_t>(Json(std::numeric_limits<std::int64_t>::min())),
                 std::numeric_limits<std::int64_t>::min());
        QVERIFY(!api::fromJson<bool>(Json(1)));
        QCOMPARE(api::toJson(std::numeric_limits<double>::infinity()), Json(0.0));
    }

    void bytesAndPairsAreChecked()
    {
        QVERIFY(!api::fromJson<api::ExecOutput>(
            Json::parse(R"({"stream":1,"channel":"out","bytes":"a"})")));
        QVERIFY(!api::fromJson<api::ExecRequest>(
            Json::parse(R"({"sandbox":1,"environment":[["a"]]})")));
        QCOMPARE(errorOf(api::fromJson<api::ExecRequest>(
                     Json::parse(R"({"sandbox":1,"argv":["a",2]})"))),
                 std::string("argv: 1: not a string"));
    }

    void membersOfParametersAreRead()
    {
        const Json parameters = Json::parse(R"({"sandbox":4,"force":true,"extra":null})");
        QCOMPARE(*api::member<std::int64_t>(parameters, "sandbox"), std::int64_t{4});
        QVERIFY(!api::member<bool>(parameters, "sandbox"));
        QCOMPARE(errorOf(api::member<std::string>(parameters, "name")),
                 std::string("name: missing"));
        QVERIFY(!api::optionalMember<int>(parameters, "limit")->has_value());
        QVERIFY(!api::optionalMember<int>(parameters, "extra"));
        QVERIFY(!api::optionalMember<int>(Json::array(), "extra"));
    }
};

QTEST_APPLESS_MAIN(ApiJsonTest)
#include "api_json_test.moc"
