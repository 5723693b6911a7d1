#include "ui/bindings/contents_dialog.h"

#include <algorithm>

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTableWidget>

#include "ui/bindings/binding_text.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::bindings {

namespace {

constexpr QSize FirstSize{780, 600};
constexpr QSize LeastSize{480, 420};
constexpr int TypingPause = 250;
constexpr int MostPrefix = 1024;

enum Column
{
    Key,
    Size,
    Stored,
    More,
    ColumnCount,
};

// Text as it is, but for what is no text; line ends stay.
QString shownText(std::string_view bytes)
{
    QString text;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        text += safe(bytes.substr(0, end));
        if (end == std::string_view::npos)
            break;
        text += QLatin1Char('\n');
        bytes.remove_prefix(end + 1);
    }
    return text;
}

} // namespace

ContentsDialog::ContentsDialog(EngineLink& link, const api::Binding& binding, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_binding(binding)
{
    setObjectName(QStringLiteral("contentsDialog"));
    setWindowTitle(tr("%1 %2").arg(kindText(binding.kind), safe(binding.name, 64)));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumSize(LeastSize);
    resize(FirstSize);
    auto* parts = new QSplitter(Qt::Vertical, this);
    parts->setChildrenCollapsible(false);
    parts->addWidget(makeList());
    parts->addWidget(makeValue());
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 20, theme::PagePad, 20);
    column->addWidget(parts);
    m_toast = new Toast(this);
    m_typing.setSingleShot(true);
    m_typing.setInterval(TypingPause);
    connect(&m_typing, &QTimer::timeout, this, [this] { fetch(false); });
    connect(m_prefix, &QLineEdit::textChanged, &m_typing, qOverload<>(&QTimer::start));
    connect(&m_link, &EngineLink::connected, this, [this] { fetch(false); });
    m_prefix->setFocus();
    fetch(false);
}

QWidget* ContentsDialog::makeList()
{
    auto* part = new QWidget(this);
    m_prefix = new QLineEdit(part);
    m_prefix->setObjectName(QStringLiteral("contentsPrefix"));
    m_prefix->setPlaceholderText(tr("all"));
    m_prefix->setMaxLength(MostPrefix);
    m_prefix->setClearButtonEnabled(true);
    auto* label = new QLabel(tr("Keys that &begin with"), part);
    label->setBuddy(m_prefix);
    m_table = theme::listTable(
        {tr("Key"), tr("Size"), tr("Stored"), isKv() ? tr("Ends") : tr("Type")}, part);
    m_table->setObjectName(QStringLiteral("contentsTable"));
    m_table->setAccessibleName(isKv() ? tr("Keys") : tr("Objects"));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    m_table->horizontalHeader()->setSectionResizeMode(Key, QHeaderView::Stretch);
    m_table->setColumnWidth(More, 150);
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &ContentsDialog::showValue);
    m_state = theme::mutedLabel({}, part);
    m_state->setObjectName(QStringLiteral("contentsState"));
    m_more = new QPushButton(tr("Show &more"), part);
    m_more->setObjectName(QStringLiteral("contentsMore"));
    m_more->setAutoDefault(false);
    connect(m_more, &QPushButton::clicked, this, [this] { fetch(true); });
    auto* filter = new QHBoxLayout;
    filter->setSpacing(theme::Gap);
    filter->addWidget(label);
    filter->addWidget(m_prefix, 1);
    auto* row = new QHBoxLayout;
    row->addWidget(m_state, 1);
    row->addWidget(m_more);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, theme::Gap);
    column->setSpacing(theme::Gap);
    column->addLayout(filter);
    column->addWidget(m_table, 1);
    column->addLayout(row);
    return part;
}

QWidget* ContentsDialog::makeValue()
{
    auto* part = new QWidget(this);
    m_valueHead = theme::bodyLabel({}, part);
    m_valueHead->setObjectName(QStringLiteral("contentsValueHead"));
    m_value = new QPlainTextEdit(part);
    m_value->setObjectName(QStringLiteral("contentsValue"));
    m_value->setAccessibleName(tr("Beginning of the value"));
    m_value->setReadOnly(true);
    m_value->setTabChangesFocus(true);
    m_value->setFont(theme::monospaceFont());
    const auto button = [part](const QString& text, const char* name) {
        auto* made = new QPushButton(text, part);
        made->setObjectName(QLatin1String(name));
        made->setAutoDefault(false);
        return made;
    };
    m_copy = button(tr("&Copy key"), "contentsCopy");
    m_delete = button(tr("&Delete…"), "contentsDelete");
    connect(m_copy, &QPushButton::clicked, this, [this] {
        if (const Entry* entry = selected(); entry != nullptr)
            QGuiApplication::clipboard()->setText(toQt(entry->key));
    });
    connect(m_delete, &QPushButton::clicked, this, &ContentsDialog::askToDelete);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(m_valueHead, 1);
    row->addWidget(m_copy);
    row->addWidget(m_delete);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, theme::Gap, 0, 0);
    column->setSpacing(theme::Gap);
    column->addLayout(row);
    column->addWidget(m_value, 1);
    return part;
}

std::string ContentsDialog::method(const char* verb) const
{
    return std::string(isKv() ? "kv." : "objects.") + verb;
}

api::Json ContentsDialog::parameters() const
{
    return {{isKv() ? "namespace" : "bucket", m_binding.name}};
}

void ContentsDialog::fetch(bool isMore)
{
    m_typing.stop();
    api::Json asked = parameters();
    asked["prefix"] = fromQt(m_prefix->text());
    asked["limit"] = PageKeys;
    if (isMore && m_cursor)
        asked["cursor"] = *m_cursor;
    const int turn = ++m_turn;
    m_link.call(method("list").c_str(), std::move(asked), this,
                [this, turn, isMore](const Result<api::Json>& reply) {
                    if (turn != m_turn)
                        return;
                    m_fault = reply ? QString() : safe(reply.error().text, 300);
                    if (!isMore) {
                        m_entries.clear();
                        const QSignalBlocker quiet(m_table);
                        m_table->setRowCount(0);
                        m_cursor.reset();
                    }
                    if (reply)
                        take(*reply);
                    updateState();
                    showValue();
                });
}

void ContentsDialog::take(const api::Json& reply)
{
    const auto add = [this](Entry entry) {
        addRow(entry);
        m_entries.push_back(std::move(entry));
    };
    if (isKv()) {
        if (const auto page = api::fromJson<api::KvPage>(reply)) {
            for (const api::KvKey& key : page->keys)
                add({key.name, key.bytes, key.storedAt,
                     key.expiresAt ? momentText(*key.expiresAt) : QString()});
            m_cursor = page->cursor;
        }
    } else if (const auto page = api::fromJson<api::ObjectPage>(reply)) {
        for (const api::ObjectInfo& object : page->objects)
            add({object.key, object.bytes, object.storedAt, safe(object.contentType, 80)});
        m_cursor = page->cursor;
    }
}

void ContentsDialog::addRow(const Entry& entry)
{
    const QString texts[ColumnCount] = {safe(entry.key, 300), bytesText(entry.bytes),
                                        momentText(entry.storedAt), entry.more};
    const int row = m_table->rowCount();
    m_table->insertRow(row);
    for (int column = 0; column < ColumnCount; ++column) {
        auto* item = new QTableWidgetItem(texts[column]);
        item->setToolTip(toolTipText(texts[column]));
        m_table->setItem(row, column, item);
    }
}

void ContentsDialog::updateState()
{
    const auto count = static_cast<int>(m_entries.size());
    const bool isFull = count >= MostKeys;
    m_more->setVisible(m_cursor && !isFull);
    if (!m_fault.isEmpty())
        m_state->setText(m_fault);
    else if (count == 0)
        m_state->setText(m_prefix->text().isEmpty() ? tr("It holds nothing.")
                                                    : tr("No key begins so."));
    else if (m_cursor)
        m_state->setText(isFull ? tr("The first %1; type how a key begins to see others.")
                                      .arg(QLocale().toString(count))
                                : tr("The first %1").arg(QLocale().toString(count)));
    else
        m_state->setText(tr("%n in all", nullptr, count));
}

const ContentsDialog::Entry* ContentsDialog::selected() const
{
    const auto rows = m_table->selectionModel()->selectedRows();
    const int row = rows.isEmpty() ? -1 : rows.front().row();
    return row < 0 || static_cast<std::size_t>(row) >= m_entries.size()
               ? nullptr
               : &m_entries[static_cast<std::size_t>(row)];
}

void ContentsDialog::showValue()
{
    const Entry* entry = selected();
    m_copy->setEnabled(entry != nullptr);
    m_delete->setEnabled(entry != nullptr);
    m_value->clear();
    if (entry == nullptr) {
        m_valueHead->setText(tr("Choose a key to see how its value begins."));
        theme::setLabelTone(m_valueHead, theme::Tone::Muted);
        return;
    }
    m_valueHead->setText(safe(entry->key, 120));
    theme::setLabelTone(m_valueHead, theme::Tone::Text);
    api::Json asked = parameters();
    asked["key"] = entry->key;
    m_link.call(method("get").c_str(), std::move(asked), this,
                [this, key = entry->key](const Result<api::Json>& reply) {
                    const Entry* still = selected();
                    if (still == nullptr || still->key != key)
                        return;
                    const auto piece = reply ? api::fromJson<api::ContentPiece>(*reply)
                                             : tl::unexpected(reply.error());
                    if (piece)
                        fillValue(*piece);
                    else
                        m_value->setPlainText(safe(piece.error().text, 300));
                });
}

void ContentsDialog::fillValue(const api::ContentPiece& piece)
{
    const std::string_view begin = std::string_view(piece.bytes).substr(0, ShownBytes);
    m_value->setPlainText(shownText(begin));
    const bool isAll = static_cast<std::int64_t>(begin.size()) == piece.size;
    const Entry* entry = selected();
    if (!isAll && entry != nullptr)
        m_valueHead->setText(tr("%1: the first %2 of %3")
                                 .arg(safe(entry->key, 80),
                                      bytesText(static_cast<qint64>(begin.size())),
                                      bytesText(piece.size)));
}

void ContentsDialog::askToDelete()
{
    const Entry* entry = selected();
    if (entry == nullptr)
        return;
    auto* box = new QMessageBox(this);
    box->setObjectName(QStringLiteral("contentsDeleteBox"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setIcon(QMessageBox::Warning);
    box->setWindowTitle(isKv() ? tr("Delete key") : tr("Delete object"));
    box->setTextFormat(Qt::PlainText);
    box->setText(tr("Delete %1?").arg(safe(entry->key, 120)));
    box->setInformativeText(tr("There is no way back."));
    QPushButton* confirm = box->addButton(tr("&Delete"), QMessageBox::DestructiveRole);
    confirm->setObjectName(QStringLiteral("contentsDeleteConfirm"));
    theme::makeDanger(confirm);
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(confirm, &QPushButton::clicked, this, [this, key = entry->key] { erase(key); });
    box->setModal(false);
    box->show();
}

void ContentsDialog::erase(const std::string& key)
{
    api::Json asked = parameters();
    asked["key"] = key;
    m_link.call(
        method("delete").c_str(), std::move(asked), this,
        [this, key](const Result<api::Json>& reply) {
            if (!reply) {
                m_toast->showMessage(tr("Not deleted: %1").arg(safe(reply.error().text, 300)));
                return;
            }
            const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                            [&](const Entry& entry) { return entry.key == key; });
            if (found == m_entries.end())
                return;
            const auto row = static_cast<int>(found - m_entries.begin());
            m_entries.erase(found);
            m_table->removeRow(row);
            updateState();
            showValue();
        });
}

} // namespace sallyport::ui::bindings
