#include "ui/bindings/binding_dialog.h"

#include <algorithm>

#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>

#include "ui/bindings/binding_text.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::bindings {

namespace {

constexpr std::int64_t Mebibyte = 1024 * 1024;
constexpr int UsualMost = 1024; // mebibytes
constexpr int MostMost = 1024 * 1024;
constexpr int MostName = 63;
constexpr int MostNote = 1000;
constexpr int FirstWidth = 480;

} // namespace

BindingDialog::BindingDialog(EngineLink& link,
                             const api::Binding& binding,
                             const std::vector<api::Sandbox>& sandboxes,
                             QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_original(binding)
    , m_isNew(binding.name.empty())
{
    setObjectName(QStringLiteral("bindingDialog"));
    setWindowTitle(m_isNew ? tr("New binding") : safe(binding.name, 64));
    setAttribute(Qt::WA_DeleteOnClose);
    m_form = new QFormLayout;
    m_form->setHorizontalSpacing(12);
    m_form->setVerticalSpacing(10);
    addFields(sandboxes);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(theme::Pad);
    column->addLayout(m_form);
    column->addWidget(makeButtons());
    connect(m_kind, &QComboBox::currentIndexChanged, this, &BindingDialog::judge);
    connect(m_name, &QLineEdit::textChanged, this, &BindingDialog::judge);
    judge();
    setMinimumWidth(FirstWidth);
    if (m_isNew)
        m_name->setFocus();
}

void BindingDialog::addFields(const std::vector<api::Sandbox>& sandboxes)
{
    m_kind = new QComboBox;
    m_kind->setObjectName(QStringLiteral("bindingKind"));
    for (const auto kind :
         {api::BindingKind::Kv, api::BindingKind::Objects, api::BindingKind::Service})
        m_kind->addItem(theme::icon(kindIcon(kind)), kindText(kind), static_cast<int>(kind));
    m_kind->setCurrentIndex(m_kind->findData(static_cast<int>(m_original.kind)));
    m_kind->setEnabled(m_isNew);
    m_form->addRow(tr("&Kind"), m_kind);
    m_about = theme::mutedLabel({});
    m_about->setWordWrap(true);
    m_form->addRow(QString(), m_about);
    m_name = new QLineEdit(toQt(m_original.name));
    m_name->setObjectName(QStringLiteral("bindingName"));
    m_name->setMaxLength(MostName);
    m_name->setEnabled(m_isNew);
    m_form->addRow(tr("&Name"), m_name);
    m_most = new QSpinBox;
    m_most->setObjectName(QStringLiteral("bindingMost"));
    m_most->setRange(1, MostMost);
    m_most->setSuffix(tr(" MiB"));
    m_most->setGroupSeparatorShown(true);
    const std::int64_t most = (m_original.mostBytes + Mebibyte - 1) / Mebibyte;
    m_most->setValue(m_isNew ? UsualMost
                             : static_cast<int>(std::min<std::int64_t>(most, MostMost)));
    m_form->addRow(tr("&Holds at most"), m_most);
    m_port = new QSpinBox;
    m_port->setObjectName(QStringLiteral("bindingPort"));
    m_port->setRange(1, 65535);
    m_port->setValue(m_isNew ? 8080 : m_original.port);
    m_form->addRow(tr("&Port"), m_port);
    m_owner = new QComboBox;
    m_owner->setObjectName(QStringLiteral("bindingOwner"));
    m_owner->addItem(tr("This machine, on 127.0.0.1"), qint64{0});
    for (const api::Sandbox& sandbox : sandboxes)
        m_owner->addItem(tr("The sandbox %1").arg(safe(sandbox.name, 48)),
                         static_cast<qint64>(sandbox.id));
    m_owner->setCurrentIndex(
        std::max(0, m_owner->findData(static_cast<qint64>(m_original.owner.value_or(0)))));
    m_owner->setEnabled(m_isNew); // whose port it is makes it what it is
    m_form->addRow(tr("P&ort of"), m_owner);
    m_note = new QLineEdit(toQt(m_original.note));
    m_note->setObjectName(QStringLiteral("bindingNote"));
    m_note->setMaxLength(MostNote);
    m_form->addRow(tr("No&te for yourself"), m_note);
}

QWidget* BindingDialog::makeButtons()
{
    auto* footer = new QWidget(this);
    m_problem = theme::bodyLabel({}, footer);
    m_problem->setObjectName(QStringLiteral("bindingProblem"));
    auto* cancel = new QPushButton(tr("Cancel"), footer);
    cancel->setObjectName(QStringLiteral("bindingCancel"));
    m_save = new QPushButton(m_isNew ? tr("&Make") : tr("&Save"), footer);
    m_save->setObjectName(QStringLiteral("bindingSave"));
    m_save->setDefault(true);
    theme::makePrimary(m_save);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_save, &QPushButton::clicked, this, &BindingDialog::save);
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(cancel);
    row->addWidget(m_save);
    auto* column = new QVBoxLayout(footer);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_problem);
    column->addLayout(row);
    return footer;
}

api::BindingKind BindingDialog::kind() const
{
    return static_cast<api::BindingKind>(m_kind->currentData().toInt());
}

api::Binding BindingDialog::typed() const
{
    api::Binding binding = m_original;
    binding.kind = kind();
    binding.name = fromQt(m_name->text().trimmed());
    binding.note = fromQt(m_note->text().trimmed());
    if (binding.kind == api::BindingKind::Service) {
        binding.port = m_port->value();
        binding.owner.reset();
        if (const qint64 owner = m_owner->currentData().toLongLong(); owner != 0)
            binding.owner = owner;
    } else {
        binding.mostBytes = m_most->value() * Mebibyte;
    }
    return binding;
}

void BindingDialog::judge()
{
    const api::BindingKind now = kind();
    const bool isService = now == api::BindingKind::Service;
    m_form->setRowVisible(m_most, !isService);
    m_form->setRowVisible(m_port, isService);
    m_form->setRowVisible(m_owner, isService);
    m_about->setText(isService ? tr("A port that sandboxes reach by a name: of a program on this "
                                    "machine, or of another sandbox.")
                     : now == api::BindingKind::Kv
                         ? tr("Small values by key, with an end and metadata.")
                         : tr("Objects of any size, for whatever speaks S3."));
    m_name->setPlaceholderText(isService                     ? tr("model")
                               : now == api::BindingKind::Kv ? tr("cache")
                                                             : tr("data"));
    static const QRegularExpression pattern(QStringLiteral("\\A[a-z0-9][a-z0-9-]+[a-z0-9]\\z"));
    const QString name = m_name->text().trimmed();
    QString missing;
    if (name.isEmpty())
        missing = tr("Give it a name.");
    else if (!pattern.match(name).hasMatch())
        missing = tr("A name has 3 to 63 of a–z and 0–9, with “-” inside.");
    m_problem->setText(missing);
    theme::setLabelTone(m_problem, theme::Tone::Muted);
    m_problem->setVisible(!missing.isEmpty());
    m_save->setEnabled(missing.isEmpty() && !m_isBusy);
}

void BindingDialog::save()
{
    if (!m_save->isEnabled())
        return;
    m_isBusy = true;
    m_save->setEnabled(false);
    const char* method = m_isNew ? "bindings.create" : "bindings.update";
    m_link.call(method, {{"binding", api::toJson(typed())}}, this,
                [this](const Result<api::Json>& reply) {
                    m_isBusy = false;
                    const auto made =
                        reply ? api::fromJson<api::Binding>(*reply) : tl::unexpected(reply.error());
                    if (made) {
                        emit saved(*made);
                        accept();
                        return;
                    }
                    judge();
                    m_problem->setText(safe(made.error().text, 300));
                    theme::setLabelTone(m_problem, theme::Tone::Bad);
                    m_problem->show();
                });
}

} // namespace sallyport::ui::bindings
