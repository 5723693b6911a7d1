// What can be done from a row of the log: rules, filters, copies.

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QTableView>

#include "engine/api/row_kind.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/egress/detail_pane.h"
#include "ui/egress/egress_page.h"
#include "ui/egress/filter_edit.h"
#include "ui/egress/row_words.h"
#include "ui/policy/rule_text.h"
#include "ui/theme/icon.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"
#include "ui/widgets/verdict_look.h"

namespace sallyport::ui::egress {

namespace {

constexpr int MostCopied = 64 * 1024;

} // namespace

void EgressPage::showMenu(const QPoint& at)
{
    const api::Row* found = m_model.rowAt(m_table->indexAt(at).row());
    if (found == nullptr)
        return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setObjectName(QStringLiteral("egressMenu"));
    addMenuActions(*menu, *found);
    menu->popup(m_table->viewport()->mapToGlobal(at));
}

void EgressPage::addMenuActions(QMenu& menu, const api::Row& found)
{
    const auto row = std::make_shared<const api::Row>(found);
    const auto add = [&menu](const QIcon& icon, const QString& text, const char* name,
                             std::function<void()> act) {
        QAction* action = menu.addAction(icon, text);
        action->setObjectName(QLatin1String(name));
        connect(action, &QAction::triggered, &menu, act);
        return action;
    };
    const QString host = hostText(row->host, 40);
    if (row->state == api::RowState::Held && row->question) {
        add(theme::icon(QStringLiteral("question")), tr("A&nswer…"), "menuAnswer",
            [this, row] { emit questionRequested(*row->question); });
        menu.addSeparator();
    }
    if (!host.isEmpty()) {
        add(markIcon(Mark::Check, theme::Tone::Good), tr("&Allow %1").arg(host), "menuAllow",
            [this, row] { addHostRule(*row, api::Action::Allow); });
        add(markIcon(Mark::Cross, theme::Tone::Bad), tr("&Deny %1").arg(host), "menuDeny",
            [this, row] { addHostRule(*row, api::Action::Deny); });
        add(theme::icon(QStringLiteral("plus")), tr("Write a &rule from this…"), "menuRule",
            [this, row] {
                api::Rule rule;
                rule.sandbox = row->sandbox;
                rule.match.host = row->host;
                rule.match.method = row->method;
                rule.match.path = row->path.substr(0, row->path.find('?'));
                emit ruleProposed(rule);
            });
        if (api::isDistrusted(*row)) {
            add(theme::icon(QStringLiteral("handlers")), tr("&Tunnel %1").arg(host), "menuTunnel",
                [this, row] { tunnelHost(*row); });
        }
        menu.addSeparator();
        add(theme::icon(QStringLiteral("filter")), tr("&Filter by this host"), "menuFilterHost",
            [this, row] { m_filter->putToken(QStringLiteral("host"), toQt(row->host)); });
    }
    if (m_sandbox == 0) {
        add({}, tr("Filter by this &sandbox"), "menuFilterSandbox",
            [this, row] { m_filter->putToken(QStringLiteral("sandbox"), toQt(row->sandboxName)); });
    }
    menu.addSeparator();
    add(theme::icon(QStringLiteral("copy")), tr("Copy &URL"), "menuCopyUrl",
        [this, row] { copy(urlText(*row, MostCopied), tr("URL copied.")); });
    add({}, tr("Copy as &curl"), "menuCopyCurl", [this, row] { copyAsCurl(*row); });
    menu.addSeparator();
    if (!host.isEmpty() && !row->method.empty())
        add(theme::icon(QStringLiteral("handlers")), tr("Tr&y in handlers…"), "menuTry",
            [this, row] {
                withDetail(*row, [this](const api::RowDetail& it) { emit trialRequested(it); });
            });
    add(theme::icon(QStringLiteral("info")), tr("&Why?"), "menuWhy", [this, row] {
        m_table->selectRow(m_model.rowOf(row->id));
        showDetail();
    });
    if (row->rule && m_rules.find(*row->rule) != nullptr) {
        add(theme::icon(QStringLiteral("policy")), tr("&Open the rule"), "menuOpenRule",
            [this, row] { emit ruleRequested(row->sandbox, *row->rule); });
    }
}

void EgressPage::addHostRule(const api::Row& row, api::Action action)
{
    api::Rule rule;
    rule.sandbox = row.sandbox;
    rule.action = action;
    rule.match.host = row.host;
    m_link.call(
        "rules.add", {{"rule", api::toJson(rule)}}, this,
        [this, name = safe(row.sandboxName, 40)](const Result<api::Json>& reply) {
            const auto added = reply ? api::fromJson<api::Rule>(*reply)
                                     : Result<api::Rule>(tl::unexpected(reply.error()));
            if (!added) {
                m_toast->showMessage(
                    tr("No rule was written: %1").arg(safe(added.error().text, 200)));
                return;
            }
            m_rules.put(*added);
            const QString sentence = policy::ruleSentence(*added, name, nowUnixMillis());
            m_toast->showMessage(tr("Rule written: %1.").arg(sentence), [this, id = added->id] {
                m_link.call("rules.remove", {{"rule", id}}, this, [](const Result<api::Json>&) {});
            });
        });
}

// For a client that distrusts the sandbox's certificates: never by itself.
void EgressPage::tunnelHost(const api::Row& row)
{
    m_link.call("sandbox.setOutboundByHost",
                {{"sandbox", row.sandbox}, {"host", row.host}, {"name", "tunnel"}}, this,
                [this, row](const Result<api::Json>& reply) {
                    if (!reply) {
                        m_toast->showMessage(
                            tr("No tunnel was set: %1").arg(safe(reply.error().text, 200)));
                        return;
                    }
                    const QString text =
                        tr("%1 passes unread from now on, in %2.")
                            .arg(hostText(row.host, 60), safe(row.sandboxName, 40));
                    m_toast->showMessage(text, [this, row] {
                        m_link.call("sandbox.removeOutboundByHost",
                                    {{"sandbox", row.sandbox}, {"host", row.host}}, this,
                                    [](const Result<api::Json>&) {});
                    });
                });
}

void EgressPage::copy(const QString& text, const QString& what)
{
    QGuiApplication::clipboard()->setText(text);
    m_toast->showMessage(what);
}

void EgressPage::copyAsCurl(const api::Row& row)
{
    withDetail(row, [this](const api::RowDetail& detail) {
        copy(curlCommand(detail), tr("curl command copied."));
    });
}

// With the headers, which have to be fetched; without them where the engine has none.
void EgressPage::withDetail(const api::Row& row, std::function<void(const api::RowDetail&)> use)
{
    m_link.call("log.get", {{"row", row.id}}, this,
                [row, use = std::move(use)](const Result<api::Json>& reply) {
                    api::RowDetail detail;
                    detail.row = row;
                    if (reply) {
                        if (const auto fetched = api::fromJson<api::RowDetail>(*reply))
                            detail = *fetched;
                    }
                    use(detail);
                });
}

} // namespace sallyport::ui::egress
