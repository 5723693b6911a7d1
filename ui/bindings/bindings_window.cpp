#include "ui/bindings/bindings_window.h"

#include <algorithm>

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/bindings/binding_dialog.h"
#include "ui/bindings/binding_text.h"
#include "ui/bindings/contents_dialog.h"
#include "ui/bindings/use_dialog.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/theme.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::bindings {

namespace {

constexpr QSize FirstSize{860, 640};
constexpr QSize LeastSize{560, 520};

enum Column
{
    Name,
    Kind,
    Holds,
    Users,
    Note,
    ColumnCount,
};
enum UseColumn
{
    Who,
    May,
    For,
    Variable,
    UseColumnCount,
};

QTableWidget* makeTable(const QStringList& headings, const char* objectName, QWidget* parent)
{
    QTableWidget* table = theme::listTable(headings, parent);
    table->setObjectName(QLatin1String(objectName));
    table->horizontalHeader()->setStretchLastSection(true);
    return table;
}

int selectedRow(const QTableWidget& table)
{
    const auto rows = table.selectionModel()->selectedRows();
    return rows.isEmpty() ? -1 : rows.front().row();
}

} // namespace

BindingsWindow::BindingsWindow(EngineLink& link, SandboxBook& book, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_book(book)
{
    setObjectName(QStringLiteral("bindingsWindow"));
    setWindowTitle(tr("Bindings"));
    setMinimumSize(LeastSize);
    resize(FirstSize);
    auto* intro = theme::bodyLabel(
        tr("What sandboxes may use of this machine. Programs in them find it under names that the "
           "door answers, handlers in env. Nothing of it leaves."),
        this);
    theme::setLabelTone(intro, theme::Tone::Muted);
    auto* full = new QWidget(this);
    auto* parts = new QVBoxLayout(full);
    parts->setContentsMargins(0, 0, 0, 0);
    parts->setSpacing(theme::Pad);
    parts->addWidget(makeList(), 3);
    parts->addWidget(makeUses(), 2);
    m_pages = new QStackedWidget(this);
    m_pages->addWidget(makeEmpty());
    m_pages->addWidget(full);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->setSpacing(theme::Pad);
    column->addWidget(intro);
    column->addWidget(m_pages, 1);
    m_toast = new Toast(this);

    connect(&m_link, &EngineLink::connected, this, &BindingsWindow::fetch);
    connect(&m_link, &EngineLink::stateChanged, this, &BindingsWindow::updateButtons);
    connect(&m_link, &EngineLink::bindingsChanged, this, &BindingsWindow::fetch);
    // Their names stand in both tables.
    for (const auto change : {&SandboxBook::added, &SandboxBook::changed})
        connect(&m_book, change, this, &BindingsWindow::fillTable);
    connect(&m_book, &SandboxBook::removed, this, &BindingsWindow::fillTable);
    connect(&m_book, &SandboxBook::reset, this, &BindingsWindow::fillTable);
    fillTable();
}

QPushButton* BindingsWindow::button(const QString& text, const char* objectName, QWidget* parent)
{
    auto* made = new QPushButton(text, parent);
    made->setObjectName(QLatin1String(objectName));
    made->setAutoDefault(false);
    return made;
}

QWidget* BindingsWindow::makeEmpty()
{
    auto* page = new QWidget(this);
    auto* card = new theme::Card(page);
    auto* inner = new QVBoxLayout(card);
    inner->setContentsMargins(theme::PagePad, theme::PagePad, theme::PagePad, theme::PagePad);
    inner->setSpacing(theme::Gap);
    inner->addWidget(theme::headingLabel(tr("Nothing is bound yet"), card));
    for (const auto& [kind, text] :
         {std::pair{api::BindingKind::Kv,
                    tr("A namespace keeps small values by key: a cache, or the key that a handler "
                       "puts in for each sandbox.")},
          std::pair{api::BindingKind::Objects,
                    tr("A bucket keeps objects of any size. Whatever speaks S3 works with it, "
                       "without a key.")},
          std::pair{api::BindingKind::Service,
                    tr("A service is a port: a local model on this machine, or a server in another "
                       "sandbox.")}}) {
        auto* icon = new QLabel(card);
        icon->setPixmap(theme::icon(kindIcon(kind), theme::Tone::Muted).pixmap(16, 16));
        auto* label = theme::bodyLabel(text, card);
        auto* row = new QHBoxLayout;
        row->setSpacing(12);
        row->addWidget(icon, 0, Qt::AlignTop);
        row->addWidget(label, 1);
        inner->addLayout(row);
    }
    m_first = button(tr("&Make the first…"), "bindingFirst", card);
    theme::makePrimary(m_first);
    connect(m_first, &QPushButton::clicked, this, [this] { edit({}); });
    inner->addSpacing(theme::Gap);
    inner->addWidget(m_first, 0, Qt::AlignLeft);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(card);
    column->addStretch(1);
    return page;
}

QWidget* BindingsWindow::makeList()
{
    auto* part = new QWidget(this);
    m_table =
        makeTable({tr("Name"), tr("Kind"), tr("Holds or leads to"), tr("Used by"), tr("Note")},
                  "bindingTable", part);
    m_table->setAccessibleName(tr("Bindings"));
    m_table->setMinimumHeight(110);
    connect(m_table, &QTableWidget::itemSelectionChanged, this, [this] {
        if (const api::Binding* one = selected(); one != nullptr) {
            m_chosenKind = one->kind;
            m_chosenName = one->name;
        }
        fillUses();
    });
    connect(m_table, &QTableWidget::itemActivated, this,
            [this] { (m_browse->isEnabled() ? m_browse : m_edit)->click(); });
    m_add = button(tr("&New…"), "bindingAdd", part);
    theme::makePrimary(m_add);
    m_browse = button(tr("&Contents…"), "bindingBrowse", part);
    m_edit = button(tr("&Edit…"), "bindingEdit", part);
    m_remove = button(tr("&Delete…"), "bindingRemove", part);
    connect(m_add, &QPushButton::clicked, this, [this] { edit({}); });
    connect(m_browse, &QPushButton::clicked, this, &BindingsWindow::browse);
    connect(m_edit, &QPushButton::clicked, this, [this] {
        if (const api::Binding* one = selected(); one != nullptr)
            edit(*one);
    });
    connect(m_remove, &QPushButton::clicked, this, &BindingsWindow::askToRemove);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    for (QPushButton* one : {m_add, m_browse, m_edit, m_remove})
        row->addWidget(one);
    row->addStretch(1);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    column->addWidget(m_table, 1);
    column->addLayout(row);
    return part;
}

QWidget* BindingsWindow::makeUses()
{
    auto* part = new QWidget(this);
    m_usesHeading = theme::headingLabel({}, part);
    m_usesHeading->setObjectName(QStringLiteral("usesHeading"));
    m_address = theme::mutedLabel({}, part);
    m_address->setObjectName(QStringLiteral("bindingAddress"));
    m_address->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_copy = button(tr("Copy &address"), "bindingCopy", part);
    connect(m_copy, &QPushButton::clicked, this, &BindingsWindow::copyAddress);
    m_uses = makeTable({tr("Sandbox"), tr("May"), tr("For"), tr("In handlers")}, "useTable", part);
    m_uses->setAccessibleName(tr("Who may use it"));
    m_uses->setMinimumHeight(80);
    connect(m_uses, &QTableWidget::itemSelectionChanged, this, &BindingsWindow::updateButtons);
    connect(m_uses, &QTableWidget::itemActivated, this, [this] { m_change->click(); });
    m_noUses = theme::mutedLabel(tr("No sandbox may use it yet."), part);
    m_noUses->setObjectName(QStringLiteral("noUses"));
    m_bind = button(tr("&Bind to a sandbox…"), "useAdd", part);
    m_change = button(tr("C&hange…"), "useChange", part);
    m_unbind = button(tr("&Unbind"), "useRemove", part);
    connect(m_bind, &QPushButton::clicked, this, [this] { bind(nullptr); });
    connect(m_change, &QPushButton::clicked, this, [this] { bind(selectedUse()); });
    connect(m_unbind, &QPushButton::clicked, this, &BindingsWindow::unbind);
    auto* head = new QHBoxLayout;
    head->setSpacing(theme::Gap);
    head->addWidget(m_usesHeading);
    head->addWidget(m_address, 1);
    head->addWidget(m_copy);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    for (QPushButton* one : {m_bind, m_change, m_unbind})
        row->addWidget(one);
    row->addWidget(m_noUses);
    row->addStretch(1);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::Gap);
    column->addLayout(head);
    column->addWidget(m_uses, 1);
    column->addLayout(row);
    return part;
}

// ---- What the engine says

void BindingsWindow::showEvent(QShowEvent* event)
{
    QDialog::showEvent(event);
    fetch();
}

void BindingsWindow::fetch()
{
    if (!m_link.isConnected() || !isVisible())
        return;
    m_link.call("bindings.list", api::Json::object(), this, [this](const Result<api::Json>& reply) {
        if (!reply)
            return;
        const auto all = api::member<std::vector<api::Binding>>(*reply, "bindings");
        if (!all)
            return;
        m_bindings = *all;
        m_isLoaded = true;
        fillTable();
    });
}

void BindingsWindow::fillTable()
{
    m_pages->setCurrentIndex(m_isLoaded && m_bindings.empty() ? 0 : 1);
    {
        const QSignalBlocker quiet(m_table);
        m_table->clearSelection();
        m_table->setRowCount(static_cast<int>(m_bindings.size()));
        int row = 0;
        for (const api::Binding& one : m_bindings) {
            const QString texts[ColumnCount] = {
                safe(one.name, 64), kindText(one.kind), holdsText(one, m_book.sandboxes()),
                usersText(one, m_book.sandboxes()), safe(one.note, 200)};
            for (int column = 0; column < ColumnCount; ++column) {
                auto* item = new QTableWidgetItem(texts[column]);
                item->setToolTip(toolTipText(texts[column]));
                if (column == Name)
                    item->setIcon(theme::icon(kindIcon(one.kind)));
                m_table->setItem(row, column, item);
            }
            if (one.kind == m_chosenKind && one.name == m_chosenName)
                m_table->selectRow(row);
            ++row;
        }
        if (selected() == nullptr && !m_bindings.empty())
            m_table->selectRow(0);
    }
    fillUses();
}

void BindingsWindow::fillUses()
{
    const api::Binding* one = selected();
    {
        const QSignalBlocker quiet(m_uses);
        const int chosen = selectedRow(*m_uses);
        m_uses->setRowCount(one == nullptr ? 0 : static_cast<int>(one->uses.size()));
        for (int row = 0; row < m_uses->rowCount(); ++row) {
            const api::BindingUse& use = one->uses[static_cast<std::size_t>(row)];
            const QString texts[UseColumnCount] = {
                userText(use, m_book.sandboxes()), accessText(*one, use), reachText(use),
                use.variable.empty() ? QStringLiteral("–")
                                     : QStringLiteral("env.") + safe(use.variable, 64)};
            for (int column = 0; column < UseColumnCount; ++column)
                m_uses->setItem(row, column, new QTableWidgetItem(texts[column]));
        }
        m_uses->clearSelection();
        if (m_uses->rowCount() > 0)
            m_uses->selectRow(std::clamp(chosen, 0, m_uses->rowCount() - 1));
    }
    m_usesHeading->setText(one == nullptr ? tr("Who may use it")
                                          : tr("Who may use %1").arg(safe(one->name, 64)));
    m_address->setText(one == nullptr ? QString() : addressText(*one));
    m_noUses->setVisible(one != nullptr && one->uses.empty());
    updateButtons();
}

// ---- What the person does

const api::Binding* BindingsWindow::selected() const
{
    const int row = selectedRow(*m_table);
    return row < 0 || static_cast<std::size_t>(row) >= m_bindings.size()
               ? nullptr
               : &m_bindings[static_cast<std::size_t>(row)];
}

const api::BindingUse* BindingsWindow::selectedUse() const
{
    const api::Binding* one = selected();
    const int row = selectedRow(*m_uses);
    return one == nullptr || row < 0 || static_cast<std::size_t>(row) >= one->uses.size()
               ? nullptr
               : &one->uses[static_cast<std::size_t>(row)];
}

void BindingsWindow::updateButtons()
{
    const bool isConnected = m_link.isConnected();
    const api::Binding* one = selected();
    const bool isOne = isConnected && one != nullptr;
    m_first->setEnabled(isConnected);
    m_add->setEnabled(isConnected);
    m_edit->setEnabled(isOne);
    m_browse->setEnabled(isOne && one->kind != api::BindingKind::Service);
    m_remove->setEnabled(isOne);
    m_copy->setEnabled(one != nullptr);
    m_bind->setEnabled(isOne);
    m_change->setEnabled(isOne && selectedUse() != nullptr);
    m_unbind->setEnabled(isOne && selectedUse() != nullptr);
}

void BindingsWindow::edit(const api::Binding& binding)
{
    auto* dialog = new BindingDialog(m_link, binding, m_book.sandboxes(), this);
    connect(dialog, &BindingDialog::saved, this, [this](const api::Binding& saved) {
        m_chosenKind = saved.kind;
        m_chosenName = saved.name;
        fetch();
    });
    dialog->show();
}

void BindingsWindow::browse()
{
    if (const api::Binding* one = selected(); one != nullptr)
        (new ContentsDialog(m_link, *one, this))->show();
}

void BindingsWindow::copyAddress()
{
    const api::Binding* one = selected();
    if (one == nullptr)
        return;
    QGuiApplication::clipboard()->setText(addressText(*one));
    m_toast->showMessage(tr("Copied. Programs in the sandboxes that may use it find it there."));
}

void BindingsWindow::askToRemove()
{
    const api::Binding* one = selected();
    if (one == nullptr)
        return;
    auto* box = new QMessageBox(this);
    box->setObjectName(QStringLiteral("bindingRemoveBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setIcon(QMessageBox::Warning);
    box->setWindowTitle(tr("Delete %1").arg(kindText(one->kind).toLower()));
    box->setTextFormat(Qt::PlainText);
    box->setText(tr("Delete %1?").arg(safe(one->name, 64)));
    box->setInformativeText(
        one->kind == api::BindingKind::Service
            ? tr("Sandboxes that use it are denied from now on. What listens there goes on.")
        : one->entries == 0 ? tr("It holds nothing. Sandboxes that use it are denied from now on.")
                            : tr("It holds %1. All of it goes, and there is no way back.")
                                  .arg(holdsText(*one, m_book.sandboxes())));
    QPushButton* confirm = box->addButton(tr("&Delete"), QMessageBox::DestructiveRole);
    confirm->setObjectName(QStringLiteral("bindingRemoveConfirm"));
    theme::makeDanger(confirm);
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(confirm, &QPushButton::clicked, this,
            [this, kind = one->kind, name = one->name] { remove(kind, name); });
    box->setModal(false);
    box->show();
}

void BindingsWindow::remove(api::BindingKind kind, const std::string& name)
{
    m_link.call("bindings.remove", {{"kind", api::enumName(kind)}, {"name", name}, {"force", true}},
                this, [this](const Result<api::Json>& reply) {
                    if (!reply)
                        m_toast->showMessage(
                            tr("Not deleted: %1").arg(safe(reply.error().text, 300)));
                    fetch();
                });
}

void BindingsWindow::bind(const api::BindingUse* use)
{
    const api::Binding* one = selected();
    if (one == nullptr)
        return;
    auto* dialog = new UseDialog(m_link, *one, m_book.sandboxes(), this);
    connect(dialog, &QDialog::accepted, this, &BindingsWindow::fetch);
    if (use != nullptr)
        dialog->show(*use);
    else
        dialog->QDialog::show();
}

void BindingsWindow::unbind()
{
    const api::Binding* one = selected();
    const api::BindingUse* use = selectedUse();
    if (use == nullptr)
        return;
    api::Json parameters{{"kind", api::enumName(one->kind)}, {"name", one->name}};
    if (use->sandbox)
        parameters["sandbox"] = *use->sandbox;
    api::Json again = parameters;
    again["access"] = api::enumName(use->access);
    again["reach"] = api::enumName(use->reach);
    again["variable"] = use->variable;
    m_link.call("bindings.unbind", std::move(parameters), this,
                [this, again](const Result<api::Json>& reply) {
                    fetch();
                    if (!reply) {
                        m_toast->showMessage(
                            tr("Not unbound: %1").arg(safe(reply.error().text, 300)));
                        return;
                    }
                    m_toast->showMessage(tr("Unbound: the next request obeys."), [this, again] {
                        m_link.call("bindings.bind", again, this,
                                    [this](const Result<api::Json>&) { fetch(); });
                    });
                });
}

} // namespace sallyport::ui::bindings
