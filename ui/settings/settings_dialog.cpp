#include "ui/settings/settings_dialog.h"

#include <algorithm>

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"
#include "ui/settings/setting_editor.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::settings {

namespace {

constexpr int NameRole = Qt::UserRole;

QString valueText(const api::Setting& setting, const std::string& value)
{
    const QString text =
        toQt(api::settingText(setting.type, api::Json::parse(value, nullptr, false)));
    const QString line = text.section(QLatin1Char('\n'), 0, 0);
    return line.isEmpty() ? SettingsDialog::tr("empty")
                          : line + (line.size() < text.size() ? QStringLiteral(" …") : QString());
}

QString rangeText(const api::Setting& setting)
{
    QString text;
    if (setting.least && setting.most)
        text = SettingsDialog::tr("From %1 to %2. ")
                   .arg(toQt(api::settingText(setting.type, *setting.least)),
                        toQt(api::settingText(setting.type, *setting.most)));
    else if (setting.type == api::SettingType::List)
        text = SettingsDialog::tr("One entry a line. ");
    return text +
           SettingsDialog::tr("The default is %1.").arg(valueText(setting, setting.defaultValue));
}

} // namespace

SettingsDialog::SettingsDialog(
    EngineLink& link, SandboxBook& book, qint64 sandbox, const QString& search, QWidget* parent)
    : QDialog(parent)
    , m_link(link)
    , m_book(book)
{
    setObjectName(QStringLiteral("settingsDialog"));
    setWindowTitle(tr("Settings"));
    setAttribute(Qt::WA_DeleteOnClose);
    auto* split = new QSplitter(this);
    split->setObjectName(QStringLiteral("settingsSplitter"));
    split->setChildrenCollapsible(false);
    split->addWidget(makeList());
    split->addWidget(makeDetail());
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::PagePad, 16, theme::PagePad, 16);
    column->addWidget(split);
    m_search->setText(search);
    fillScopes(sandbox);
    connect(m_scope, &QComboBox::currentIndexChanged, this, &SettingsDialog::fetch);
    connect(m_search, &QLineEdit::textChanged, this, &SettingsDialog::filter);
    connect(m_list, &QTreeWidget::currentItemChanged, this, &SettingsDialog::showCurrent);
    connect(m_editor, &SettingEditor::changed, this, &SettingsDialog::changed);
    connect(m_editor, &SettingEditor::entered, m_set, &QPushButton::click);
    connect(m_set, &QPushButton::clicked, this, [this] { send("settings.set", true); });
    connect(m_reset, &QPushButton::clicked, this, [this] { send("settings.reset", false); });
    connect(&m_link, &EngineLink::connected, this, &SettingsDialog::fetch);
    connect(&m_link, &EngineLink::settingChanged, this, &SettingsDialog::follow);
    resize(940, 600);
    fetch();
    m_search->setFocus();
}

QWidget* SettingsDialog::makeList()
{
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 0, 8, 0);
    column->setSpacing(theme::Gap);
    m_scope = new QComboBox;
    m_scope->setObjectName(QStringLiteral("settingsScope"));
    auto* scopeLabel = new QLabel(tr("Settings &for"));
    scopeLabel->setBuddy(m_scope);
    m_search = new QLineEdit;
    m_search->setObjectName(QStringLiteral("settingsSearch"));
    m_search->setClearButtonEnabled(true);
    m_search->setPlaceholderText(tr("Part of a name or of what it does"));
    auto* searchLabel = new QLabel(tr("&Search"));
    searchLabel->setBuddy(m_search);
    auto* grid = new QGridLayout;
    grid->addWidget(scopeLabel, 0, 0);
    grid->addWidget(m_scope, 0, 1);
    grid->addWidget(searchLabel, 1, 0);
    grid->addWidget(m_search, 1, 1);
    grid->setColumnStretch(1, 1);
    column->addLayout(grid);
    m_list = new QTreeWidget;
    m_list->setObjectName(QStringLiteral("settingsList"));
    m_list->setAccessibleName(tr("Settings"));
    m_list->setColumnCount(2);
    m_list->setHeaderLabels({tr("Setting"), tr("Value")});
    m_list->setUniformRowHeights(true);
    m_list->setTextElideMode(Qt::ElideRight);
    m_list->header()->setStretchLastSection(false);
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->resizeSection(1, 110);
    column->addWidget(m_list, 1);
    return holder;
}

QWidget* SettingsDialog::makeDetail()
{
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(8, 0, 0, 0);
    column->setSpacing(theme::Gap);
    const auto label = [&](QLabel* made, const char* name) {
        made->setObjectName(QLatin1String(name));
        made->setTextFormat(Qt::PlainText);
        made->setWordWrap(true);
        column->addWidget(made);
        return made;
    };
    m_title = label(theme::headingLabel({}), "settingTitle");
    m_name = label(theme::mutedLabel({}), "settingName");
    m_name->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_reason = label(theme::bodyLabel({}), "settingReason");
    m_valueLabel = label(new QLabel(tr("&Value")), "settingValueLabel");
    m_editor = new SettingEditor;
    column->addWidget(m_editor);
    m_range = label(theme::mutedLabel({}), "settingRange");
    m_problem = label(theme::bodyLabel({}), "settingProblem");
    theme::setLabelTone(m_problem, theme::Tone::Bad);
    m_set = new QPushButton(tr("S&et"));
    m_set->setObjectName(QStringLiteral("settingSet"));
    theme::makePrimary(m_set);
    m_reset = new QPushButton(tr("&Reset"));
    m_reset->setObjectName(QStringLiteral("settingReset"));
    auto* close = new QPushButton(tr("&Close"));
    close->setObjectName(QStringLiteral("settingsClose"));
    close->setAutoDefault(false);
    m_set->setAutoDefault(false);
    m_reset->setAutoDefault(false);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(theme::Gap);
    buttons->addWidget(m_set);
    buttons->addWidget(m_reset);
    buttons->addStretch();
    column->addLayout(buttons);
    column->addStretch();
    auto* last = new QHBoxLayout;
    last->addStretch();
    last->addWidget(close);
    column->addLayout(last);
    return holder;
}

void SettingsDialog::fillScopes(qint64 selected)
{
    m_scope->addItem(tr("All sandboxes"), qint64{0});
    for (const api::Sandbox& sandbox : m_book.sandboxes())
        m_scope->addItem(tr("%1 alone").arg(safe(sandbox.name, 40)), qint64{sandbox.id});
    m_scope->setCurrentIndex(std::max(0, m_scope->findData(selected)));
}

qint64 SettingsDialog::scope() const
{
    return m_scope->currentData().toLongLong();
}

void SettingsDialog::fetch()
{
    api::Json parameters = api::Json::object();
    if (scope() != 0)
        parameters["sandbox"] = scope();
    m_link.call(
        "settings.list", parameters, this, [this, asked = scope()](const Result<api::Json>& reply) {
            if (asked != scope())
                return;
            auto settings = reply ? api::member<std::vector<api::Setting>>(*reply, "settings")
                                  : tl::unexpected(reply.error());
            if (!settings) {
                say(toQt(settings.error().text));
                return;
            }
            m_settings = std::move(*settings);
            fillList();
        });
}

void SettingsDialog::fillItem(QTreeWidgetItem* item, const api::Setting& setting)
{
    item->setText(0, toQt(setting.title));
    item->setData(0, NameRole, toQt(setting.name));
    item->setText(1, valueText(setting, setting.value));
    item->setToolTip(0, toQt(setting.name));
    // What was changed by a person stands out, and not by colour alone.
    const bool isOwn = setting.origin ==
                       (setting.sandbox ? api::SettingOrigin::Sandbox : api::SettingOrigin::Engine);
    QFont font = item->font(0);
    font.setBold(isOwn);
    item->setFont(0, font);
    item->setFont(1, font);
}

void SettingsDialog::fillList()
{
    const QString wanted = current() != nullptr ? toQt(current()->name) : QString();
    m_list->clear();
    for (const auto& [group, title] : api::settingGroups()) {
        auto* top = new QTreeWidgetItem({toQt(title)});
        top->setFlags(Qt::ItemIsEnabled);
        for (const api::Setting& setting : m_settings)
            if (setting.name.starts_with(std::string(group) + "."))
                fillItem(new QTreeWidgetItem(top), setting);
        if (top->childCount() == 0) {
            delete top;
            continue;
        }
        m_list->addTopLevelItem(top);
        top->setFirstColumnSpanned(true);
        top->setExpanded(true);
        for (int child = 0; child < top->childCount(); ++child)
            if (top->child(child)->data(0, NameRole).toString() == wanted)
                m_list->setCurrentItem(top->child(child));
    }
    filter();
}

void SettingsDialog::filter()
{
    const QStringList words = m_search->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QTreeWidgetItem* first = nullptr;
    for (int group = 0; group < m_list->topLevelItemCount(); ++group) {
        QTreeWidgetItem* top = m_list->topLevelItem(group);
        bool isShown = false;
        for (int child = 0; child < top->childCount(); ++child) {
            QTreeWidgetItem* item = top->child(child);
            const QString text = item->data(0, NameRole).toString() + QLatin1Char(' ') +
                                 item->text(0) + QLatin1Char(' ') + top->text(0);
            const bool matches = std::all_of(words.begin(), words.end(), [&](const QString& word) {
                return text.contains(word, Qt::CaseInsensitive);
            });
            item->setHidden(!matches);
            isShown = isShown || matches;
            if (matches && first == nullptr)
                first = item;
        }
        top->setHidden(!isShown);
    }
    const QTreeWidgetItem* at = m_list->currentItem();
    if (at == nullptr || at->isHidden() || at->parent() == nullptr)
        m_list->setCurrentItem(first);
    showCurrent();
}

const api::Setting* SettingsDialog::current() const
{
    const QTreeWidgetItem* item = m_list->currentItem();
    if (item == nullptr || item->parent() == nullptr)
        return nullptr;
    const std::string name = fromQt(item->data(0, NameRole).toString());
    const auto found = std::find_if(m_settings.begin(), m_settings.end(),
                                    [&](const auto& each) { return each.name == name; });
    return found == m_settings.end() ? nullptr : &*found;
}

void SettingsDialog::showCurrent()
{
    const api::Setting* setting = current();
    for (QWidget* part : {static_cast<QWidget*>(m_name), static_cast<QWidget*>(m_reason),
                          static_cast<QWidget*>(m_valueLabel), static_cast<QWidget*>(m_editor),
                          static_cast<QWidget*>(m_range), static_cast<QWidget*>(m_set),
                          static_cast<QWidget*>(m_reset)})
        part->setVisible(setting != nullptr);
    say({});
    if (setting == nullptr) {
        m_title->setText(m_settings.empty() ? tr("The settings can't be read now.")
                                            : tr("No setting matches."));
        return;
    }
    m_title->setText(toQt(setting->title));
    m_name->setText(toQt(setting->name));
    m_reason->setText(toQt(setting->reason));
    m_range->setText(rangeText(*setting));
    m_editor->setSetting(*setting);
    m_valueLabel->setBuddy(m_editor->control());
    m_reset->setText(
        setting->sandbox
            ? tr("&Reset to that of all (%1)").arg(valueText(*setting, setting->inherited))
            : tr("&Reset to the default"));
    m_reset->setEnabled(setting->origin == (setting->sandbox ? api::SettingOrigin::Sandbox
                                                             : api::SettingOrigin::Engine));
    changed();
}

void SettingsDialog::changed()
{
    const api::Setting* setting = current();
    if (setting == nullptr)
        return;
    const auto value = m_editor->value();
    m_set->setEnabled(value && value->dump() != setting->value);
    say(value ? QString() : toQt(value.error().text));
}

void SettingsDialog::send(const char* method, bool withValue)
{
    const api::Setting* setting = current();
    if (setting == nullptr)
        return;
    api::Json parameters{{"name", setting->name}};
    if (scope() != 0)
        parameters["sandbox"] = scope();
    if (withValue) {
        auto value = m_editor->value();
        if (!value)
            return;
        parameters["value"] = std::move(*value);
    }
    m_link.call(method, parameters, this, [this](const Result<api::Json>& reply) {
        const auto kept = reply ? api::fromJson<api::Setting>(*reply)
                                : Result<api::Setting>(tl::unexpected(reply.error()));
        if (kept)
            take(*kept);
        else
            say(toQt(kept.error().text));
    });
}

void SettingsDialog::take(const api::Setting& setting)
{
    if (setting.sandbox.value_or(0) != scope())
        return;
    for (api::Setting& each : m_settings)
        if (each.name == setting.name)
            each = setting;
    fillList();
}

QTreeWidgetItem* SettingsDialog::itemOf(const std::string& name) const
{
    for (int group = 0; group < m_list->topLevelItemCount(); ++group)
        for (int child = 0; child < m_list->topLevelItem(group)->childCount(); ++child) {
            QTreeWidgetItem* item = m_list->topLevelItem(group)->child(child);
            if (item->data(0, NameRole).toString() == toQt(name))
                return item;
        }
    return nullptr;
}

void SettingsDialog::follow(const api::Setting& setting)
{
    if (setting.sandbox && *setting.sandbox != scope())
        return;
    const auto known = std::find_if(m_settings.begin(), m_settings.end(),
                                    [&](const auto& each) { return each.name == setting.name; });
    QTreeWidgetItem* item = itemOf(setting.name);
    if (known == m_settings.end() || item == nullptr)
        return;
    const bool isShown = current() == &*known;
    // Not a value that is half typed.
    const auto typed = m_editor->value();
    const bool isEdited = isShown && (!typed || typed->dump() != known->value);
    if (setting.sandbox.value_or(0) == scope()) {
        *known = setting;
    } else {
        // What holds for all is what a sandbox has that was given no value of its own.
        known->inherited = setting.value;
        if (known->origin != api::SettingOrigin::Sandbox) {
            known->value = setting.value;
            known->origin = setting.origin;
        }
    }
    fillItem(item, *known);
    if (isShown && isEdited)
        changed();
    else if (isShown)
        showCurrent();
}

void SettingsDialog::say(const QString& problem)
{
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
}

} // namespace sallyport::ui::settings
