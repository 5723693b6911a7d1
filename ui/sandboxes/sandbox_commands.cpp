#include "ui/sandboxes/sandbox_commands.h"

#include "ui/bridge/engine_link.h"
#include "ui/bridge/sandbox_book.h"
#include "ui/bridge/text.h"

namespace sallyport::ui::sandboxes {

SandboxCommands::SandboxCommands(EngineLink& link, SandboxBook& book, QObject* parent)
    : QObject(parent)
    , m_link(link)
    , m_book(book)
{
}

QString SandboxCommands::nameOf(qint64 id) const
{
    const api::Sandbox* sandbox = m_book.find(id);
    return sandbox == nullptr ? QString::number(id) : toQt(sandbox->name);
}

void SandboxCommands::call(const char* method, api::Json parameters, const QString& title)
{
    m_link.call(method, std::move(parameters), this, [this, title](const auto& reply) {
        if (!reply) {
            emit failed(title, toQt(reply.error().text));
            return;
        }
        // Most methods return the sandbox as it is now, which saves the wait for its event.
        if (const auto sandbox = api::fromJson<api::Sandbox>(*reply); sandbox && sandbox->id != 0)
            m_book.take(*sandbox);
    });
}

void SandboxCommands::start(qint64 id)
{
    call("sandbox.start", {{"sandbox", id}}, tr("%1 could not be started").arg(nameOf(id)));
}

void SandboxCommands::stop(qint64 id, bool force)
{
    call("sandbox.stop", {{"sandbox", id}, {"force", force}},
         tr("%1 could not be stopped").arg(nameOf(id)));
}

void SandboxCommands::remove(qint64 id)
{
    call("sandbox.remove", {{"sandbox", id}, {"force", true}},
         tr("%1 could not be deleted").arg(nameOf(id)));
}

void SandboxCommands::rename(qint64 id, const QString& name)
{
    call("sandbox.rename", {{"sandbox", id}, {"name", fromQt(name)}},
         tr("%1 could not be renamed").arg(nameOf(id)));
}

void SandboxCommands::setDefaultAction(qint64 id, api::DefaultAction action)
{
    call("policy.set", {{"sandbox", id}, {"defaultAction", std::string(api::enumName(action))}},
         tr("The default of %1 could not be changed").arg(nameOf(id)));
}

} // namespace sallyport::ui::sandboxes
