#include <QtTest>

#include "engine/api/methods.h"
#include "engine/api/rpc.h"

using namespace sallyport;
using namespace sallyport::api;

namespace {

RpcRefusal refusal(std::string_view line)
{
    const auto parsed = parseRequest(line);
    const auto* refused = std::get_if<RpcRefusal>(&parsed);
    return refused != nullptr ? *refused : RpcRefusal{nullptr, RpcCode{}, "it was accepted"};
}

std::string_view withoutNewline(const std::string& line)
{
    return std::string_view(line).substr(0, line.size() - 1);
}

} // namespace

class ApiRpcTest : public QObject
{
    Q_OBJECT

private slots:
    void aRequestComesThrough()
    {
        const std::string line = formatRequest(7, "sandbox.get", {{"sandbox", 1}});
        QCOMPARE(line.back(), '\n');
        const auto parsed = parseRequest(withoutNewline(line));
        const auto& request = std::get<RpcRequest>(parsed);
        QCOMPARE(*request.id, Json(7));
        QCOMPARE(request.method, std::string("sandbox.get"));
        QCOMPARE(request.parameters, Json({{"sandbox", 1}}));
    }

    void parametersMayBeLeftOutAndIdsBeStrings()
    {
        const auto parsed = parseRequest(R"({"jsonrpc":"2.0","id":"a","method":"engine.info"})");
        QCOMPARE(*std::get<RpcRequest>(parsed).id, Json("a"));
        QCOMPARE(std::get<RpcRequest>(parsed).parameters, Json::object());
        const auto notification = parseRequest(R"({"jsonrpc":"2.0","method":"x"})");
        QVERIFY(!std::get<RpcRequest>(notification).id);
    }

    void whatIsNoRequestIsRefusedWithTheRightCode()
    {
        QCOMPARE(refusal("{").code, RpcCode::ParseError);
        QCOMPARE(refusal("").code, RpcCode::ParseError);
        QCOMPARE(refusal("{\"a\":\"\xff\"}").code, RpcCode::ParseError);
        QCOMPARE(refusal("[]").code, RpcCode::InvalidRequest);
        QCOMPARE(refusal(R"({"id":1,"method":"x"})").code, RpcCode::InvalidRequest);
        QCOMPARE(refusal(R"({"id":1,"method":"x"})").id, Json(1));
        QCOMPARE(refusal(R"({"jsonrpc":"2.0","id":1})").code, RpcCode::InvalidRequest);
        QCOMPARE(refusal(R"({"jsonrpc":"2.0","id":null,"method":"x"})").code,
                 RpcCode::InvalidRequest);
        QCOMPARE(refusal(R"({"jsonrpc":"2.0","id":1.5,"method":"x"})").code,
                 RpcCode::InvalidRequest);
        QCOMPARE(refusal(R"({"jsonrpc":"2.0","id":1,"method":"x","params":[1]})").code,
                 RpcCode::InvalidParams);
    }

    void aDepthBombIsRefusedBeforeItIsParsed()
    {
        const std::string bomb =
            R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":)" + std::string(500000, '[');
        QCOMPARE(refusal(bomb).code, RpcCode::ParseError);
        QVERIFY(refusal(bomb).text.find("deeper") != std::string::npos);
        // Brackets inside a string are text.
        const std::string text = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\")" +
                                 std::string(100, '[') + "\"}}";
        QVERIFY(std::holds_alternative<RpcRequest>(parseRequest(text)));
    }

    void tooLongIsRefused()
    {
        QCOMPARE(refusal(std::string(MostMessageBytes + 1, ' ')).code, RpcCode::ParseError);
        QVERIFY(refusal(std::string(MostMessageBytes + 1, ' ')).text.find("longer") !=
                std::string::npos);
    }

    void repliesAndEventsComeThrough()
    {
        auto reply = parseReplyOrEvent(withoutNewline(formatResult(3, {{"a", 1}})));
        QCOMPARE(std::get<RpcReply>(*reply).id, std::int64_t{3});
        QCOMPARE(**&std::get<RpcReply>(*reply).result, Json({{"a", 1}}));

        auto failed = parseReplyOrEvent(withoutNewline(formatError(
            3, RpcCode::ApplicationError, {Error::Code::NotFound, "no sandbox agent-9"})));
        const auto& error = std::get<RpcReply>(*failed).result.error();
        QCOMPARE(error.code, Error::Code::NotFound);
        QCOMPARE(error.text, std::string("no sandbox agent-9"));

        auto event = parseReplyOrEvent(withoutNewline(formatEvent("rule.removed", {{"rule", 3}})));
        QCOMPARE(std::get<RpcEvent>(*event).name, std::string("rule.removed"));
    }

    void aBrokenReplyIsAnError()
    {
        for (const char* line :
             {"", "{}", "[]", R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"2.0","id":1})",
              R"({"jsonrpc":"2.0","id":1,"result":1,"error":{}})",
              R"({"jsonrpc":"2.0","id":"x","result":1})",
              R"({"jsonrpc":"2.0","id":1,"error":{"code":"x","message":""}})",
              R"({"jsonrpc":"2.0","method":"x","params":3})"})
            QVERIFY2(!parseReplyOrEvent(line), line);
    }

    void formattingNeverFailsAndNeverSplitsALine()
    {
        const std::string line = formatEvent("log.row", {{"path", "\xff\n\xc3"}});
        QCOMPARE(line.find('\n'), line.size() - 1);
        QVERIFY(parseReplyOrEvent(withoutNewline(line)));
    }
};

QTEST_APPLESS_MAIN(ApiRpcTest)
#include "api_rpc_test.moc"
