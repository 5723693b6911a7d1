#include "ui/policy/policy_view.h"

#include <QVBoxLayout>

#include "ui/policy/policy_page.h"

namespace sallyport::ui::policy {

PolicyView::PolicyView(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_page(new PolicyPage(link, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);
}

PolicyView::~PolicyView() = default;

void PolicyView::setSandbox(qint64 idOr0)
{
    m_page->setSandbox(idOr0);
}

void PolicyView::showRule(qint64 rule)
{
    m_page->showRule(rule);
}

void PolicyView::proposeRule(const api::Rule& rule)
{
    m_page->proposeRule(rule);
}

} // namespace sallyport::ui::policy
