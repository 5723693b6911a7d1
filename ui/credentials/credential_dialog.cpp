#include "ui/credentials/credential_dialog.h"

#include <algorithm>

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/credentials/credential_text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"

namespace sallyport::ui::credentials {

namespace {

constexpr int MostText = 1000;
constexpr int MostValue = 16 * 1024;
constexpr int MostCacheSeconds = 24 * 60 * 60;
constexpr QSize FirstSize{520, 640};

} // namespace

CredentialDialog::CredentialDialog(EngineLink& link,
                                   const api::Credential& credential,
                                   const std::vector<api::Sandbox>& sandboxes,
                                   QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_original(credential)
{
    setObjectName(QStringLiteral("credentialDialog"));
    setWindowTitle(credential.id == 0 ? tr("New credential")
                                      : tr("Credential %1").arg(safe(credential.name, 48)));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* content = new QWidget;
    m_form = new QFormLayout(content);
    m_form->setContentsMargins(theme::PagePad, 20, theme::PagePad, theme::Pad);
    m_form->setHorizontalSpacing(12);
    m_form->setVerticalSpacing(10);
    addFields();
    addSandboxes(sandboxes);
    m_note = addEdit(tr("No&te for yourself"), "credentialNote", {});
    auto* scroll = new PageScroll(this);
    scroll->setContent(content);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(scroll, 1);
    column->addWidget(makeButtons());
    resize(FirstSize);
    fill();
    for (auto* edit : {m_name, m_value, m_command, m_hosts, m_header, m_user, m_parameter})
        connect(edit, &QLineEdit::textChanged, this, &CredentialDialog::judge);
    for (auto* box : {m_source, m_use})
        connect(box, &QComboBox::currentIndexChanged, this, &CredentialDialog::judge);
    connect(m_onlySome, &QCheckBox::toggled, this, &CredentialDialog::judge);
    connect(m_reveal, &QCheckBox::toggled, this, [this](bool isShown) {
        m_value->setEchoMode(isShown ? QLineEdit::Normal : QLineEdit::Password);
    });
    judge();
    (credential.id == 0 ? m_name : m_hosts)->setFocus();
}

QLineEdit*
CredentialDialog::addEdit(const QString& label, const char* objectName, const QString& placeholder)
{
    auto* edit = new QLineEdit;
    edit->setObjectName(QLatin1String(objectName));
    edit->setPlaceholderText(placeholder);
    edit->setMaxLength(MostText);
    m_form->addRow(label, edit);
    return edit;
}

QComboBox* CredentialDialog::addChoice(const QString& label, const char* objectName)
{
    auto* box = new QComboBox;
    box->setObjectName(QLatin1String(objectName));
    m_form->addRow(label, box);
    return box;
}

QCheckBox* CredentialDialog::addCheck(const QString& text, const char* objectName)
{
    auto* box = new QCheckBox(text);
    box->setObjectName(QLatin1String(objectName));
    m_form->addRow(QString(), box);
    return box;
}

void CredentialDialog::addFields()
{
    m_name = addEdit(tr("&Name"), "credentialName", tr("github"));
    m_name->setMaxLength(40);
    m_source = addChoice(tr("Value &from"), "credentialSource");
    m_source->addItem(tr("The vault"), static_cast<int>(api::CredentialSource::Vault));
    m_source->addItem(tr("A command of mine"), static_cast<int>(api::CredentialSource::Command));
    m_value = addEdit(tr("&Value"), "credentialValue", {});
    m_value->setMaxLength(MostValue);
    m_value->setEchoMode(QLineEdit::Password);
    m_reveal = addCheck(tr("Sho&w it while I type"), "credentialReveal");
    m_command = addEdit(tr("&Command"), "credentialCommand", tr("gh auth token"));
    m_cache = new QSpinBox;
    m_cache->setObjectName(QStringLiteral("credentialCache"));
    m_cache->setRange(0, MostCacheSeconds);
    m_cache->setSuffix(tr(" s"));
    m_form->addRow(tr("&Keep what it prints for"), m_cache);
    m_hosts =
        addEdit(tr("H&osts that get it"), "credentialHosts", tr("api.example.com, *.example.net"));
    m_use = addChoice(tr("&Put in as"), "credentialUse");
    m_use->addItem(tr("A header"), static_cast<int>(api::CredentialUse::Header));
    m_use->addItem(tr("User and password (Basic)"), static_cast<int>(api::CredentialUse::Basic));
    m_use->addItem(tr("A parameter of the query"), static_cast<int>(api::CredentialUse::Query));
    m_use->addItem(tr("A signature for AWS (ID:SECRET[:TOKEN])"),
                   static_cast<int>(api::CredentialUse::AwsSigV4));
    m_use->addItem(tr("Only in place of the placeholder"),
                   static_cast<int>(api::CredentialUse::Placeholder));
    // One that was made elsewhere stays what it is.
    if (m_use->findData(static_cast<int>(m_original.use)) < 0)
        m_use->addItem(useText(m_original), static_cast<int>(m_original.use));
    m_header = addEdit(tr("&Header"), "credentialHeader", tr("Authorization: Bearer {}"));
    m_user = addEdit(tr("&User"), "credentialUser", {});
    m_parameter = addEdit(tr("Para&meter"), "credentialParameter", tr("api_key"));
    m_variable = addEdit(tr("Placeholder va&riable"), "credentialVariable",
                         tr("GITHUB_TOKEN; may be empty"));
    m_inBodies = addCheck(tr("Replace the placeholder in &bodies too"), "credentialInBodies");
    m_plainHttp = addCheck(tr("May go over HTTP w&ithout TLS"), "credentialPlainHttp");
}

void CredentialDialog::addSandboxes(const std::vector<api::Sandbox>& sandboxes)
{
    m_onlySome = addCheck(tr("Onl&y these sandboxes may use it"), "credentialOnlySome");
    m_sandboxes = new QListWidget;
    m_sandboxes->setObjectName(QStringLiteral("credentialSandboxes"));
    m_sandboxes->setAccessibleName(tr("Sandboxes that may use it"));
    m_sandboxes->setMaximumHeight(110);
    const auto chosen = m_original.sandboxes.value_or(std::vector<api::SandboxId>());
    for (const api::Sandbox& sandbox : sandboxes) {
        auto* item = new QListWidgetItem(safe(sandbox.name, 48), m_sandboxes);
        item->setData(Qt::UserRole, static_cast<qint64>(sandbox.id));
        item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
        const bool isChosen = std::find(chosen.begin(), chosen.end(), sandbox.id) != chosen.end();
        item->setCheckState(isChosen ? Qt::Checked : Qt::Unchecked);
    }
    m_form->addRow(QString(), m_sandboxes);
}

QWidget* CredentialDialog::makeButtons()
{
    auto* footer = new QWidget(this);
    m_problem = theme::bodyLabel({}, footer);
    m_problem->setObjectName(QStringLiteral("credentialProblem"));
    auto* cancel = new QPushButton(tr("Cancel"), footer);
    cancel->setObjectName(QStringLiteral("credentialCancel"));
    m_save = new QPushButton(tr("&Save"), footer);
    m_save->setObjectName(QStringLiteral("credentialSave"));
    m_save->setDefault(true);
    theme::makePrimary(m_save);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_save, &QPushButton::clicked, this, &CredentialDialog::save);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(cancel);
    row->addWidget(m_save);
    auto* column = new QVBoxLayout(footer);
    column->setContentsMargins(theme::PagePad, theme::Gap, theme::PagePad, theme::Pad);
    column->addWidget(m_problem);
    column->addLayout(row);
    return footer;
}

void CredentialDialog::fill()
{
    const bool isNew = m_original.id == 0;
    m_name->setText(toQt(m_original.name));
    m_name->setEnabled(isNew); // the vault knows the value by it
    m_value->setPlaceholderText(isNew ? QString() : tr("as it is; type to set a new one"));
    m_source->setCurrentIndex(m_source->findData(static_cast<int>(m_original.source)));
    m_command->setText(commandText(m_original.command));
    m_cache->setValue(m_original.cacheSeconds);
    m_hosts->setText(hostsText(m_original.hosts));
    m_use->setCurrentIndex(m_use->findData(static_cast<int>(m_original.use)));
    m_header->setText(toQt(m_original.header));
    m_user->setText(toQt(m_original.user));
    m_parameter->setText(toQt(m_original.parameter));
    m_variable->setText(toQt(m_original.variable));
    m_inBodies->setChecked(m_original.inBodies);
    m_plainHttp->setChecked(m_original.plainHttp);
    m_onlySome->setChecked(m_original.sandboxes.has_value());
    m_note->setText(toQt(m_original.note));
}

api::Credential CredentialDialog::typed() const
{
    api::Credential credential = m_original;
    credential.name = fromQt(m_name->text().trimmed());
    credential.source = static_cast<api::CredentialSource>(m_source->currentData().toInt());
    const bool isCommand = credential.source == api::CredentialSource::Command;
    if (!isCommand)
        credential.command.clear();
    else if (m_command->text() != commandText(m_original.command))
        credential.command = commandOf(m_command->text()); // drops empty arguments
    credential.cacheSeconds = m_cache->value();
    credential.hosts = hostsOf(m_hosts->text());
    credential.use = static_cast<api::CredentialUse>(m_use->currentData().toInt());
    credential.header = fromQt(m_header->text());
    credential.user = fromQt(m_user->text());
    credential.parameter = fromQt(m_parameter->text().trimmed());
    credential.variable = fromQt(m_variable->text().trimmed());
    credential.inBodies = m_inBodies->isChecked();
    credential.plainHttp = m_plainHttp->isChecked();
    credential.note = fromQt(m_note->text().trimmed());
    credential.sandboxes.reset();
    if (m_onlySome->isChecked()) {
        credential.sandboxes.emplace();
        for (int i = 0; i < m_sandboxes->count(); ++i)
            if (m_sandboxes->item(i)->checkState() == Qt::Checked)
                credential.sandboxes->push_back(
                    m_sandboxes->item(i)->data(Qt::UserRole).toLongLong());
    }
    return credential;
}

QString CredentialDialog::problem() const
{
    const api::Credential credential = typed();
    const bool isCommand = credential.source == api::CredentialSource::Command;
    if (credential.name.empty())
        return tr("Give it a name.");
    if (isCommand && credential.command.empty())
        return tr("Say which command prints the value.");
    const bool wasInVault = m_original.id != 0 && m_original.source == api::CredentialSource::Vault;
    if (!isCommand && !wasInVault && m_value->text().isEmpty())
        return tr("Type or paste the value.");
    if (credential.hosts.empty())
        return tr("Name the hosts that may get it.");
    return {};
}

void CredentialDialog::judge()
{
    const auto use = static_cast<api::CredentialUse>(m_use->currentData().toInt());
    const auto source = static_cast<api::CredentialSource>(m_source->currentData().toInt());
    const bool isCommand = source == api::CredentialSource::Command;
    m_form->setRowVisible(m_value, !isCommand);
    m_form->setRowVisible(m_reveal, !isCommand);
    m_form->setRowVisible(m_command, isCommand);
    m_form->setRowVisible(m_cache, isCommand);
    m_form->setRowVisible(m_header, use == api::CredentialUse::Header);
    m_form->setRowVisible(m_user,
                          use == api::CredentialUse::Basic || use == api::CredentialUse::GitHubApp);
    m_form->setRowVisible(m_parameter,
                          use == api::CredentialUse::Query || use == api::CredentialUse::GitHubApp);
    m_form->setRowVisible(m_sandboxes, m_onlySome->isChecked());
    const QString missing = problem();
    m_problem->setText(missing);
    theme::setLabelTone(m_problem, theme::Tone::Muted);
    m_problem->setVisible(!missing.isEmpty());
    m_save->setEnabled(missing.isEmpty() && !m_isBusy);
}

void CredentialDialog::save()
{
    if (!m_save->isEnabled())
        return;
    const api::Credential credential = typed();
    api::Json parameters{{"credential", api::toJson(credential)}};
    if (credential.source == api::CredentialSource::Vault && !m_value->text().isEmpty())
        parameters["value"] = fromQt(m_value->text());
    m_isBusy = true;
    m_save->setEnabled(false);
    const char* method = credential.id == 0 ? "credentials.add" : "credentials.update";
    m_link.call(method, std::move(parameters), this, [this](const Result<api::Json>& reply) {
        m_isBusy = false;
        if (reply) {
            m_value->clear();
            accept();
            return;
        }
        judge();
        m_problem->setText(safe(reply.error().text, 300));
        theme::setLabelTone(m_problem, theme::Tone::Bad);
        m_problem->show();
    });
}

} // namespace sallyport::ui::credentials
