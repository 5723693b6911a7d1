#include "app/sallyport/single_instance.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QLocalSocket>

namespace sallyport {

namespace {

constexpr int PatienceMs = 1000;
constexpr qint64 MostMessageBytes = 4096;
const QString SandboxKey = QStringLiteral("sandbox");
const QString TokenKey = QStringLiteral("activationToken");
// The right to come to the front on Wayland; whoever started us passed it in the environment.
constexpr const char* TokenVariable = "XDG_ACTIVATION_TOKEN";

} // namespace

SingleInstance::SingleInstance(QString socketPath, QObject* parent)
    : QObject(parent)
    , m_path(std::move(socketPath))
{
}

bool SingleInstance::handOver(const QString& sandbox)
{
    QLocalSocket socket;
    socket.connectToServer(m_path);
    if (!socket.waitForConnected(PatienceMs))
        return false;
    const QJsonObject message = {{SandboxKey, sandbox},
                                 {TokenKey, qEnvironmentVariable(TokenVariable)}};
    socket.write(QJsonDocument(message).toJson(QJsonDocument::Compact) + '\n');
    // Answered, so that a hung window does not swallow the start.
    return socket.waitForBytesWritten(PatienceMs) && socket.waitForReadyRead(PatienceMs);
}

void SingleInstance::listen()
{
    m_server = std::make_unique<QLocalServer>();
    m_server->setSocketOptions(QLocalServer::UserAccessOption);
    QLocalServer::removeServer(m_path);
    connect(m_server.get(), &QLocalServer::newConnection, this, &SingleInstance::accept);
    if (!m_server->listen(m_path))
        qWarning("a second start will not find this window: %s",
                 qUtf8Printable(m_server->errorString()));
}

void SingleInstance::accept()
{
    QLocalSocket* socket = m_server->nextPendingConnection();
    if (socket == nullptr)
        return;
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
        if (socket->bytesAvailable() > MostMessageBytes) {
            socket->abort();
            return;
        }
        if (!socket->canReadLine())
            return;
        const QJsonObject message = QJsonDocument::fromJson(socket->readLine()).object();
        socket->write("ok\n");
        socket->flush();
        qputenv(TokenVariable, message.value(TokenKey).toString().toUtf8());
        emit broughtUp(message.value(SandboxKey).toString());
    });
}

} // namespace sallyport
