// Paints the log, the policy page and the question window in light and dark, small and large, empty
// and full, into $SALLYPORT_SCREENSHOTS (nothing without it). Run as a test it also proves that
// every one of them can be painted.

#include <QApplication>
#include <QDir>
#include <QTest>

#include "ui/approvals/approval_center.h"
#include "ui/approvals/question_window.h"
#include "ui/bridge/text.h"
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
    }
    return 0;
}
