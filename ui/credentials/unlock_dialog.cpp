#include "ui/credentials/unlock_dialog.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::credentials {

UnlockDialog::UnlockDialog(EngineLink& link, const api::Vault& vault, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_isNew(vault.isNew)
    , m_passphrase(new QLineEdit(this))
    , m_again(new QLineEdit(this))
    , m_problem(theme::bodyLabel({}, this))
{
    setObjectName(QStringLiteral("unlockDialog"));
    setWindowTitle(m_isNew ? tr("Make the vault") : tr("Unlock the vault"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* intro = theme::bodyLabel(
        m_isNew ? tr("Values are kept in a file that this passphrase seals. It can't be recovered "
                     "when it is forgotten.")
                : tr("The values stay readable for the engine until you lock the vault or the "
                     "engine ends."),
        this);
    for (auto* edit : {m_passphrase, m_again}) {
        edit->setEchoMode(QLineEdit::Password);
        edit->setMaxLength(1024);
        connect(edit, &QLineEdit::textChanged, this, &UnlockDialog::judge);
    }
    m_passphrase->setObjectName(QStringLiteral("unlockPassphrase"));
    m_again->setObjectName(QStringLiteral("unlockAgain"));
    auto* form = new QFormLayout;
    form->addRow(tr("&Passphrase"), m_passphrase);
    form->addRow(tr("The same a&gain"), m_again);
    form->setRowVisible(m_again, m_isNew);
    m_problem->setObjectName(QStringLiteral("unlockProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_problem->hide();
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setObjectName(QStringLiteral("unlockCancel"));
    m_unlock = new QPushButton(m_isNew ? tr("&Make it") : tr("&Unlock"), this);
    m_unlock->setObjectName(QStringLiteral("unlockConfirm"));
    m_unlock->setDefault(true);
    theme::makePrimary(m_unlock);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_unlock);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(theme::Pad);
    column->addWidget(intro);
    column->addLayout(form);
    column->addWidget(m_problem);
    column->addLayout(buttons);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_unlock, &QPushButton::clicked, this, &UnlockDialog::unlock);
    setMinimumWidth(420);
    m_passphrase->setFocus();
    judge();
}

void UnlockDialog::judge()
{
    const bool differs = m_isNew && m_passphrase->text() != m_again->text();
    m_unlock->setEnabled(!m_passphrase->text().isEmpty() && !differs && !m_isBusy);
    const bool isTyped = !m_again->text().isEmpty();
    m_problem->setText(differs && isTyped ? tr("The two are not the same.") : QString());
    m_problem->setVisible(differs && isTyped);
}

void UnlockDialog::unlock()
{
    if (!m_unlock->isEnabled())
        return;
    m_isBusy = true;
    const std::string passphrase = fromQt(m_passphrase->text());
    m_passphrase->clear();
    m_again->clear();
    m_link.call("vault.unlock", {{"passphrase", passphrase}}, this,
                [this](const Result<api::Json>& reply) {
                    m_isBusy = false;
                    if (reply) {
                        accept();
                        return;
                    }
                    judge();
                    m_problem->setText(safe(reply.error().text, 300));
                    m_problem->show();
                    m_passphrase->setFocus();
                });
}

} // namespace sallyport::ui::credentials
