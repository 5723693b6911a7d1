#include "ui/approvals/question_card.h"

#include <QFormLayout>
#include <QFrame>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/approvals/hold_bar.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/headline.h"

namespace sallyport::ui::approvals {

namespace {

constexpr qsizetype MostUrl = 320;
constexpr qsizetype MostProcess = 160;

QString hostWithPort(const api::Question& question)
{
    const bool isOwn = question.port == 0 || (question.scheme == "https" && question.port == 443) ||
                       (question.scheme == "http" && question.port == 80);
    QString host = hostText(question.host);
    if (isOwn)
        return host;
    if (question.host.find(':') != std::string::npos)
        host = QLatin1Char('[') + host + QLatin1Char(']');
    return host + QLatin1Char(':') + QString::number(question.port);
}

// A request has a method; a connection of another protocol does not.
QList<Headline::Part> parts(const api::Question& question)
{
    QList<Headline::Part> parts;
    parts.append({safe(question.sandboxName, 48), true});
    if (question.method.empty()) {
        parts.append({QuestionCard::tr(" wants to connect to ")});
    } else {
        parts.append({QuestionCard::tr(" wants to ")});
        parts.append({safe(question.method, 24), true});
        // "GET api.example.com", "POST to api.example.com"
        const bool takes = question.method == "GET" || question.method == "HEAD";
        parts.append({takes ? QStringLiteral(" ") : QuestionCard::tr(" to ")});
    }
    parts.append({hostWithPort(question), true});
    return parts;
}

QString bodyFact(const api::Question& question)
{
    if (question.bodyBytes.value_or(-1) == 0 && question.contentType.empty())
        return {};
    const bool maySend = question.method != "GET" && question.method != "HEAD";
    if (question.contentType.empty() && !question.bodyBytes)
        return maySend && !question.method.empty() ? QuestionCard::tr("size not announced")
                                                   : QString();
    const QString type = question.contentType.empty() ? QuestionCard::tr("unnamed type")
                                                      : safe(question.contentType, 80);
    return question.bodyBytes ? QuestionCard::tr("%1, %2").arg(bytesText(*question.bodyBytes), type)
                              : QuestionCard::tr("%1, size not announced").arg(type);
}

// Who allows such a request hands these out with it.
QString credentialsFact(const api::Question& question)
{
    QStringList names;
    for (const std::string& name : question.credentials)
        names.append(safe(name, 48));
    return names.join(QStringLiteral(", "));
}

QString seenFact(const api::Question& question)
{
    QString text = question.firstSeen
                       ? QuestionCard::tr("Never before from this sandbox")
                       : QuestionCard::tr("This sandbox has asked for this host before");
    text += QuestionCard::tr(" · asked at %1").arg(clockText(question.askedAt));
    if (question.timesAsked > 1)
        text += QuestionCard::tr(" · %n times", nullptr, question.timesAsked);
    if (question.waiting > 1)
        text += QuestionCard::tr(" · %n requests wait", nullptr, question.waiting);
    return text;
}

} // namespace

QuestionCard::QuestionCard(QWidget* parent)
    : QWidget(parent)
    , m_headline(new Headline(this))
    , m_url(new Headline(this))
    , m_looksLike(theme::bodyLabel({}, this))
    , m_facts(new QFormLayout)
    , m_hold(new HoldBar(this))
{
    m_headline->setObjectName(QStringLiteral("questionHeadline"));
    m_headline->setPointSizeFactor(1.5);
    m_url->setObjectName(QStringLiteral("questionUrl"));
    m_url->setFont(theme::monospaceFont());
    m_looksLike->setObjectName(QStringLiteral("questionLooksLike"));
    theme::setLabelTone(m_looksLike, theme::Tone::Warn);
    m_hold->setObjectName(QStringLiteral("holdBar"));

    auto* urlBox = new theme::Card(this);
    auto* urlColumn = new QVBoxLayout(urlBox);
    urlColumn->setContentsMargins(12, 9, 12, 9);
    urlColumn->addWidget(m_url);

    m_facts->setContentsMargins(0, 0, 0, 0);
    m_facts->setHorizontalSpacing(theme::Pad);
    m_facts->setVerticalSpacing(6);
    m_facts->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_facts->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_why = addFact(tr("Why asked"), QStringLiteral("questionWhy"));
    m_credentials = addFact(tr("Credential"), QStringLiteral("questionCredentials"));
    m_body = addFact(tr("Sends"), QStringLiteral("questionBody"));
    m_process = addFact(tr("Program"), QStringLiteral("questionProcess"));
    m_seen = addFact(tr("Seen"), QStringLiteral("questionSeen"));

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(m_headline);
    column->addWidget(urlBox);
    column->addWidget(m_looksLike);
    column->addWidget(m_hold);
    column->addLayout(m_facts);
}

Headline* QuestionCard::addFact(const QString& name, const QString& objectName)
{
    auto* value = new Headline(this);
    value->setObjectName(objectName);
    QLabel* caption = theme::mutedLabel(name, this);
    m_facts->addRow(caption, value);
    return value;
}

QString QuestionCard::sentence(const api::Question& question)
{
    QString text;
    for (const Headline::Part& part : parts(question))
        text += part.text;
    return text;
}

void QuestionCard::setQuestion(const api::Question& question)
{
    m_headline->setParts(parts(question));
    const QString url =
        urlText(question.scheme, question.host, question.port, question.path, MostUrl);
    m_url->setParts({{url}});
    m_url->setToolTip(
        toolTipText(urlText(question.scheme, question.host, question.port, question.path, 4000)));
    const QString reads = unicodeHost(question.host);
    m_looksLike->setText(
        tr("This name is written in another script: it reads as “%1”. Make sure that it is the "
           "one you mean.")
            .arg(reads));
    m_looksLike->setVisible(!reads.isEmpty());

    const auto setFact = [this](Headline* value, const QString& text, const QString& remark = {}) {
        value->setParts({{text}, {remark, false, true}});
        value->setVisible(!text.isEmpty());
        m_facts->labelForField(value)->setVisible(!text.isEmpty());
    };
    const QString why = safe(question.why, 400);
    setFact(m_why, why.left(1).toUpper() + why.mid(1));
    setFact(m_credentials, credentialsFact(question), tr("  the door adds it, if you allow this"));
    setFact(m_body, bodyFact(question));
    setFact(m_process, safe(question.claimedProcess, MostProcess), tr("  claimed by the sandbox"));
    setFact(m_seen, seenFact(question));
    m_hold->setQuestion(question);
}

} // namespace sallyport::ui::approvals
