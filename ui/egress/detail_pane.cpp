#include "ui/egress/detail_pane.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTextBlock>
#include <QToolButton>
#include <QVBoxLayout>

#include "engine/api/row_kind.h"
#include "ui/bridge/engine_link.h"
#include "ui/egress/row_words.h"
#include "ui/policy/rule_book.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/headline.h"
#include "ui/widgets/page_scroll.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::egress {

namespace {

constexpr int MostHeaders = 200;
constexpr qsizetype MostHeaderValue = 2000;
constexpr int MostHeaderLines = 14;

QString timingText(const api::Row& row)
{
    if (row.state == api::RowState::Held)
        return DetailPane::tr("asked at %1, waits").arg(preciseClockText(row.time));
    QString text =
        DetailPane::tr("%1, took %2").arg(preciseClockText(row.time), durationText(row.durationMs));
    if (row.heldMs > 0)
        text += DetailPane::tr(", held for %1 of it").arg(durationText(row.heldMs));
    return text;
}

} // namespace

DetailPane::DetailPane(EngineLink& link, const policy::RuleBook& rules, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
    , m_rules(rules)
    , m_url(new Headline)
    , m_verdict(new theme::Pill)
    , m_why(new Headline)
    , m_facts(new QFormLayout)
{
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(theme::Pad, 12, theme::Pad, theme::Pad);
    column->setSpacing(12);
    auto* close = new QToolButton(content);
    close->setObjectName(QStringLiteral("detailClose"));
    close->setIcon(theme::icon(QStringLiteral("cross"), theme::Tone::Muted));
    close->setAccessibleName(tr("Close the details"));
    close->setToolTip(tr("Close (Esc)"));
    connect(close, &QToolButton::clicked, this, &DetailPane::closeRequested);
    auto* top = new QHBoxLayout;
    m_verdict->setObjectName(QStringLiteral("detailVerdict"));
    top->addWidget(m_verdict);
    top->addStretch(1);
    top->addWidget(close);
    column->addLayout(top);
    m_url->setObjectName(QStringLiteral("detailUrl"));
    m_url->setFont(theme::monospaceFont());
    column->addWidget(m_url);
    column->addWidget(makeButtons());
    auto* card = new theme::Card(content);
    auto* why = new QVBoxLayout(card);
    why->setContentsMargins(12, 9, 12, 10);
    why->setSpacing(3);
    why->addWidget(theme::mutedLabel(tr("Why?"), card));
    m_why->setObjectName(QStringLiteral("detailWhy"));
    why->addWidget(m_why);
    column->addWidget(card);
    m_facts->setHorizontalSpacing(12);
    m_facts->setVerticalSpacing(5);
    m_facts->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    column->addLayout(m_facts);
    m_error = addFact(tr("Error"), "detailError");
    m_timing = addFact(tr("Time"), "detailTiming");
    m_traffic = addFact(tr("Bodies"), "detailTraffic");
    m_protocol = addFact(tr("Protocol"), "detailProtocol");
    m_upstream = addFact(tr("Address"), "detailUpstream");
    m_tls = addFact(tr("TLS"), "detailTls");
    m_frames = addFact(tr("Frames"), "detailFrames");
    m_request = addHeaders(column, tr("Request headers"), "detailRequest");
    m_response = addHeaders(column, tr("Response headers"), "detailResponse");
    column->addStretch(1);

    m_scroll = new PageScroll(this);
    m_scroll->setContent(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_scroll);
}

QWidget* DetailPane::makeButtons()
{
    auto* row = new QWidget;
    auto* line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(6);
    const auto add = [row, line](const QString& text, const char* name) {
        auto* button = new QPushButton(text, row);
        button->setObjectName(QLatin1String(name));
        line->addWidget(button);
        return button;
    };
    m_answer = add(tr("Answer…"), "detailAnswer");
    theme::makePrimary(m_answer);
    m_allow = add(tr("Allow host"), "detailAllow");
    m_deny = add(tr("Deny host"), "detailDeny");
    m_rule = add(tr("Open rule"), "detailRule");
    m_tunnel = add(tr("Tunnel host"), "detailTunnel");
    m_tunnel->setToolTip(tr("Its connections pass unread: the client meets the server's own "
                            "certificate, and only the name and the port are decided."));
    line->addStretch(1);
    connect(m_answer, &QPushButton::clicked, this,
            [this] { emit questionRequested(m_detail.row.question.value_or(0)); });
    connect(m_allow, &QPushButton::clicked, this, [this] { emit allowHost(m_detail.row); });
    connect(m_deny, &QPushButton::clicked, this, [this] { emit denyHost(m_detail.row); });
    connect(m_tunnel, &QPushButton::clicked, this, [this] { emit tunnelHost(m_detail.row); });
    connect(m_rule, &QPushButton::clicked, this,
            [this] { emit ruleRequested(m_detail.row.sandbox, m_detail.row.rule.value_or(0)); });
    return row;
}

Headline* DetailPane::addFact(const QString& name, const char* objectName)
{
    auto* value = new Headline(this);
    value->setObjectName(QLatin1String(objectName));
    m_facts->addRow(theme::mutedLabel(name, this), value);
    return value;
}

QPlainTextEdit*
DetailPane::addHeaders(QVBoxLayout* column, const QString& title, const char* objectName)
{
    auto* text = new QPlainTextEdit(this);
    text->setObjectName(QLatin1String(objectName));
    text->setReadOnly(true);
    text->setTabChangesFocus(true);
    text->setFont(theme::monospaceFont());
    text->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    auto* label = theme::mutedLabel(title, this);
    label->setBuddy(text);
    column->addWidget(label);
    column->addWidget(text);
    column->setSpacing(8);
    return text;
}

void DetailPane::setRow(const api::Row& row)
{
    m_detail = {};
    m_detail.row = row;
    m_hasHeaders = false;
    fill();
    m_scroll->ensureVisible(0, 0);
    fetch();
}

void DetailPane::refresh(const api::Row& row)
{
    m_detail.row = row;
    fill();
    fetch();
}

void DetailPane::fetch()
{
    m_link.call("log.get", {{"row", m_detail.row.id}}, this,
                [this, id = m_detail.row.id](const Result<api::Json>& reply) {
                    if (!reply || id != m_detail.row.id)
                        return;
                    const auto detail = api::fromJson<api::RowDetail>(*reply);
                    if (!detail)
                        return;
                    m_detail = *detail;
                    m_hasHeaders = true;
                    fill();
                });
}

void DetailPane::fill()
{
    const api::Row& row = m_detail.row;
    const Look look = lookOf(row);
    m_verdict->setContent(look.word, look.tone);
    const QString method = row.method.empty() ? QString() : safe(row.method, 24) + QLatin1Char(' ');
    m_url->setParts({{method, true}, {urlText(row, 1200)}});
    const api::Rule* rule = row.rule ? m_rules.find(*row.rule) : nullptr;
    m_why->setParts({{whyText(row, rule)}});

    const auto setFact = [this](Headline* value, const QString& text) {
        value->setParts({{text}});
        value->setVisible(!text.isEmpty());
        m_facts->labelForField(value)->setVisible(!text.isEmpty());
    };
    setFact(m_error, safe(row.error, 600));
    setFact(m_timing, timingText(row));
    setFact(m_traffic, trafficText(row));
    const QString protocol = safe(row.protocol, 24);
    setFact(m_protocol,
            row.status == 0 ? protocol : tr("%1, status %2").arg(protocol).arg(row.status));
    setFact(m_upstream, safe(row.upstreamAddress, 80));
    setFact(m_tls, safe(m_detail.upstreamTls, 300));
    setFact(m_frames, m_detail.webSocket ? framesText(*m_detail.webSocket) : QString());
    const QString pending = m_hasHeaders ? tr("none") : QStringLiteral("…");
    fillHeaders(m_request, m_detail.requestHeaders, pending);
    fillHeaders(m_response, m_detail.responseHeaders, pending);

    m_answer->setVisible(row.state == api::RowState::Held && row.question.has_value());
    m_rule->setVisible(rule != nullptr);
    m_tunnel->setVisible(api::isDistrusted(row));
    const bool hasHost = !row.host.empty();
    m_allow->setEnabled(hasHost);
    m_deny->setEnabled(hasHost);
}

void DetailPane::fillHeaders(QPlainTextEdit* into,
                             const std::vector<std::pair<std::string, std::string>>& headers,
                             const QString& none)
{
    into->clear();
    QTextCursor cursor(into->document());
    QTextCharFormat plain;
    QTextCharFormat name;
    name.setForeground(theme::tonesOf(into->palette()).muted);
    if (headers.empty())
        cursor.insertText(none, name);
    int count = 0;
    for (const auto& [key, value] : headers) {
        if (count > 0)
            cursor.insertBlock();
        if (++count > MostHeaders) {
            cursor.insertText(QStringLiteral("…"), name);
            break;
        }
        cursor.insertText(safe(key, 120) + QStringLiteral(": "), name);
        cursor.insertText(safe(value, MostHeaderValue), plain);
    }
    const int lines = std::clamp(count, 1, MostHeaderLines);
    into->setFixedHeight(lines * into->fontMetrics().lineSpacing() + 22);
}

} // namespace sallyport::ui::egress
