#include "ui/bridge/process_watch.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <QSocketNotifier>

namespace sallyport::ui {

ProcessWatch::ProcessWatch(int pid, QObject* parent)
    : QObject(parent)
{
    if (pid <= 0)
        return;
    // glibc 2.36 has pidfd_open, older ones only the call.
    m_descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (m_descriptor < 0)
        return;
    m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] {
        m_notifier->setEnabled(false);
        emit ended();
    });
}

ProcessWatch::~ProcessWatch()
{
    m_notifier.reset();
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

} // namespace sallyport::ui
