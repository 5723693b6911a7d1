#include "ui/handlers/trial_view.h"

#include <chrono>

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::handlers {

namespace {

constexpr int MostText = 65536; // of a body, shown
constexpr int MostUrl = 8000;

// Headers that say how long the body is, which a trial makes anew.
bool isOfTheBody(const QString& name)
{
    return name.compare(QLatin1String("content-length"), Qt::CaseInsensitive) == 0 ||
           name.compare(QLatin1String("transfer-encoding"), Qt::CaseInsensitive) == 0;
}

QString several(const std::string& text)
{
    QStringList lines;
    for (const QString& line : toQt(text).left(MostText).split(QLatin1Char('\n')))
        lines.append(safe(fromQt(line), 4000));
    return lines.join(QLatin1Char('\n'));
}

void addHeaders(QString& out, const std::vector<std::pair<std::string, std::string>>& headers)
{
    for (const auto& [name, value] : headers)
        out += QStringLiteral("    %1: %2\n").arg(safe(name, 200), safe(value, 2000));
}

void addBody(QString& out, const std::string& body)
{
    if (!body.empty())
        out += QLatin1Char('\n') + several(body) + QLatin1Char('\n');
}

} // namespace

TrialView::TrialView(EngineLink& link, Draft draft, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_draft(std::move(draft))
{
    auto* splitter = new QSplitter(this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeRequest());
    splitter->addWidget(makeResult());
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, theme::Gap, 0, 0);
    column->addWidget(splitter);
}

QWidget* TrialView::makeRequest()
{
    auto* part = new QWidget(this);
    m_method = new QComboBox(part);
    m_method->setObjectName(QStringLiteral("trialMethod"));
    m_method->setAccessibleName(tr("Method"));
    m_method->addItems({QStringLiteral("GET"), QStringLiteral("POST"), QStringLiteral("PUT"),
                        QStringLiteral("PATCH"), QStringLiteral("DELETE"), QStringLiteral("HEAD"),
                        QStringLiteral("OPTIONS")});
    m_url = new QLineEdit(QStringLiteral("https://example.com/"), part);
    m_url->setObjectName(QStringLiteral("trialUrl"));
    m_url->setAccessibleName(tr("URL"));
    m_url->setMaxLength(MostUrl);
    m_headers = new QPlainTextEdit(part);
    m_headers->setObjectName(QStringLiteral("trialHeaders"));
    m_headers->setPlaceholderText(tr("Accept: application/json"));
    m_body = new QPlainTextEdit(part);
    m_body->setObjectName(QStringLiteral("trialBody"));
    for (QPlainTextEdit* edit : {m_headers, m_body}) {
        edit->setTabChangesFocus(true);
        edit->setFont(theme::monospaceFont());
        edit->setMinimumHeight(2 * edit->fontMetrics().height() + 12);
    }
    m_send = new QCheckBox(tr("Let what it fetches go o&ut"), part);
    m_send->setObjectName(QStringLiteral("trialSend"));
    m_send->setToolTip(tr("The sandbox must be running. What goes out has a row in the log."));
    m_try = new QPushButton(tr("&Try it"), part);
    m_try->setObjectName(QStringLiteral("trialRun"));
    theme::makePrimary(m_try);

    auto* line = new QHBoxLayout;
    line->addWidget(m_method);
    line->addWidget(m_url, 1);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    auto* requestLabel = new QLabel(tr("Re&quest"), part);
    requestLabel->setBuddy(m_url);
    form->addRow(requestLabel, line);
    form->addRow(tr("Head&ers"), m_headers);
    form->addRow(tr("&Body"), m_body);
    auto* row = new QHBoxLayout;
    row->addWidget(m_send);
    row->addStretch(1);
    row->addWidget(m_try);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, theme::Gap, 0);
    column->addLayout(form, 1);
    column->addLayout(row);
    connect(m_try, &QPushButton::clicked, this, &TrialView::tryIt);
    connect(m_url, &QLineEdit::returnPressed, this, &TrialView::tryIt);
    return part;
}

QWidget* TrialView::makeResult()
{
    auto* part = new QWidget(this);
    m_verdict = theme::bodyLabel(tr("What would become of the request shows here."), part);
    m_verdict->setObjectName(QStringLiteral("trialVerdict"));
    theme::setLabelTone(m_verdict, theme::Tone::Muted);
    m_result = new QPlainTextEdit(part);
    m_result->setObjectName(QStringLiteral("trialResult"));
    m_result->setAccessibleName(tr("Result of the trial"));
    m_result->setReadOnly(true);
    m_result->setTabChangesFocus(true);
    m_result->setFont(theme::monospaceFont());
    m_result->setMinimumHeight(60);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(theme::Gap, 0, 0, 0);
    column->addWidget(m_verdict);
    column->addWidget(m_result, 1);
    return part;
}

void TrialView::setSandbox(qint64 id)
{
    m_sandbox = id;
    m_isRunning = false;
    m_try->setEnabled(true);
    m_result->clear();
    m_verdict->setText(tr("What would become of the request shows here."));
    theme::setLabelTone(m_verdict, theme::Tone::Muted);
}

void TrialView::setRequest(const api::RowDetail& row)
{
    const QString method = safe(row.row.method, 32);
    if (m_method->findText(method) < 0)
        m_method->addItem(method);
    m_method->setCurrentText(method);
    m_url->setText(urlText(row.row, MostUrl));
    QStringList lines;
    for (const auto& [name, value] : row.requestHeaders)
        if (!isOfTheBody(toQt(name)))
            lines.append(QStringLiteral("%1: %2").arg(safe(name, 200), safe(value)));
    m_headers->setPlainText(lines.join(QLatin1Char('\n')));
    m_body->clear();
    m_result->clear();
    const bool hadBody = row.row.requestBytes > 0;
    m_verdict->setText(hadBody
                           ? tr("As it was logged, without its body of %1, which is not kept.")
                                 .arg(bytesText(row.row.requestBytes))
                           : tr("As it was logged."));
    theme::setLabelTone(m_verdict, theme::Tone::Muted);
    m_try->setFocus();
}

void TrialView::tryIt()
{
    if (m_sandbox == 0 || m_isRunning || !m_link.isConnected())
        return;
    api::TrialRequest request;
    request.method = fromQt(m_method->currentText());
    request.url = fromQt(m_url->text().trimmed());
    request.body = fromQt(m_body->toPlainText());
    for (const QString& line : m_headers->toPlainText().split(QLatin1Char('\n'))) {
        const qsizetype colon = line.indexOf(QLatin1Char(':'));
        if (line.trimmed().isEmpty())
            continue;
        if (colon < 1) {
            showProblem(tr("Not a header: %1. A header is a name, a colon and a value.")
                            .arg(safe(fromQt(line), 100)));
            m_headers->setFocus();
            return;
        }
        request.headers.emplace_back(fromQt(line.left(colon).trimmed()),
                                     fromQt(line.mid(colon + 1).trimmed()));
    }
    api::Json parameters{
        {"sandbox", m_sandbox}, {"request", api::toJson(request)}, {"send", m_send->isChecked()}};
    if (const auto draft = m_draft())
        parameters["source"] = fromQt(*draft);
    m_isRunning = true;
    m_try->setEnabled(false);
    m_verdict->setText(tr("Running…"));
    theme::setLabelTone(m_verdict, theme::Tone::Muted);
    m_link.call("handlers.try", parameters, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    if (asked != m_sandbox)
                        return;
                    m_isRunning = false;
                    m_try->setEnabled(true);
                    const auto result = reply ? api::fromJson<api::TrialResult>(*reply)
                                              : tl::unexpected(reply.error());
                    if (result)
                        showResult(*result);
                    else
                        showProblem(safe(result.error().text, 600));
                });
}

void TrialView::showProblem(const QString& text)
{
    m_result->clear();
    m_verdict->setText(text);
    theme::setLabelTone(m_verdict, theme::Tone::Bad);
}

void TrialView::showResult(const api::TrialResult& result)
{
    const QString by = safe(result.handler.empty() ? std::string() : result.handler, 100);
    theme::Tone tone = theme::Tone::Good;
    QString verdict = tr("Allowed.");
    if (result.verdict == "answered")
        verdict = tr("Answered by %1: %2.").arg(by).arg(result.status);
    else if (result.verdict == "denied")
        verdict = tr("Denied.");
    else if (result.verdict == "asked")
        verdict = tr("You would be asked.");
    else if (result.verdict == "failed")
        verdict = tr("The handler failed; the request is denied.");
    if (result.verdict == "denied" || result.verdict == "failed")
        tone = theme::Tone::Bad;
    else if (result.verdict == "asked")
        tone = theme::Tone::Warn;
    if (result.callMs > 0)
        verdict += QLatin1Char(' ') + tr("It took %1 ms, after a start of %2 ms.")
                                          .arg(QLocale().toString(result.callMs, 'f', 1))
                                          .arg(QLocale().toString(result.startMs, 'f', 0));
    m_verdict->setText(verdict);
    theme::setLabelTone(m_verdict, tone);

    QString text;
    if (!result.reason.empty())
        text += safe(result.reason, 2000) + QStringLiteral("\n\n");
    for (const api::ModuleProblem& problem : result.problems)
        text += problem.line > 0
                    ? tr("Line %1: %2\n").arg(problem.line).arg(safe(problem.text, 1000))
                    : safe(problem.text, 1000) + QLatin1Char('\n');
    for (const api::TrialStep& step : result.steps) {
        const bool isFetch = step.kind == "fetch";
        const QString what = safe(step.text, 2000);
        if (!isFetch)
            text += step.kind == "ask" ? tr("asks you: %1\n").arg(what)
                                       : tr("would call %1 %2\n").arg(safe(step.kind, 100), what);
        else if (!step.isSent)
            text += tr("fetches, not sent: %1\n").arg(what);
        else if (step.status > 0)
            text += tr("fetched: %1, answered %2\n").arg(what).arg(step.status);
        else
            text += tr("fetched, without an answer: %1\n").arg(what);
        addHeaders(text, step.headers);
        addBody(text, step.body);
        text += QLatin1Char('\n');
    }
    for (const api::HandlerLine& line : result.lines)
        text += (line.line > 0 ? QStringLiteral("%1:%2: ").arg(line.line).arg(line.column)
                               : QString()) +
                safe(line.text, 2000) + QLatin1Char('\n');
    if (result.status > 0) {
        text += QLatin1Char('\n') +
                tr("The guest gets %1 %2\n").arg(result.status).arg(safe(result.statusText, 200));
        addHeaders(text, result.headers);
        addBody(text, result.body);
        if (result.bodyBytes > static_cast<std::int64_t>(result.body.size()))
            text += tr("… %1 bytes in all\n").arg(QLocale().toString(qlonglong(result.bodyBytes)));
    }
    m_result->setPlainText(text);
}

} // namespace sallyport::ui::handlers
