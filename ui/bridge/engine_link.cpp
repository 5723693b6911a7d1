#include "ui/bridge/engine_link.h"

#include <chrono>

#include <QFile>
#include <QFileInfo>
#include <QPointer>
#include <QProcess>

#include "ui/bridge/text.h"

namespace sallyport::ui {

using namespace std::chrono_literals;

namespace {

constexpr auto RetryInterval = 250ms;
constexpr auto PingInterval = 5s;
constexpr qint64 MostSilenceMs = 20'000;
constexpr qint64 PatienceMs = 15'000;   // for an engine that was just started
constexpr qint64 StartAgainMs = 10'000; // an engine that ends at once is not started in a loop
constexpr qint64 LogTailBytes = 4 * 1024;
constexpr qint64 MostLogBytes = 4 * 1024 * 1024; // past it the log begins anew

template <typename T, typename Emit> void deliverAs(const api::Json& parameters, Emit emitSignal)
{
    const auto value = api::fromJson<T>(parameters);
    if (value)
        emitSignal(*value);
    else
        qWarning("an event of the engine cannot be read: %s", value.error().text.c_str());
}

qint64 idOf(const api::Json& parameters, const char* member)
{
    const auto found = parameters.find(member);
    return found != parameters.end() && found->is_number_integer() ? found->get<qint64>() : 0;
}

} // namespace

EngineLink::EngineLink(std::filesystem::path socket,
                       std::filesystem::path engineProgram,
                       QObject* parent)
    : QObject(parent)
    , m_socket(std::move(socket))
    , m_engineProgram(std::move(engineProgram))
{
    m_retry.setSingleShot(true);
    m_retry.setInterval(RetryInterval);
    connect(&m_retry, &QTimer::timeout, this, &EngineLink::tryConnect);
    m_ping.setInterval(PingInterval);
    connect(&m_ping, &QTimer::timeout, this, &EngineLink::ping);
}

EngineLink::~EngineLink() = default;

void EngineLink::open()
{
    m_sinceTrying.start();
    tryConnect();
}

void EngineLink::retry()
{
    if (isConnected())
        return;
    m_sinceStart.invalidate();
    m_sinceTrying.start();
    tryConnect();
}

void EngineLink::setState(State state, const QString& problem)
{
    const bool same = m_state == state && m_problem == problem;
    m_state = state;
    m_problem = problem;
    if (!same)
        emit stateChanged(state);
}

void EngineLink::tryConnect()
{
    if (m_channel)
        return;
    auto channel = EngineChannel::open(m_socket);
    if (channel) {
        adopt(std::move(*channel));
        return;
    }
    if (!m_engineProgram.empty() &&
        (!m_sinceStart.isValid() || m_sinceStart.elapsed() > StartAgainMs))
        startEngine();
    if (m_state == State::Lost || m_engineProgram.empty() || m_sinceTrying.elapsed() > PatienceMs) {
        const QString tail = engineLogTail();
        const QString reason = toQt(channel.error().text);
        setState(State::Lost, tail.isEmpty()
                                  ? reason
                                  : tr("%1\nThe last line of its log: %2").arg(reason, tail));
    }
    m_retry.start();
}

void EngineLink::adopt(std::unique_ptr<EngineChannel> channel)
{
    m_channel = std::move(channel);
    connect(m_channel.get(), &EngineChannel::eventArrived, this, &EngineLink::deliver);
    connect(m_channel.get(), &EngineChannel::closed, this, &EngineLink::lose);
    m_process = std::make_unique<ProcessWatch>(m_channel->enginePid());
    connect(m_process.get(), &ProcessWatch::ended, this,
            [this] { lose(tr("The engine's process has ended.")); });
    m_unanswered.invalidate();
    m_ping.start();
    // Before anything is listed, so that no change falls between the list and the first event.
    m_channel->call("engine.subscribe", {{"canAnswer", true}}, this, [this](const auto& reply) {
        if (!reply) {
            lose(toQt(reply.error().text));
            return;
        }
        setState(State::Connected, {});
        emit connected();
    });
}

void EngineLink::lose(const QString& reason)
{
    if (!m_channel)
        return;
    // Not deleted here: we are called by it.
    m_channel->disconnect(this);
    m_channel.release()->deleteLater();
    m_process.release()->deleteLater();
    m_ping.stop();
    m_sinceTrying.start();
    setState(State::Lost, reason);
    m_retry.start();
}

void EngineLink::ping()
{
    if (m_unanswered.isValid()) {
        if (m_unanswered.elapsed() > MostSilenceMs)
            lose(tr("The engine's process is there but does not answer."));
        return;
    }
    m_unanswered.start();
    m_channel->call("engine.info", api::Json::object(), this,
                    [this](const auto&) { m_unanswered.invalidate(); });
}

void EngineLink::startEngine()
{
    m_sinceStart.start();
    QProcess engine;
    engine.setProgram(toQt(m_engineProgram.native()));
    const QString log = toQt((m_socket.parent_path() / "engine.log").native());
    engine.setStandardInputFile(QProcess::nullDevice());
    if (QFileInfo(log).size() > MostLogBytes)
        QFile::remove(log);
    engine.setStandardOutputFile(log, QIODevice::Append);
    engine.setStandardErrorFile(log, QIODevice::Append);
    engine.setWorkingDirectory(QStringLiteral("/"));
    if (!engine.startDetached())
        setState(m_state,
                 tr("%1 cannot be started: %2").arg(engine.program(), engine.errorString()));
}

QString EngineLink::engineLogTail() const
{
    if (!m_sinceStart.isValid())
        return {};
    QFile log(toQt((m_socket.parent_path() / "engine.log").native()));
    if (!log.open(QIODevice::ReadOnly))
        return {};
    log.seek(std::max<qint64>(0, log.size() - LogTailBytes));
    return QString::fromUtf8(log.readAll().trimmed().split('\n').last()).left(500);
}

void EngineLink::call(const char* method, api::Json parameters, QObject* context, Reply reply)
{
    if (isConnected()) {
        m_channel->call(method, parameters, context, std::move(reply));
        return;
    }
    const QPointer<QObject> alive(context);
    QMetaObject::invokeMethod(
        this,
        [alive, reply = std::move(reply)] {
            if (alive && reply)
                reply(fail(Error::Code::Unavailable, "the engine does not answer"));
        },
        Qt::QueuedConnection);
}

void EngineLink::deliver(const std::string& event, const api::Json& parameters)
{
    if (event == "log.row")
        deliverAs<api::Row>(parameters, [this](const auto& row) { emit rowStored(row); });
    else if (event == "sandbox.changed")
        deliverAs<api::Sandbox>(parameters, [this](const auto& box) { emit sandboxChanged(box); });
    else if (event == "sandbox.removed")
        emit sandboxRemoved(idOf(parameters, "sandbox"));
    else if (event == "rule.changed")
        deliverAs<api::Rule>(parameters, [this](const auto& rule) { emit ruleChanged(rule); });
    else if (event == "rule.removed")
        emit ruleRemoved(idOf(parameters, "rule"));
    else if (event == "approval.changed")
        deliverAs<api::Question>(parameters,
                                 [this](const auto& question) { emit questionChanged(question); });
    else if (event == "handlers.changed")
        emit handlersChanged(idOf(parameters, "sandbox"));
    else if (event == "phases.changed" && parameters.contains("phases"))
        deliverAs<api::Phases>(parameters.at("phases"), [this, &parameters](const auto& phases) {
            emit phasesChanged(idOf(parameters, "sandbox"), phases);
        });
    else if (event == "handlers.line")
        deliverAs<api::HandlerLine>(parameters,
                                    [this](const auto& line) { emit handlerLineStored(line); });
    else if (event == "settings.changed")
        deliverAs<api::Setting>(parameters,
                                [this](const auto& setting) { emit settingChanged(setting); });
    else if (event == "bindings.changed")
        emit bindingsChanged();
    else if (event == "credential.changed")
        deliverAs<api::Credential>(
            parameters, [this](const auto& changed) { emit credentialChanged(changed); });
    else if (event == "credential.removed")
        emit credentialRemoved(idOf(parameters, "credential"));
    else if (event == "credential.alarm")
        deliverAs<api::CredentialAlarm>(
            parameters, [this](const auto& alarm) { emit credentialAlarmed(alarm); });
    else if (event == "vault.changed")
        deliverAs<api::Vault>(parameters, [this](const auto& vault) { emit vaultChanged(vault); });
    else if (event == "log.gap")
        emit rowsMissed();
    else if (event == "exec.output")
        deliverAs<api::ExecOutput>(parameters, [this](const auto& out) { emit execOutput(out); });
    else if (event == "exec.exit")
        deliverAs<api::ExecExit>(parameters, [this](const auto& exit) { emit execExit(exit); });
}

} // namespace sallyport::ui
