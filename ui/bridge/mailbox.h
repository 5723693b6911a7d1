#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include <QObject>
#include <QTimer>

namespace sallyport::ui {

// Carries tasks from a connection's thread to the GUI thread, in order. It is bounded: post() waits
// while too much lies in it, so a flood from a guest fills the socket and not our memory. The GUI
// thread runs the tasks in slices, so that painting and input stay alive under such a flood.
class Mailbox : public QObject
{
    Q_OBJECT

public:
    explicit Mailbox(QObject* parent = nullptr);
    ~Mailbox() override;

    // Any thread but the GUI's. `bytes` is what the task keeps in memory. Dropped once closed.
    void post(std::function<void()> task, std::size_t bytes);

    // From now on post() drops and never waits; what lies in the box is dropped too. Call it before
    // the thread that posts is joined. GUI thread.
    void close();

    static constexpr std::size_t MostBytes = std::size_t{2} << 20U;
    static constexpr std::size_t MostTasks = 4096;

private:
    struct Item
    {
        std::function<void()> task;
        std::size_t bytes = 0;
    };

    [[nodiscard]] bool take(Item& item);
    void drain();

    QTimer m_more;
    std::mutex m_mutex; // guards the four below
    std::condition_variable m_space;
    std::deque<Item> m_items;
    std::size_t m_bytes = 0;
    bool m_closed = false;
};

} // namespace sallyport::ui
