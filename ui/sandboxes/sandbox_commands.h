#pragma once

#include <QObject>

#include "engine/api/json.h"
#include "engine/api/types.h"

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
} // namespace sallyport::ui

namespace sallyport::ui::sandboxes {

// Does to sandboxes what the person says, and reports what failed. GUI thread.
class SandboxCommands : public QObject
{
    Q_OBJECT

public:
    SandboxCommands(EngineLink& link, SandboxBook& book, QObject* parent = nullptr);

    void start(qint64 id);
    void stop(qint64 id, bool force);
    void remove(qint64 id);
    void rename(qint64 id, const QString& name);
    void setDefaultAction(qint64 id, api::DefaultAction action);

signals:
    // `title` says what was wanted of which sandbox, `text` why it failed.
    void failed(const QString& title, const QString& text);

private:
    void call(const char* method, api::Json parameters, const QString& title);
    [[nodiscard]] QString nameOf(qint64 id) const;

    EngineLink& m_link;
    SandboxBook& m_book;
};

} // namespace sallyport::ui::sandboxes
