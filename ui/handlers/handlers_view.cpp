#include "ui/handlers/handlers_view.h"

#include <optional>
#include <utility>

#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/handlers/limits_view.h"
#include "ui/handlers/module_editor.h"
#include "ui/handlers/trial_view.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::handlers {

namespace {

constexpr int LinesFetched = 500;

} // namespace

HandlersView::HandlersView(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
{
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(makeModule());
    splitter->addWidget(makeParts());
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(splitter);
    m_toast = new Toast(this);
    connect(&m_link, &EngineLink::connected, this, &HandlersView::fetch);
    connect(&m_link, &EngineLink::handlersChanged, this, [this](qint64 sandbox) {
        // What the person writes is not overwritten.
        if (sandbox == m_sandbox && !m_editor->isModified() && !m_isSaving)
            fetch();
    });
    connect(&m_link, &EngineLink::handlerLineStored, this, [this](const api::HandlerLine& line) {
        if (line.sandbox != m_sandbox)
            return;
        m_lines.add(line);
        m_noLines->setVisible(m_lines.rowCount() == 0);
    });
    updateButtons();
}

QWidget* HandlersView::makeModule()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(theme::PagePad, theme::Pad, theme::PagePad, theme::Gap);
    column->setSpacing(theme::Gap);
    auto* intro = theme::bodyLabel(
        tr("A module in JavaScript can decide about requests, change them and answer them. What "
           "needs no code is set in Policy, step Handlers."),
        part);
    theme::setLabelTone(intro, theme::Tone::Muted);
    column->addWidget(intro);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    m_save = new QPushButton(tr("Save mo&dule"), part);
    m_save->setObjectName(QStringLiteral("moduleSave"));
    m_save->setToolTip(tr("Checks the module and puts it in force (Ctrl+S)"));
    theme::makePrimary(m_save);
    m_revert = new QPushButton(theme::icon(QStringLiteral("undo")), tr("&Revert"), part);
    m_revert->setObjectName(QStringLiteral("moduleRevert"));
    row->addWidget(m_save);
    row->addWidget(m_revert);
    row->addWidget(makeExamples(part));
    row->addStretch(1);
    column->addLayout(row);
    m_state = theme::bodyLabel({}, part);
    m_state->setObjectName(QStringLiteral("moduleState"));
    column->addWidget(m_state);
    auto* card = new theme::Card(part);
    auto* inner = new QVBoxLayout(card);
    inner->setContentsMargins(1, 1, 1, 1);
    m_editor = new ModuleEditor(card);
    inner->addWidget(m_editor);
    card->setMinimumHeight(120);
    column->addWidget(card, 1);
    connect(m_save, &QPushButton::clicked, this, &HandlersView::save);
    connect(m_revert, &QPushButton::clicked, this, &HandlersView::revert);
    connect(m_editor, &ModuleEditor::modifiedChanged, this, &HandlersView::updateButtons);
    auto* shortcut = new QShortcut(QKeySequence::Save, this);
    shortcut->setContext(Qt::WidgetWithChildrenShortcut);
    connect(shortcut, &QShortcut::activated, this, &HandlersView::save);
    return part;
}

QPushButton* HandlersView::makeExamples(QWidget* parent)
{
    auto* button = new QPushButton(tr("E&xamples"), parent);
    button->setObjectName(QStringLiteral("moduleExamples"));
    auto* menu = new QMenu(button);
    const std::pair<QString, const char*> examples[] = {
        {tr("&Read only, and log"), "read-only"},
        {tr("&Add a header for one host"), "add-header"},
        {tr("&Lists of hosts, set when the time has come"), "host-lists"},
        {tr("As&k before anything is written"), "ask"},
    };
    for (const auto& [text, name] : examples)
        connect(menu->addAction(text), &QAction::triggered, this, [this, name = name] {
            QFile file(QStringLiteral(":/sallyport/handlers/%1.js").arg(QLatin1String(name)));
            if (file.open(QIODevice::ReadOnly))
                m_editor->replaceSource(QString::fromUtf8(file.readAll()));
            m_editor->setFocus();
        });
    button->setMenu(menu);
    return button;
}

QWidget* HandlersView::makeParts()
{
    m_trial = new TrialView(m_link, [this]() -> std::optional<QString> {
        return m_editor->isModified() ? std::optional(m_editor->source()) : std::nullopt;
    });
    m_limits = new LimitsView(m_link);
    m_parts = new QTabWidget(this);
    m_parts->setObjectName(QStringLiteral("handlerParts"));
    m_parts->setDocumentMode(true);
    m_parts->tabBar()->setExpanding(false);
    m_parts->tabBar()->setAccessibleName(tr("Parts of the handlers' tab"));
    m_parts->addTab(makeLines(), tr("&What they wrote"));
    m_parts->addTab(m_trial, tr("Tr&y it"));
    m_parts->addTab(m_limits, tr("&Limits"));
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(theme::PagePad, 0, theme::PagePad, theme::Pad);
    column->addWidget(m_parts);
    return part;
}

void HandlersView::tryRequest(const api::RowDetail& row)
{
    m_parts->setCurrentWidget(m_trial);
    m_trial->setRequest(row);
}

QWidget* HandlersView::makeLines()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, theme::Gap, 0, 0);
    column->setSpacing(theme::Gap);
    m_noLines = theme::mutedLabel(
        tr("Nothing yet. Lines of console.log, of the handler log, and exceptions come here."),
        part);
    m_noLines->setObjectName(QStringLiteral("noLines"));
    m_noLines->setWordWrap(true);
    column->addWidget(m_noLines);
    auto* table = new LineTable(m_lines, part);
    table->setMinimumHeight(80);
    connect(table, &LineTable::rowRequested, this, &HandlersView::rowRequested);
    column->addWidget(table, 1);
    return part;
}

void HandlersView::setSandbox(qint64 id)
{
    if (id == m_sandbox)
        return;
    keepDraft();
    m_sandbox = id;
    m_isFetched = false;
    m_trial->setSandbox(id);
    m_limits->setSandbox(id);
    m_lines.setLines({});
    m_noLines->show();
    showModule({});
    if (isVisible())
        fetch();
}

// What was written and not saved waits for the person to come back to its sandbox.
void HandlersView::keepDraft()
{
    if (m_sandbox != 0 && m_editor->isModified())
        m_drafts[m_sandbox] = m_editor->source();
}

void HandlersView::takeDraft()
{
    const auto draft = m_drafts.find(m_sandbox);
    if (draft == m_drafts.end())
        return;
    const QString source = draft->second;
    m_drafts.erase(draft);
    if (source != m_editor->source())
        m_editor->replaceSource(source);
}

void HandlersView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (!m_editor->isModified())
        fetch();
}

void HandlersView::fetch()
{
    if (m_sandbox == 0 || !m_link.isConnected() || !isVisible())
        return;
    m_link.call("module.get", {{"sandbox", m_sandbox}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    const auto module =
                        reply ? api::fromJson<api::Module>(*reply) : tl::unexpected(reply.error());
                    if (!module || asked != m_sandbox || m_editor->isModified())
                        return;
                    showModule(*module);
                    if (!std::exchange(m_isFetched, true))
                        takeDraft();
                });
    m_link.call("handlers.log", {{"sandbox", m_sandbox}, {"limit", LinesFetched}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    const auto page = reply ? api::fromJson<api::HandlerLinePage>(*reply)
                                            : tl::unexpected(reply.error());
                    if (!page || asked != m_sandbox)
                        return;
                    m_lines.setLines(page->lines);
                    m_noLines->setVisible(page->lines.empty());
                });
}

void HandlersView::showModule(const api::Module& module)
{
    m_module = module;
    const QString source = QString::fromUtf8(module.source.data(), qsizetype(module.source.size()));
    if (source != m_editor->source() || m_editor->isModified())
        m_editor->setSource(source);
    m_editor->setProblems(module.problems);
    QString text = tr("There is no module.");
    theme::Tone tone = theme::Tone::Muted;
    if (!module.problems.empty()) {
        const api::ModuleProblem& first = module.problems.front();
        text = first.line > 0
                   ? tr("Not in force: line %1: %2").arg(first.line).arg(safe(first.text, 300))
                   : tr("Not in force: %1").arg(safe(first.text, 300));
        tone = theme::Tone::Bad;
    } else if (module.savedAt) {
        text = tr("In force since %1.").arg(momentText(*module.savedAt));
        tone = theme::Tone::Good;
    }
    m_state->setText(text);
    theme::setLabelTone(m_state, tone);
    updateButtons();
}

void HandlersView::updateButtons()
{
    const bool modified = m_editor->isModified();
    m_save->setEnabled(modified && !m_isSaving && m_sandbox != 0);
    m_revert->setEnabled(modified && !m_isSaving);
}

void HandlersView::revert()
{
    m_drafts.erase(m_sandbox);
    m_editor->setSource({});
    showModule(m_module);
}

void HandlersView::save()
{
    if (!m_save->isEnabled())
        return;
    m_isSaving = true;
    updateButtons();
    m_link.call("module.set", {{"sandbox", m_sandbox}, {"source", fromQt(m_editor->source())}},
                this, [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    m_isSaving = false;
                    const auto module =
                        reply ? api::fromJson<api::Module>(*reply) : tl::unexpected(reply.error());
                    if (!module)
                        m_toast->showMessage(
                            tr("Not saved: %1").arg(safe(module.error().text, 300)));
                    else if (asked == m_sandbox)
                        showModule(*module);
                    if (module && asked != m_sandbox)
                        m_drafts.erase(asked);
                    updateButtons();
                });
}

} // namespace sallyport::ui::handlers
