#pragma once

#include <vector>

#include <QObject>
#include <QTimer>

#include "engine/api/types.h"

namespace sallyport::ui {

class EngineLink;

// What the engine says of itself and of this machine. Fetched on every connection, when asked, and
// the first part now and then. GUI thread.
class EngineFacts : public QObject
{
    Q_OBJECT

public:
    explicit EngineFacts(EngineLink& link, QObject* parent = nullptr);

    [[nodiscard]] const api::EngineInfo& info() const { return m_info; }
    // Empty until they have arrived.
    [[nodiscard]] const std::vector<api::Check>& checks() const { return m_checks; }
    void refreshInfo();
    void refreshChecks();

signals:
    void infoChanged();
    void checksChanged();

private:
    EngineLink& m_link;
    QTimer m_again;
    api::EngineInfo m_info;
    std::vector<api::Check> m_checks;
};

} // namespace sallyport::ui
