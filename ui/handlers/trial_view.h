#pragma once

#include <functional>
#include <optional>

#include <QWidget>

#include "engine/api/handlers.h"
#include "engine/api/types.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace sallyport::ui {
class EngineLink;
}

namespace sallyport::ui::handlers {

// Tries the module out on a request that the person makes up: who decides, what is fetched, asked
// and written, and the answer. Nothing leaves unless that is ticked. GUI thread.
class TrialView : public QWidget
{
    Q_OBJECT

public:
    // The text to try; unset is the module in force.
    using Draft = std::function<std::optional<QString>()>;

    TrialView(EngineLink& link, Draft draft, QWidget* parent = nullptr);

    void setSandbox(qint64 id);
    // Fills in a request that was logged: method, address and headers. Its body was not kept, and
    // what the log masks is masked here.
    void setRequest(const api::RowDetail& row);

private:
    QWidget* makeRequest();
    QWidget* makeResult();
    void tryIt();
    void showResult(const api::TrialResult& result);
    void showProblem(const QString& text);

    EngineLink& m_link;
    Draft m_draft;
    qint64 m_sandbox = 0;
    bool m_isRunning = false;
    QComboBox* m_method = nullptr;
    QLineEdit* m_url = nullptr;
    QPlainTextEdit* m_headers = nullptr;
    QPlainTextEdit* m_body = nullptr;
    QCheckBox* m_send = nullptr;
    QPushButton* m_try = nullptr;
    QLabel* m_verdict = nullptr;
    QPlainTextEdit* m_result = nullptr;
};

} // namespace sallyport::ui::handlers
