#include "ui/credentials/credentials_window.h"

#include <algorithm>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/credentials/credential_dialog.h"
#include "ui/credentials/credential_text.h"
#include "ui/credentials/unlock_dialog.h"
#include "ui/theme/icon.h"
#include "ui/theme/theme.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::credentials {

namespace {

constexpr QSize FirstSize{860, 680};
constexpr QSize LeastSize{560, 540};
constexpr std::size_t MostAlarms = 200;
constexpr int MostUrl = 4096;

enum Column
{
    Name,
    State,
    Hosts,
    PutIn,
    Variable,
    Users,
    Used,
    ColumnCount,
};

} // namespace

CredentialsWindow::CredentialsWindow(EngineLink& link, SandboxBook& book, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_book(book)
{
    setObjectName(QStringLiteral("credentialsWindow"));
    setWindowTitle(tr("Credentials"));
    setMinimumSize(LeastSize);
    resize(FirstSize);
    auto* intro = theme::bodyLabel(
        tr("The door puts these into requests to their hosts. A sandbox never sees a value, and "
           "nothing shows it again once it is saved."),
        this);
    theme::setLabelTone(intro, theme::Tone::Muted);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(theme::Pad);
    column->addWidget(intro);
    column->addWidget(makeVault());
    column->addWidget(makeList(), 3);
    column->addWidget(makeTest());
    column->addWidget(makeAlarms(), 1);
    m_toast = new Toast(this);

    connect(&m_link, &EngineLink::connected, this, &CredentialsWindow::fetch);
    connect(&m_link, &EngineLink::stateChanged, this, &CredentialsWindow::updateButtons);
    connect(&m_link, &EngineLink::credentialChanged, this, &CredentialsWindow::put);
    connect(&m_link, &EngineLink::credentialRemoved, this, &CredentialsWindow::drop);
    connect(&m_link, &EngineLink::vaultChanged, this, &CredentialsWindow::setVault);
    connect(&m_link, &EngineLink::credentialAlarmed, this, &CredentialsWindow::addAlarm);
    for (const auto change : {&SandboxBook::added, &SandboxBook::changed})
        connect(&m_book, change, this, &CredentialsWindow::fillSandboxes);
    connect(&m_book, &SandboxBook::removed, this, &CredentialsWindow::fillSandboxes);
    connect(&m_book, &SandboxBook::reset, this, &CredentialsWindow::fillSandboxes);
    fillSandboxes();
    setVault({});
    fetch();
}

QWidget* CredentialsWindow::makeVault()
{
    auto* card = new theme::Card(this);
    auto* row = new QHBoxLayout(card);
    row->setContentsMargins(12, 9, 12, 9);
    row->setSpacing(theme::Pad);
    m_vaultState = theme::bodyLabel({}, card);
    m_vaultState->setObjectName(QStringLiteral("vaultState"));
    m_vaultButton = new QPushButton(card);
    m_vaultButton->setObjectName(QStringLiteral("vaultButton"));
    m_vaultButton->setAutoDefault(false);
    connect(m_vaultButton, &QPushButton::clicked, this, &CredentialsWindow::lockOrUnlock);
    row->addWidget(m_vaultState, 1);
    row->addWidget(m_vaultButton);
    return card;
}

QWidget* CredentialsWindow::makeList()
{
    auto* part = new QWidget(this);
    m_table = theme::listTable({tr("Name"), tr("State"), tr("Goes to"), tr("Put in as"),
                                tr("Variable"), tr("Sandboxes"), tr("Used")},
                               part);
    m_table->setObjectName(QStringLiteral("credentialTable"));
    m_table->setAccessibleName(tr("Credentials"));
    m_table->horizontalHeader()->setSectionResizeMode(Hosts, QHeaderView::Stretch);
    m_table->setMinimumHeight(110);
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &CredentialsWindow::updateButtons);
    connect(m_table, &QTableWidget::itemActivated, this, [this] { m_edit->click(); });

    const auto button = [part](const QString& text, const char* name) {
        auto* made = new QPushButton(text, part);
        made->setObjectName(QLatin1String(name));
        made->setAutoDefault(false);
        return made;
    };
    m_add = button(tr("&Add…"), "credentialAdd");
    theme::makePrimary(m_add);
    m_edit = button(tr("&Edit…"), "credentialEdit");
    m_remove = button(tr("&Delete…"), "credentialRemove");
    connect(m_add, &QPushButton::clicked, this, [this] { edit({}); });
    connect(m_edit, &QPushButton::clicked, this, [this] {
        if (const api::Credential* one = selected(); one != nullptr)
            edit(*one);
    });
    connect(m_remove, &QPushButton::clicked, this, &CredentialsWindow::askToRemove);
    m_problem = theme::bodyLabel({}, part);
    m_problem->setObjectName(QStringLiteral("credentialStateProblem"));
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    for (QPushButton* one : {m_add, m_edit, m_remove})
        row->addWidget(one);
    row->addWidget(m_problem, 1);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    column->addWidget(m_table, 1);
    column->addLayout(row);
    return part;
}

QWidget* CredentialsWindow::makeTest()
{
    auto* part = new QWidget(this);
    m_sandbox = new QComboBox(part);
    m_sandbox->setObjectName(QStringLiteral("credentialTestSandbox"));
    m_sandbox->setAccessibleName(tr("Sandbox that would ask"));
    m_sandbox->setMinimumWidth(130);
    m_url = new QLineEdit(part);
    m_url->setObjectName(QStringLiteral("credentialTestUrl"));
    m_url->setPlaceholderText(tr("https://api.example.com/"));
    m_url->setMaxLength(MostUrl);
    auto* label = new QLabel(tr("&What would go to"), part);
    label->setBuddy(m_url);
    auto* from = new QLabel(tr("&from"), part);
    from->setBuddy(m_sandbox);
    m_test = new QPushButton(tr("&Test"), part);
    m_test->setObjectName(QStringLiteral("credentialTest"));
    m_test->setAutoDefault(false);
    m_test->setToolTip(tr("Says what would be put in. Sends nothing."));
    m_answer = theme::bodyLabel({}, part);
    m_answer->setObjectName(QStringLiteral("credentialTestAnswer"));
    connect(m_test, &QPushButton::clicked, this, &CredentialsWindow::test);
    connect(m_url, &QLineEdit::returnPressed, this, &CredentialsWindow::test);
    connect(m_url, &QLineEdit::textChanged, this, &CredentialsWindow::updateButtons);
    auto* row = new QHBoxLayout;
    row->setSpacing(theme::Gap);
    row->addWidget(label);
    row->addWidget(m_url, 1);
    row->addWidget(from);
    row->addWidget(m_sandbox);
    row->addWidget(m_test);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addLayout(row);
    column->addWidget(m_answer);
    m_answer->hide();
    return part;
}

QWidget* CredentialsWindow::makeAlarms()
{
    auto* part = new QWidget(this);
    auto* heading = theme::headingLabel(tr("Stopped on their way elsewhere"), part);
    m_noAlarms =
        theme::mutedLabel(tr("Nothing since this window was opened. The log keeps all."), part);
    m_noAlarms->setObjectName(QStringLiteral("noAlarms"));
    m_alarmList = new QListWidget(part);
    m_alarmList->setObjectName(QStringLiteral("alarmList"));
    m_alarmList->setAccessibleName(heading->text());
    m_alarmList->setMinimumHeight(70);
    m_alarmList->hide();
    m_showRow = new QPushButton(tr("&Show in the log"), part);
    m_showRow->setObjectName(QStringLiteral("alarmShow"));
    m_showRow->setAutoDefault(false);
    m_showRow->hide();
    connect(m_showRow, &QPushButton::clicked, this, &CredentialsWindow::showAlarm);
    connect(m_alarmList, &QListWidget::itemActivated, this, &CredentialsWindow::showAlarm);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    column->addWidget(heading);
    column->addWidget(m_noAlarms);
    column->addWidget(m_alarmList, 1);
    column->addWidget(m_showRow, 0, Qt::AlignLeft);
    column->addStretch();
    return part;
}

// ---- What the engine says

void CredentialsWindow::fetch()
{
    if (!m_link.isConnected())
        return;
    m_link.call(
        "credentials.list", api::Json::object(), this, [this](const Result<api::Json>& reply) {
            if (!reply)
                return;
            const auto all = api::member<std::vector<api::Credential>>(*reply, "credentials");
            const auto vault = api::member<api::Vault>(*reply, "vault");
            if (!all || !vault)
                return;
            m_credentials = *all;
            setVault(*vault);
            fillTable();
        });
}

void CredentialsWindow::put(const api::Credential& credential)
{
    const auto known = std::find_if(m_credentials.begin(), m_credentials.end(),
                                    [&](const auto& one) { return one.id == credential.id; });
    if (known == m_credentials.end())
        m_credentials.push_back(credential);
    else
        *known = credential;
    fillTable();
}

void CredentialsWindow::drop(qint64 id)
{
    std::erase_if(m_credentials, [id](const auto& one) { return one.id == id; });
    fillTable();
}

void CredentialsWindow::setVault(const api::Vault& vault)
{
    m_vault = vault;
    m_vaultState->setText(vaultText(vault));
    m_vaultButton->setText(vault.isNew      ? tr("&Make the vault…")
                           : vault.isLocked ? tr("&Unlock…")
                                            : tr("&Lock"));
    updateButtons();
}

void CredentialsWindow::fillTable()
{
    const api::Credential* before = selected();
    const qint64 chosen = before == nullptr ? 0 : before->id;
    const QSignalBlocker quiet(m_table);
    m_table->setRowCount(static_cast<int>(m_credentials.size()));
    int row = 0;
    for (const api::Credential& one : m_credentials) {
        const QString users =
            one.sandboxes ? tr("%n of them", nullptr, static_cast<int>(one.sandboxes->size()))
                          : tr("All");
        const QString texts[ColumnCount] = {
            safe(one.name, 48),
            stateText(one),
            safe(fromQt(hostsText(one.hosts)), 200),
            useText(one),
            safe(one.variable, 60),
            users,
            one.lastUsedAt
                ? tr("%1 ×, %2")
                      .arg(QLocale().toString(qlonglong{one.uses}), momentText(*one.lastUsedAt))
                : tr("Never")};
        for (int column = 0; column < ColumnCount; ++column) {
            auto* item = new QTableWidgetItem(texts[column]);
            item->setData(Qt::UserRole, static_cast<qint64>(one.id));
            item->setToolTip(toolTipText(texts[column]));
            if (column == State)
                item->setForeground(
                    theme::toneColor(theme::tonesOf(palette()), stateTone(one.state)));
            m_table->setItem(row, column, item);
        }
        if (one.id == chosen)
            m_table->selectRow(row);
        ++row;
    }
    updateButtons();
}

void CredentialsWindow::fillSandboxes()
{
    const qint64 chosen = m_sandbox->currentData().toLongLong();
    const QSignalBlocker quiet(m_sandbox);
    m_sandbox->clear();
    for (const api::Sandbox& sandbox : m_book.sandboxes())
        m_sandbox->addItem(safe(sandbox.name, 48), static_cast<qint64>(sandbox.id));
    m_sandbox->setCurrentIndex(std::max(0, m_sandbox->findData(chosen)));
    updateButtons();
}

void CredentialsWindow::addAlarm(const api::CredentialAlarm& alarm)
{
    m_alarms.insert(m_alarms.begin(), alarm);
    const QString text =
        tr("%1  %2: %3")
            .arg(clockText(alarm.time), safe(alarm.sandboxName, 48), safe(alarm.text, 400));
    auto* item =
        new QListWidgetItem(theme::icon(QStringLiteral("warning"), theme::Tone::Bad), text);
    item->setToolTip(toolTipText(text));
    m_alarmList->insertItem(0, item);
    if (m_alarms.size() > MostAlarms) {
        m_alarms.pop_back();
        delete m_alarmList->takeItem(m_alarmList->count() - 1);
    }
    if (m_alarmList->currentRow() < 0)
        m_alarmList->setCurrentRow(0);
    m_noAlarms->hide();
    m_alarmList->show();
    m_showRow->show();
}

// ---- What the person does

const api::Credential* CredentialsWindow::selected() const
{
    const auto items = m_table->selectedItems();
    if (items.isEmpty())
        return nullptr;
    const qint64 id = items.front()->data(Qt::UserRole).toLongLong();
    const auto found = std::find_if(m_credentials.begin(), m_credentials.end(),
                                    [id](const auto& one) { return one.id == id; });
    return found == m_credentials.end() ? nullptr : &*found;
}

void CredentialsWindow::updateButtons()
{
    const bool isConnected = m_link.isConnected();
    const api::Credential* one = selected();
    m_vaultButton->setEnabled(isConnected);
    m_add->setEnabled(isConnected);
    m_edit->setEnabled(isConnected && one != nullptr);
    m_remove->setEnabled(isConnected && one != nullptr);
    m_test->setEnabled(isConnected && m_sandbox->count() > 0 && !m_url->text().trimmed().isEmpty());
    m_problem->setText(one == nullptr ? QString() : safe(one->problem, 300));
}

void CredentialsWindow::edit(const api::Credential& credential)
{
    auto* dialog = new CredentialDialog(m_link, credential, m_book.sandboxes(), this);
    dialog->show();
}

void CredentialsWindow::askToRemove()
{
    const api::Credential* one = selected();
    if (one == nullptr)
        return;
    auto* box = new QMessageBox(this);
    box->setObjectName(QStringLiteral("credentialRemoveBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setIcon(QMessageBox::Warning);
    box->setWindowTitle(tr("Delete credential"));
    box->setTextFormat(Qt::PlainText);
    box->setText(tr("Delete %1?").arg(safe(one->name, 48)));
    box->setInformativeText(
        tr("Its value goes from the vault too. Requests to its hosts go out without it from now "
           "on."));
    QPushButton* confirm = box->addButton(tr("&Delete"), QMessageBox::DestructiveRole);
    confirm->setObjectName(QStringLiteral("credentialRemoveConfirm"));
    theme::makeDanger(confirm);
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(confirm, &QPushButton::clicked, this, [this, id = one->id] { remove(id); });
    box->setModal(false);
    box->show();
}

void CredentialsWindow::remove(qint64 id)
{
    m_link.call(
        "credentials.remove", {{"credential", id}}, this, [this](const Result<api::Json>& reply) {
            if (!reply)
                m_toast->showMessage(tr("Not deleted: %1").arg(safe(reply.error().text, 300)));
        });
}

void CredentialsWindow::lockOrUnlock()
{
    const bool needsPassphrase = m_vault.kind == api::VaultKind::File && m_vault.isLocked;
    if (needsPassphrase) {
        (new UnlockDialog(m_link, m_vault, this))->show();
        return;
    }
    const char* method = m_vault.isLocked ? "vault.unlock" : "vault.lock";
    m_link.call(method, api::Json::object(), this, [this](const Result<api::Json>& reply) {
        if (!reply)
            m_toast->showMessage(safe(reply.error().text, 300));
    });
}

void CredentialsWindow::test()
{
    if (!m_test->isEnabled())
        return;
    m_link.call("credentials.test",
                {{"sandbox", m_sandbox->currentData().toLongLong()},
                 {"url", fromQt(m_url->text().trimmed())}},
                this, [this](const Result<api::Json>& reply) {
                    const auto text = reply ? api::member<std::string>(*reply, "text")
                                            : tl::unexpected(reply.error());
                    m_answer->setText(safe(text ? *text : text.error().text, 600));
                    theme::setLabelTone(m_answer, text ? theme::Tone::Text : theme::Tone::Bad);
                    m_answer->show();
                });
}

void CredentialsWindow::showAlarm()
{
    const int at = m_alarmList->currentRow();
    if (at < 0 || static_cast<std::size_t>(at) >= m_alarms.size())
        return;
    const api::CredentialAlarm& alarm = m_alarms[static_cast<std::size_t>(at)];
    emit rowRequested(alarm.sandbox, QStringLiteral("verdict:deny host:%1").arg(toQt(alarm.host)));
}

} // namespace sallyport::ui::credentials
