#include "ui/bridge/mailbox.h"

#include <QElapsedTimer>

namespace sallyport::ui {

namespace {

constexpr qint64 SliceMs = 8;

} // namespace

Mailbox::Mailbox(QObject* parent)
    : QObject(parent)
{
    m_more.setSingleShot(true);
    m_more.setInterval(0);
    connect(&m_more, &QTimer::timeout, this, &Mailbox::drain);
}

Mailbox::~Mailbox()
{
    close();
}

void Mailbox::post(std::function<void()> task, std::size_t bytes)
{
    std::unique_lock lock(m_mutex);
    m_space.wait(
        lock, [this] { return m_closed || (m_bytes < MostBytes && m_items.size() < MostTasks); });
    if (m_closed)
        return;
    const bool wake = m_items.empty();
    m_items.push_back({std::move(task), bytes});
    m_bytes += bytes;
    // Under the lock, so that the box cannot be destroyed in between: its destructor closes first.
    if (wake)
        QMetaObject::invokeMethod(this, &Mailbox::drain, Qt::QueuedConnection);
}

void Mailbox::close()
{
    std::deque<Item> dropped; // destroyed after the lock is released
    const std::lock_guard lock(m_mutex);
    m_closed = true;
    dropped.swap(m_items);
    m_bytes = 0;
    m_space.notify_all();
}

bool Mailbox::take(Item& item)
{
    const std::lock_guard lock(m_mutex);
    if (m_items.empty())
        return false;
    item = std::move(m_items.front());
    m_items.pop_front();
    m_bytes -= item.bytes;
    m_space.notify_one();
    return true;
}

void Mailbox::drain()
{
    QElapsedTimer clock;
    clock.start();
    Item item;
    while (take(item)) {
        item.task();
        item.task = {};
        if (clock.elapsed() >= SliceMs) {
            m_more.start();
            return;
        }
    }
}

} // namespace sallyport::ui
