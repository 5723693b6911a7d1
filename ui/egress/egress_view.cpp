#include "ui/egress/egress_view.h"

#include <QVBoxLayout>

#include "ui/egress/egress_page.h"

namespace sallyport::ui::egress {

EgressView::EgressView(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_page(new EgressPage(link, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);
    connect(m_page, &EgressPage::ruleRequested, this, &EgressView::ruleRequested);
    connect(m_page, &EgressPage::ruleProposed, this, &EgressView::ruleProposed);
    connect(m_page, &EgressPage::trialRequested, this, &EgressView::trialRequested);
    connect(m_page, &EgressPage::questionRequested, this, &EgressView::questionRequested);
}

EgressView::~EgressView() = default;

void EgressView::setSandbox(qint64 idOr0)
{
    m_page->setSandbox(idOr0);
}

void EgressView::setFilterText(const QString& text)
{
    m_page->setFilterText(text);
}

void EgressView::showRow(qint64 row)
{
    m_page->showRow(row);
}

} // namespace sallyport::ui::egress
