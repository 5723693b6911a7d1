#include <QtTest>

#include "engine/base/text.h"
#include "engine/secret/encoding.h"
#include "engine/secret/kit.h"
#include "engine/secret/placeholder.h"

using namespace sallyport;
using namespace sallyport::secret;

namespace {

const std::string Token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const std::string Other = "sk-live/+zz 9876543210";

api::Credential credential(std::string name, std::vector<std::string> hosts)
{
    api::Credential made;
    made.id = 1;
    made.name = std::move(name);
    made.hosts = std::move(hosts);
    made.placeholderBytes = placeholderBytesFor(Token.size());
    return made;
}

KitEntry entry(std::string name, std::string host, std::string placeholder, std::string_view value)
{
    KitEntry made;
    made.credential = credential(std::move(name), {std::move(host)});
    made.placeholder = std::move(placeholder);
    made.value = std::make_shared<const SecretText>(value);
    return made;
}

Kit twoCredentials()
{
    std::vector<KitEntry> entries;
    entries.push_back(
        entry("github", "api.github.example", "sp_githubgithubgithubgithubgithubgithub1", Token));
    entries.push_back(entry("pay", "*.pay.example", "sp_paypaypaypaypaypaypaypay1", Other));
    return Kit(std::move(entries));
}

Destination to(const char* host, bool tls = true)
{
    return {*policy::parseHost(host), tls ? 443 : 80, tls};
}

std::string errorOf(const Status& status)
{
    return status ? std::string() : status.error().text;
}

} // namespace

class SecretKitTest : public QObject
{
    Q_OBJECT

private slots:
    void isAtHomeAtItsHostsOverTlsOnly()
    {
        const Kit kit = twoCredentials();
        QCOMPARE(kit.homeAt(to("api.github.example")), Home{0});
        QCOMPARE(kit.homeAt(to("eu.pay.example")), Home{1});
        QVERIFY(kit.homeAt(to("pay.example")).empty());
        QVERIFY(kit.homeAt(to("api.github.example", false)).empty());
        QCOMPARE(kit.namesAt(to("api.github.example")), std::vector<std::string>{"github"});
    }

    void theMostSpecificHostComesFirst()
    {
        std::vector<KitEntry> entries;
        entries.push_back(entry("wide", "*.example", "sp_widewidewidewidewidewide1", Token));
        entries.push_back(entry("exact", "a.b.example", "sp_exactexactexactexactexact", Other));
        QCOMPARE(Kit(std::move(entries)).homeAt(to("a.b.example")), (Home{1, 0}));
    }

    void aStrangerIsSeenInEveryForm()
    {
        const Kit kit = twoCredentials();
        const Home home = kit.homeAt(to("eu.pay.example"));
        const std::string placeholder = kit.entries()[0].placeholder;
        for (const std::string& secret : {Token, placeholder}) {
            QVERIFY(kit.strangerIn("Bearer " + secret, home) == std::size_t{0});
            QVERIFY(kit.strangerIn("Basic " + text::toBase64("user:" + secret), home).has_value());
            QVERIFY(
                kit.strangerIn("Basic " + text::toBase64("me:" + secret + "!"), home).has_value());
            QVERIFY(kit.strangerIn("x=" + toHex(secret), home).has_value());
            QVERIFY(kit.strangerIn("x=" + toHex(secret, HexCase::Upper), home).has_value());
            QVERIFY(!kit.strangerIn("Bearer " + secret, Home{0}).has_value());
        }
        QVERIFY(kit.strangerIn("?q=" + percentEncoded(Other), Home{0}) == std::size_t{1});
        QVERIFY(kit.strangerIn("?q=" + percentEncoded(Other, HexCase::Lower), Home{0}).has_value());
        QVERIFY(!kit.strangerIn("Bearer ghp_0123456789", home).has_value());
    }

    void aPlaceholderBecomesTheValueAtHomeAlone()
    {
        const Kit kit = twoCredentials();
        const std::string placeholder = kit.entries()[0].placeholder;
        QCOMPARE(kit.headerWithValues("token " + placeholder, Home{0}).value(), "token " + Token);
        QVERIFY(!kit.headerWithValues("token " + placeholder, Home{1}).has_value());
        QVERIFY(!kit.headerWithValues("token other", Home{0}).has_value());
        QCOMPARE(
            kit.headerWithValues("Basic " + text::toBase64("x:" + placeholder), Home{0}).value(),
            "Basic " + text::toBase64("x:" + Token));
        QCOMPARE(
            kit.targetWithValues("/a?k=" + kit.entries()[1].placeholder + "&b=1", Home{1}).value(),
            "/a?k=" + percentEncoded(Other) + "&b=1");
    }

    void answersGetThePlaceholderBackInEveryForm()
    {
        const Kit kit = twoCredentials();
        const std::string placeholder = kit.entries()[0].placeholder;
        QCOMPARE(placeholder.size(), Token.size());
        QCOMPARE(kit.headerWithPlaceholders("you sent " + Token).value(),
                 "you sent " + placeholder);
        QCOMPARE(kit.headerWithPlaceholders("Basic " + text::toBase64("a:" + Token)).value(),
                 "Basic " + text::toBase64("a:" + placeholder));
        const std::string echo =
            kit.withPlaceholders(text::toBase64("{\"k\":\"" + Token + "\"}")).value();
        std::string decoded;
        QVERIFY(text::fromBase64(echo, decoded));
        QVERIFY(decoded.find(placeholder.substr(1, placeholder.size() - 2)) != std::string::npos);
        QVERIFY(!kit.withPlaceholders("nothing here").has_value());
    }

    void bodiesKeepTheirLengthWherePlaceholderAndValueAreEqual()
    {
        std::vector<KitEntry> entries;
        entries.push_back(
            entry("github", "a.example", "sp_githubgithubgithubgithubgithubgithub1", Token));
        entries.front().credential.inBodies = true;
        const Kit equal(std::move(entries));
        QVERIFY(equal.leaving(Home{0}).keepsLength);
        QVERIFY(equal.arriving().keepsLength);
        QVERIFY(!twoCredentials().arriving().keepsLength);
    }

    void aShortValueIsNotLookedFor()
    {
        std::vector<KitEntry> entries;
        entries.push_back(entry("pin", "a.example", "sp_pinpinpinpinpinpinpinpin1", "1234"));
        const Kit kit(std::move(entries));
        QVERIFY(!kit.strangerIn("code 1234", {}).has_value());
        QVERIFY(kit.strangerIn("sp_pinpinpinpinpinpinpinpin1", {}).has_value());
    }

    void placeholdersAreUnguessableAndStable()
    {
        api::Credential one = credential("github", {"a.example"});
        const std::string key(PlaceholderKeyBytes, 'k');
        const std::string made = makePlaceholder(key, 1, 1000, one);
        QCOMPARE(made.size(), Token.size());
        QVERIFY(made.starts_with("sp_"));
        QCOMPARE(makePlaceholder(key, 1, 1000, one), made);
        QVERIFY(makePlaceholder(key, 2, 1000, one) != made);
        QVERIFY(makePlaceholder(key, 1, 1001, one) != made);
        QVERIFY(makePlaceholder(std::string(PlaceholderKeyBytes, 'l'), 1, 1000, one) != made);
        one.id = 2;
        QVERIFY(makePlaceholder(key, 1, 1000, one) != made);
        QCOMPARE(placeholderBytesFor(4), ShortestPlaceholder);
        QCOMPARE(placeholderBytesFor(5000), LongestPlaceholder);
    }

    void templatesAreTakenApart()
    {
        const auto header = HeaderTemplate::parse("Authorization: token {}, v2");
        QVERIFY(header.has_value());
        QCOMPARE(header->name, std::string("Authorization"));
        QCOMPARE(header->with("x"), std::string("token x, v2"));
        QCOMPARE(HeaderTemplate::parse("X-Key:{}")->with("x"), std::string("x"));
        for (const char* bad : {"Authorization: Bearer", "{}", "A B: {}", "Host: {}", "X: {}{}",
                                "Content-Length: {}", "X: a\r\nY: {}", "{}: x"})
            QVERIFY2(!HeaderTemplate::parse(bad).has_value(), bad);
        QCOMPARE(basicAuthorization("Aladdin", "open sesame"),
                 std::string("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }

    void whatAPersonSetsIsChecked()
    {
        api::Credential good = credential("github", {"api.github.com", "*.github.com"});
        good.variable = "GITHUB_TOKEN";
        QCOMPARE(errorOf(checkCredential(good)), std::string());
        const auto fault = [&](auto change) {
            api::Credential bad = good;
            change(bad);
            return errorOf(checkCredential(bad));
        };
        QVERIFY(fault([](auto& c) { c.name = "-x"; }).starts_with("name:"));
        QVERIFY(fault([](auto& c) { c.hosts.clear(); }).starts_with("hosts:"));
        QVERIFY(fault([](auto& c) { c.hosts = {"*"}; }).find("everybody") != std::string::npos);
        QVERIFY(fault([](auto& c) { c.hosts = {"*x.com"}; }).starts_with("hosts:"));
        QVERIFY(fault([](auto& c) { c.variable = "LD_PRELOAD"; }).starts_with("variable:"));
        QVERIFY(fault([](auto& c) {
                    c.source = api::CredentialSource::Command;
                }).starts_with("command:"));
        QVERIFY(
            fault([](auto& c) { c.use = api::CredentialUse::Query; }).starts_with("parameter:"));
        QVERIFY(fault([](auto& c) {
                    c.use = api::CredentialUse::Basic;
                    c.user = "a:b";
                }).starts_with("user:"));
        std::string value = "abc\n";
        QVERIFY(checkValue(good, value).has_value());
        QCOMPARE(value, std::string("abc"));
        value = "a\nb";
        QVERIFY(!checkValue(good, value).has_value());
        value = "";
        QVERIFY(!checkValue(good, value).has_value());
    }

    void onlyNamedSandboxesMayUseIt()
    {
        api::Credential one = credential("github", {"a.example"});
        QVERIFY(mayUse(one, 7));
        one.sandboxes = std::vector<api::SandboxId>{};
        QVERIFY(!mayUse(one, 7));
        one.sandboxes = std::vector<api::SandboxId>{7};
        QVERIFY(mayUse(one, 7) && !mayUse(one, 8));
    }
};

QTEST_APPLESS_MAIN(SecretKitTest)
#include "secret_kit_test.moc"
