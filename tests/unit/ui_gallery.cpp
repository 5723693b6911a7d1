// Paints the log, the policy page and the question window in light and dark, small and large, empty
// and full, into $SALLYPORT_SCREENSHOTS (nothing without it). Run as a test it also proves that
// every one of them can be painted.

#include <QApplication>
#include <QDir>
#include <QLineEdit>
#include <QTableView>
#include <QTest>

#include "ui/approvals/approval_center.h"
#include "ui/approvals/question_window.h"
#include "ui/bridge/text.h"
#include "ui/egress/egress_view.h"
#include "ui/policy/policy_view.h"
#include "ui/theme/theme.h"
#include "ui2_engine.h"

using namespace sallyport;

namespace {

class Gallery
{
public:
    explicit Gallery(const QString& theme)
        : m_theme(theme)
        , m_directory(qEnvironmentVariable("SALLYPORT_SCREENSHOTS"))
    {
    }

    void keep(QWidget& widget, const char* name) const
    {
        QTest::qWait(350); // debounced previews and fetches
        const QPixmap picture = widget.grab();
        if (m_directory.isEmpty())
            return;
        QDir().mkpath(m_directory);
        picture.save(QStringLiteral("%1/%2-%3.png").arg(m_directory, QLatin1String(name), m_theme));
    }

private:
    QString m_theme;
    QString m_directory;
};

api::Question post()
{
    api::Question asked =
        test::question(1, "POST", "api.example.com", "/v1/issues?labels=bug&page=2");
    asked.contentType = "application/json";
    asked.bodyBytes = 1240;
    asked.claimedProcess = "python3 agent.py --task fix-login";
    return asked;
}

void approvals(const Gallery& gallery)
{
    test::LineEngine engine;
    engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
    engine.openLink();
    ui::approvals::ApprovalCenter center(engine.link(), nullptr);
    auto* window = qobject_cast<ui::approvals::QuestionWindow*>(center.questionWindow());
    engine.ask(post());
    QTRY_VERIFY(window->isVisible());
    gallery.keep(*window, "question-arming");
    QTest::qWait(1000);
    gallery.keep(*window, "question");
    for (int i = 2; i < 6; ++i) {
        api::Question more = test::question(i, i % 2 ? "GET" : "PUT",
                                            "registry" + std::to_string(i) + ".example.org", "/a");
        more.sandbox = i > 3 ? 2 : 1;
        more.sandboxName = i > 3 ? "build" : "agent-1";
        if (i == 4)
            more.heldUntil.reset();
        engine.ask(more);
    }
    QTRY_COMPARE(center.openCount(), 5);
    gallery.keep(*window, "question-many");
    QTest::mouseClick(window->findChild<QWidget*>(QStringLiteral("denyReasonButton")),
                      Qt::LeftButton);
    gallery.keep(*window, "question-reason");
    api::Question missed = test::question(9, "GET", "xn--80ak6aa92e.example.com",
                                          "/" + std::string(3000, 'a') + "\x1b[31m\xe2\x80\xae");
    missed.host = std::string(5000, 'x') + ".example.com";
    missed.port = 8443;
    missed.heldUntil.reset();
    missed.waiting = 0;
    missed.claimedProcess = "curl <b>bold</b> \xe2\x80\xae" + std::string(400, 'y');
    engine.ask(missed);
    QTRY_COMPARE(center.openCount(), 6);
    center.showQuestion(9);
    gallery.keep(*window, "question-hostile");
    engine.stop();
    QTRY_VERIFY(!engine.link().isConnected());
    gallery.keep(*window, "question-lost");
}

void emptyApprovals(const Gallery& gallery)
{
    test::LineEngine engine;
    engine.openLink();
    ui::approvals::ApprovalCenter center(engine.link(), nullptr);
    center.showQuestions();
    gallery.keep(*center.questionWindow(), "question-none");
}

void fillLog(test::LineEngine& engine, int count)
{
    static const char* const hosts[] = {"api.example.com", "registry.example.org",
                                        "git.example.net", "cdn.static.example.com",
                                        "metrics.example.io"};
    static const api::RowState states[] = {api::RowState::Done, api::RowState::Done,
                                           api::RowState::Denied, api::RowState::Done,
                                           api::RowState::Failed};
    for (int i = 1; i <= count; ++i) {
        api::Row row = test::row(i, states[i * 7 % 5], hosts[i * 3 % 5]);
        if (i % 4 == 0) {
            row.method = "POST";
            row.requestBytes = 900 + i;
            row.rule = 7;
        }
        if (row.state == api::RowState::Denied) {
            row.step = i % 2 ? api::Step::Default : api::Step::Denied;
            row.reason = "the host is on the list of denied hosts";
        }
        if (row.state == api::RowState::Failed)
            row.error = "the upstream's certificate has expired (issued to git.example.net)";
        if (row.state == api::RowState::Done)
            row.upstreamAddress = "203.0.113.7:443";
        if (i % 9 == 0) {
            row.path += "/" + std::string(120, 'z') + "/end?token=***";
            row.heldMs = 3200;
        }
        if (i == count - 1) {
            row.state = api::RowState::Held;
            row.verdict.reset();
            row.status = 0;
            row.question = 3;
            row.responseBytes = 0;
        }
        if (i % 2 == 0) {
            row.sandbox = 2;
            row.sandboxName = "build";
        }
        engine.rows.push_back(row);
    }
}

void log(const Gallery& gallery)
{
    test::LineEngine engine;
    engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
    api::Rule rule;
    rule.id = 7;
    rule.sandbox = 1;
    rule.action = api::Action::Allow;
    rule.match.host = "api.example.com";
    rule.match.method = "POST";
    rule.untilStop = true;
    rule.origin = api::RuleOrigin::Answer;
    rule.createdAt = nowUnixMillis() - 600'000;
    engine.rules = {rule};
    ui::egress::EgressView view(engine.link());
    view.resize(1180, 640);
    view.show();
    engine.openLink();
    gallery.keep(view, "log-empty");
    fillLog(engine, 3000);
    view.setSandbox(0);
    gallery.keep(view, "log");
    auto* table = view.findChild<QTableView*>(QStringLiteral("egressTable"));
    table->selectRow(table->model()->rowCount() - 6);
    gallery.keep(view, "log-detail");
    view.setSandbox(1);
    view.setFilterText(QStringLiteral("verdict:deny nothing"));
    gallery.keep(view, "log-nothing-matches");
    view.setFilterText(QStringLiteral("method:post api"));
    view.resize(760, 420);
    gallery.keep(view, "log-small");
    view.setFilterText(QStringLiteral("verdict:maybe"));
    gallery.keep(view, "log-bad-filter");
}

api::Rule
makeRule(api::RuleId id, api::Action action, const std::string& method, const std::string& host)
{
    api::Rule rule;
    rule.id = id;
    rule.sandbox = 1;
    rule.action = action;
    rule.match.method = method;
    rule.match.host = host;
    rule.createdAt = nowUnixMillis() - 600'000;
    return rule;
}

void policy(const Gallery& gallery)
{
    test::LineEngine engine;
    engine.sandboxes = {test::sandbox(1, "agent-1"), test::sandbox(2, "build")};
    ui::policy::PolicyView view(engine.link());
    engine.openLink();
    view.resize(960, 900);
    view.setSandbox(1);
    view.show();
    gallery.keep(view, "policy-empty");
    engine.sandboxes[0].deniedHosts = {"*.doubleclick.example", "telemetry.example.com",
                                       "198.51.100.0/24"};
    engine.sandboxes[0].allowedHosts = {"api.example.com", "*.example.org"};
    engine.sandboxes[0].grants = {"192.168.1.10:5432"};
    engine.emitEvent("sandbox.changed", api::toJson(engine.sandboxes[0]));
    engine.rules = {makeRule(1, api::Action::Allow, "GET", "api.example.com"),
                    makeRule(2, api::Action::Allow, "POST", "api.example.com"),
                    makeRule(3, api::Action::Deny, "", "*.paste.example.net"),
                    makeRule(4, api::Action::Allow, "GET", "registry.example.org"),
                    makeRule(5, api::Action::Deny, "DELETE", "*")};
    engine.rules[0].hits = 1284;
    engine.rules[0].lastHitAt = nowUnixMillis() - 5'000;
    engine.rules[0].match.scheme = "https";
    engine.rules[0].match.port = 443;
    engine.rules[1].untilStop = true;
    engine.rules[1].origin = api::RuleOrigin::Answer;
    engine.rules[1].match.path = "/v1/issues/**";
    engine.rules[2].sandbox.reset();
    engine.rules[3].expiresAt = nowUnixMillis() + 840'000;
    engine.rules[4].enabled = false;
    for (const api::Rule& rule : engine.rules)
        engine.emitEvent("rule.changed", api::toJson(rule));
    engine.handlers = {
        test::handler("models.example", "redirectTo", R"({"name":"models","port":11434})",
                      "Goes to port 11434 of this machine (models); Host is replaced."),
        test::handler("*.telemetry.example", "respond", R"({"status":204})",
                      "Answers 204 with no body; nothing is sent anywhere."),
        test::handler("", "readOnly", "{}",
                      "GET, HEAD and OPTIONS pass, all else is answered 405.")};
    engine.emitEvent("handlers.changed", {{"sandbox", 1}});
    QTRY_VERIFY(view.findChild<QWidget*>(QStringLiteral("handlerRow")) != nullptr);
    view.resize(960, 1500);
    gallery.keep(view, "policy-handlers");
    view.resize(1180, 900);
    QTest::mouseClick(view.findChild<QWidget*>(QStringLiteral("handlerEdit")), Qt::LeftButton);
    QTRY_VERIFY(view.findChild<QWidget*>(QStringLiteral("handlerForm"))->isVisible());
    gallery.keep(view, "handler-form");
    view.resize(620, 480);
    view.findChild<QLineEdit*>(QStringLiteral("param_port"))->setText(QStringLiteral("x"));
    gallery.keep(view, "handler-form-wrong");
    QTest::mouseClick(view.findChild<QWidget*>(QStringLiteral("handlerCancel")), Qt::LeftButton);
    view.resize(960, 900);
    gallery.keep(view, "policy");
    fillLog(engine, 300);
    view.resize(1180, 900);
    api::Rule proposed = makeRule(0, api::Action::Deny, "GET", "api.example.com");
    proposed.match.path = "/v1/items/**";
    view.proposeRule(proposed);
    gallery.keep(view, "policy-form");
    view.findChild<QLineEdit*>(QStringLiteral("ruleHost"))->setText(QStringLiteral("*example.com"));
    view.resize(820, 560);
    gallery.keep(view, "policy-form-wrong");
    QTest::mouseClick(view.findChild<QWidget*>(QStringLiteral("ruleCancel")), Qt::LeftButton);
    view.showRule(4);
    QTest::mouseClick(view.findChild<QWidget*>(QStringLiteral("ruleRemove")), Qt::LeftButton);
    gallery.keep(view, "policy-removed");
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setFont(QFont(QStringLiteral("DejaVu Sans"), 10));
    ui::theme::Theme theme(application);
    for (const auto choice : {ui::theme::Choice::Light, ui::theme::Choice::Dark}) {
        theme.setChoice(choice);
        const Gallery gallery(ui::theme::Theme::choiceName(choice));
        approvals(gallery);
        emptyApprovals(gallery);
        log(gallery);
        policy(gallery);
    }
    return 0;
}
