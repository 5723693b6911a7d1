#pragma once

#include <vector>

#include <QHash>
#include <QObject>

#include "engine/api/types.h"

namespace sallyport::ui {

class EngineLink;

// What the window knows of all sandboxes, kept fresh by the engine's events, with the statistics of
// the last five minutes. Empties when the engine is listed anew, keeps the last state while the
// engine is lost. GUI thread.
class SandboxBook : public QObject
{
    Q_OBJECT

public:
    // Samples over the last five minutes, oldest first, one each two seconds.
    struct History
    {
        std::vector<double> cpuPercent;
        std::vector<double> memoryBytes;
    };
    static constexpr std::size_t HistoryCapacity = 150;

    explicit SandboxBook(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] const std::vector<api::Sandbox>& sandboxes() const { return m_sandboxes; }
    // Null when there is none of that id; valid until control returns to the event loop.
    [[nodiscard]] const api::Sandbox* find(qint64 id) const;
    [[nodiscard]] const api::Sandbox* findByName(const std::string& name) const;
    [[nodiscard]] History history(qint64 id) const;
    // Whether the first list has arrived.
    [[nodiscard]] bool isLoaded() const { return m_loaded; }
    // "agent-N" with the smallest free N.
    [[nodiscard]] QString freeName() const;

    // Samples that come faster are left out; a test makes a history faster than life.
    void setLeastSampleGap(UnixMillis gap) { m_leastSampleGap = gap; }

    // Takes in what a method returned before its event arrives.
    void take(const api::Sandbox& sandbox);

signals:
    void reset();            // all anew
    void added(int index);   // at the end
    void changed(int index); // state, statistics, settings
    void removed(int index, qint64 id);

private:
    void fetch();
    void fill(std::vector<api::Sandbox> sandboxes);
    void remove(qint64 id);
    void sample(const api::Sandbox& sandbox);

    struct Track
    {
        History history;
        UnixMillis lastSample = 0;
    };

    EngineLink& m_link;
    std::vector<api::Sandbox> m_sandboxes;
    QHash<qint64, Track> m_tracks;
    UnixMillis m_leastSampleGap = 1500;
    bool m_loaded = false;
};

} // namespace sallyport::ui
