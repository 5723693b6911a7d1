#include "ui/theme/widgets.h"

#include <QAction>
#include <QApplication>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/theme/icon.h"

namespace sallyport::ui::theme {

namespace {

QLabel* makeLabel(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setText(text);
    return label;
}

void scaleFont(QWidget* widget, double factor, QFont::Weight weight)
{
    QFont font = QApplication::font();
    font.setPointSizeF(font.pointSizeF() * factor);
    font.setWeight(weight);
    widget->setFont(font);
}

void setProperty(QWidget* widget, const char* name, const QString& value)
{
    if (widget->property(name).toString() == value)
        return;
    widget->setProperty(name, value);
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
}

QString toneName(Tone tone)
{
    switch (tone) {
    case Tone::Text:
        return QStringLiteral("text");
    case Tone::Muted:
        return QStringLiteral("muted");
    case Tone::Accent:
        return QStringLiteral("accent");
    case Tone::Good:
        return QStringLiteral("good");
    case Tone::Warn:
        return QStringLiteral("warn");
    case Tone::Bad:
        return QStringLiteral("bad");
    }
    return {};
}

} // namespace

QLabel* bodyLabel(const QString& text, QWidget* parent)
{
    QLabel* label = makeLabel(text, parent);
    label->setWordWrap(true);
    return label;
}

QLabel* mutedLabel(const QString& text, QWidget* parent)
{
    QLabel* label = makeLabel(text, parent);
    setLabelTone(label, Tone::Muted);
    return label;
}

QLabel* headingLabel(const QString& text, QWidget* parent)
{
    QLabel* label = makeLabel(text, parent);
    scaleFont(label, 1.05, QFont::DemiBold);
    return label;
}

QLabel* titleLabel(const QString& text, QWidget* parent)
{
    QLabel* label = makeLabel(text, parent);
    scaleFont(label, 1.55, QFont::DemiBold);
    return label;
}

void setLabelTone(QLabel* label, Tone tone)
{
    setProperty(label, "tone", toneName(tone));
}

void makePrimary(QPushButton* button)
{
    setProperty(button, "kind", QStringLiteral("primary"));
}

void makeDanger(QPushButton* button)
{
    setProperty(button, "kind", QStringLiteral("danger"));
}

QPushButton* actionButton(QAction* action, QWidget* parent, const QString& text)
{
    auto* button = new QPushButton(text, parent);
    const auto follow = [action, button, ownText = !text.isEmpty()] {
        if (!ownText) {
            button->setText(action->text());
            button->setIcon(action->icon());
        }
        button->setEnabled(action->isEnabled());
        button->setToolTip(action->shortcut().toString(QKeySequence::NativeText));
    };
    follow();
    QObject::connect(action, &QAction::changed, button, follow);
    QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
    return button;
}

QTableWidget* listTable(const QStringList& headings, QWidget* parent)
{
    auto* table = new QTableWidget(0, static_cast<int>(headings.size()), parent);
    table->setHorizontalHeaderLabels(headings);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->verticalHeader()->hide();
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    return table;
}

Card::Card(QWidget* parent)
    : QFrame(parent)
{
    setProperty("kind", QStringLiteral("card"));
}

Pill::Pill(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Pill::setContent(const QString& text, Tone tone)
{
    m_text = text;
    m_tone = tone;
    setAccessibleName(text);
    updateGeometry();
    update();
}

QSize Pill::sizeHint() const
{
    const QFontMetrics metrics(font());
    return {metrics.horizontalAdvance(m_text) + 30, metrics.height() + 6};
}

void Pill::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Tones& tones = tonesOf(palette());
    const QRectF area = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneSoftColor(tones, m_tone));
    painter.drawRoundedRect(area, area.height() / 2, area.height() / 2);
    const QColor color = toneColor(tones, m_tone);
    painter.setBrush(color);
    painter.drawEllipse(QPointF(area.left() + 12, area.center().y()), 3.5, 3.5);
    painter.setPen(color);
    painter.drawText(area.adjusted(20, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, m_text);
}

Banner::Banner(Tone tone, QWidget* parent)
    : QFrame(parent)
{
    setProperty("kind", QStringLiteral("banner"));
    setProperty("tone", toneName(tone));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Pad, 10, Pad, 10);
    row->setSpacing(12);
    auto* picture = new QLabel;
    picture->setPixmap(icon(QStringLiteral("warning"), tone).pixmap(20, 20));
    row->addWidget(picture, 0, Qt::AlignVCenter);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(2);
    m_text = headingLabel({}, this);
    m_text->setWordWrap(true);
    setLabelTone(m_text, tone);
    m_detail = bodyLabel({}, this);
    m_detail->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_detail->hide();
    lines->addWidget(m_text);
    lines->addWidget(m_detail);
    row->addLayout(lines, 1);
    m_buttons = new QHBoxLayout;
    m_buttons->setSpacing(Gap);
    row->addLayout(m_buttons);
    hide();
}

void Banner::setText(const QString& text, const QString& detail)
{
    m_text->setText(text);
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    setAccessibleName(text);
    setAccessibleDescription(detail);
}

QString Banner::text() const
{
    return m_text->text();
}

QString Banner::detail() const
{
    return m_detail->text();
}

QPushButton* Banner::addButton(const QString& text, const QString& objectName)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(objectName);
    m_buttons->addWidget(button);
    return button;
}

void Banner::addButton(QAction* action, const QString& objectName)
{
    QPushButton* button = actionButton(action, this);
    button->setObjectName(objectName);
    m_buttons->addWidget(button);
}

QFont monospaceFont()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPointSizeF(QApplication::font().pointSizeF());
    return font;
}

} // namespace sallyport::ui::theme
