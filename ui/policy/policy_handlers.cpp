// The handlers on the policy page: shown, set and unset.

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/policy/handler_form.h"
#include "ui/policy/handler_list.h"
#include "ui/policy/policy_page.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::policy {

QWidget* PolicyPage::makeHandlers()
{
    m_handlers = new HandlerList(this);
    m_handlers->setObjectName(QStringLiteral("handlerList"));
    connect(m_handlers, &HandlerList::addWanted, this, [this] { editHandler({}); });
    connect(m_handlers, &HandlerList::editWanted, this, &PolicyPage::editHandler);
    connect(m_handlers, &HandlerList::unsetWanted, this, &PolicyPage::unsetHandler);
    return m_handlers;
}

void PolicyPage::editHandler(const api::Handler& handler)
{
    fetchChoices([this, handler, asked = m_sandbox] {
        if (asked != m_sandbox)
            return;
        m_handlerForm->edit(handler, m_sandbox);
        showForm(m_handlerForm);
    });
}

void PolicyPage::fetchChoices(const std::function<void()>& then)
{
    const auto problem = [this](const Error& error) {
        m_toast->showMessage(tr("The handlers can't be listed: %1").arg(safe(error.text, 300)));
    };
    if (m_builtIns.empty()) {
        m_link.call("handlers.builtIns", api::Json::object(), this,
                    [this, then, problem](const Result<api::Json>& reply) {
                        auto all = reply
                                       ? api::member<std::vector<api::BuiltIn>>(*reply, "builtIns")
                                       : tl::unexpected(reply.error());
                        if (!all) {
                            problem(all.error());
                            return;
                        }
                        m_builtIns = std::move(*all);
                        if (!m_builtIns.empty())
                            fetchChoices(then);
                    });
        return;
    }
    m_link.call("module.get", {{"sandbox", m_sandbox}}, this,
                [this, then, problem](const Result<api::Json>& reply) {
                    const auto module =
                        reply ? api::fromJson<api::Module>(*reply) : tl::unexpected(reply.error());
                    if (!module) {
                        problem(module.error());
                        return;
                    }
                    m_handlerForm->setChoices(m_builtIns, module->handlers);
                    then();
                });
}

void PolicyPage::unsetHandler(const api::Handler& handler)
{
    api::Json parameters{{"sandbox", m_sandbox}};
    if (handler.host.empty())
        parameters["name"] = nullptr;
    else
        parameters["host"] = handler.host;
    m_link.call(handler.host.empty() ? "sandbox.setOutboundHandler"
                                     : "sandbox.removeOutboundByHost",
                parameters, this, [this, handler](const Result<api::Json>& reply) {
                    if (!reply) {
                        m_toast->showMessage(
                            tr("Nothing was changed: %1").arg(safe(reply.error().text, 300)));
                        return;
                    }
                    m_texts.start();
                    m_toast->showMessage(tr("%1 is unset.").arg(safe(handler.name, 60)),
                                         [this, handler] { setHandler(handler); });
                });
}

void PolicyPage::setHandler(const api::Handler& handler)
{
    api::Json parameters{{"sandbox", m_sandbox},
                         {"name", handler.name},
                         {"params", api::Json::parse(handler.params, nullptr, false)}};
    if (!handler.host.empty())
        parameters["host"] = handler.host;
    m_link.call(handler.host.empty() ? "sandbox.setOutboundHandler" : "sandbox.setOutboundByHost",
                parameters, this, [this](const Result<api::Json>& reply) {
                    if (!reply)
                        m_toast->showMessage(
                            tr("Nothing was changed: %1").arg(safe(reply.error().text, 300)));
                    m_texts.start();
                });
}

} // namespace sallyport::ui::policy
