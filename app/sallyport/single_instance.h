#pragma once

#include <memory>

#include <QLocalServer>
#include <QObject>
#include <QString>

namespace sallyport {

// One window per user: the first start listens on a socket in the run directory, a later one asks
// it to come up and ends. GUI thread.
class SingleInstance : public QObject
{
    Q_OBJECT

public:
    explicit SingleInstance(QString socketPath, QObject* parent = nullptr);

    // True: another one runs and was asked to come up (and to select the sandbox, where named).
    [[nodiscard]] bool handOver(const QString& sandbox);
    // Takes the place. Failing is no reason not to run: the next start then opens a second window.
    void listen();

signals:
    void broughtUp(const QString& sandbox);

private:
    void accept();

    QString m_path;
    std::unique_ptr<QLocalServer> m_server;
};

} // namespace sallyport
