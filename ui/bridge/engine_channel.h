#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <QObject>

#include "engine/api/client.h"
#include "engine/api/json.h"
#include "ui/bridge/mailbox.h"

namespace sallyport::ui {

// One connection to the engine with everything delivered on the GUI thread, in the order in which
// it came. EngineLink has one for the whole window; each terminal has one of its own, so that a
// program that floods its terminal delays nothing else: while its output is not taken, the engine
// stops reading it from the guest. GUI thread.
class EngineChannel : public QObject
{
    Q_OBJECT

public:
    using Reply = std::function<void(Result<api::Json>)>;

    [[nodiscard]] static Result<std::unique_ptr<EngineChannel>>
    open(const std::filesystem::path& socket);
    ~EngineChannel() override;

    // The reply is called once, on the GUI thread, unless `context` or the channel has died.
    void call(const char* method, const api::Json& parameters, QObject* context, Reply reply);

    // 0 where it is not known.
    [[nodiscard]] int enginePid() const { return m_client->enginePid(); }

signals:
    void eventArrived(const std::string& event, const sallyport::api::Json& parameters);
    // It has ended; every pending reply has failed before.
    void closed(const QString& reason);

private:
    EngineChannel();

    Mailbox m_mailbox;
    std::unique_ptr<api::Client> m_client;
};

} // namespace sallyport::ui
