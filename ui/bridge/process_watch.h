#pragma once

#include <memory>

#include <QObject>

class QSocketNotifier;

namespace sallyport::ui {

// Tells when a process ends, though it is not our child and its sockets may live on in others.
// Tells nothing for a process that can't be watched. GUI thread.
class ProcessWatch : public QObject
{
    Q_OBJECT

public:
    explicit ProcessWatch(int pid, QObject* parent = nullptr);
    ~ProcessWatch() override;

signals:
    void ended();

private:
    int m_descriptor = -1; // a pidfd, owned
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace sallyport::ui
