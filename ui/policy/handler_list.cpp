#include "ui/policy/handler_list.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

constexpr std::size_t MostRows = 100;
constexpr int MostParams = 120;

bool isSame(const api::Handler& a, const api::Handler& b)
{
    return a.host == b.host && a.origin == b.origin && a.kind == b.kind && a.name == b.name &&
           a.params == b.params && a.text == b.text;
}

QString hostsText(const api::Handler& handler)
{
    return handler.host.empty() ? HandlerList::tr("Every host") : hostText(handler.host, 60);
}

} // namespace

HandlerList::HandlerList(QWidget* parent)
    : QWidget(parent)
    , m_rows(new QVBoxLayout)
    , m_add(new QPushButton(theme::icon(QStringLiteral("plus")), tr("Add o&utbound handler"), this))
{
    m_add->setObjectName(QStringLiteral("handlerAdd"));
    m_rows->setSpacing(6);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_add);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    column->addLayout(m_rows);
    column->addLayout(buttons);
    connect(m_add, &QPushButton::clicked, this, &HandlerList::addWanted);
}

void HandlerList::setHandlers(std::vector<api::Handler> handlers)
{
    // What is the same stays, with the focus in it.
    if (std::equal(handlers.begin(), handlers.end(), m_handlers.begin(), m_handlers.end(), isSame))
        return;
    m_handlers = std::move(handlers);
    while (QLayoutItem* item = m_rows->takeAt(0)) {
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    for (std::size_t i = 0; i < std::min(m_handlers.size(), MostRows); ++i)
        m_rows->addWidget(makeRow(m_handlers[i]));
    if (m_handlers.size() > MostRows)
        m_rows->addWidget(
            theme::mutedLabel(tr("and %1 more").arg(m_handlers.size() - MostRows), this));
}

QWidget* HandlerList::makeRow(const api::Handler& handler)
{
    auto* card = new theme::Card(this);
    card->setObjectName(QStringLiteral("handlerRow"));
    auto* title = theme::headingLabel(
        hostsText(handler) + QStringLiteral(" → ") + safe(handler.name, 60), card);
    title->setToolTip(toolTipText(safe(handler.host, 300)));
    auto* lines = new QVBoxLayout;
    lines->setSpacing(2);
    lines->addWidget(title);
    QString text = safe(handler.text, 400);
    if (handler.origin == api::HandlerOrigin::Declared)
        text += tr(" Declared by the module.");
    auto* sentence = theme::bodyLabel(text, card);
    theme::setLabelTone(sentence, theme::Tone::Muted);
    lines->addWidget(sentence);
    if (handler.params != "{}" && handler.params != "null") {
        auto* params = theme::bodyLabel(safe(handler.params, MostParams), card);
        params->setFont(theme::monospaceFont());
        params->setToolTip(toolTipText(safe(handler.params, 2000)));
        theme::setLabelTone(params, theme::Tone::Muted);
        lines->addWidget(params);
    }
    auto* row = new QHBoxLayout(card);
    row->setContentsMargins(12, 8, 8, 8);
    row->addLayout(lines, 1);
    const auto addButton = [&](const QString& icon, const QString& what, const char* name) {
        auto* button = new QToolButton(card);
        button->setObjectName(QLatin1String(name));
        button->setIcon(theme::icon(icon));
        button->setAccessibleName(what);
        button->setToolTip(toolTipText(what));
        button->setFocusPolicy(Qt::StrongFocus);
        row->addWidget(button, 0, Qt::AlignTop);
        return button;
    };
    if (handler.origin == api::HandlerOrigin::RunTime) {
        const QString which = hostsText(handler) + QStringLiteral(" → ") + safe(handler.name, 60);
        auto* edit = addButton(QStringLiteral("rename"), tr("Change %1").arg(which), "handlerEdit");
        auto* unset = addButton(QStringLiteral("trash"), tr("Unset %1").arg(which), "handlerUnset");
        connect(edit, &QToolButton::clicked, this, [this, handler] { emit editWanted(handler); });
        connect(unset, &QToolButton::clicked, this, [this, handler] { emit unsetWanted(handler); });
    }
    return card;
}

} // namespace sallyport::ui::policy
