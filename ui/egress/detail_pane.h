#pragma once

#include <optional>

#include <QWidget>

#include "engine/api/types.h"
#include "ui/theme/tones.h"

class QFormLayout;
class QPlainTextEdit;
class QPushButton;
class QVBoxLayout;

namespace sallyport::ui {
class EngineLink;
class Headline;
class PageScroll;
namespace policy {
class RuleBook;
}
namespace theme {
class Pill;
}
} // namespace sallyport::ui

namespace sallyport::ui::egress {

// One row of the log, explained. Fetches the headers by itself. GUI thread.
class DetailPane : public QWidget
{
    Q_OBJECT

public:
    DetailPane(EngineLink& link, const policy::RuleBook& rules, QWidget* parent = nullptr);

    // Shows this row and asks for its headers.
    void setRow(const api::Row& row);
    // The same row, as it is now.
    void refresh(const api::Row& row);
    [[nodiscard]] api::RowId rowId() const { return m_detail.row.id; }
    // With headers, where they have come already.
    [[nodiscard]] const api::RowDetail& detail() const { return m_detail; }

signals:
    void allowHost(const sallyport::api::Row& row);
    void denyHost(const sallyport::api::Row& row);
    void tunnelHost(const sallyport::api::Row& row);
    void ruleRequested(qint64 sandbox, qint64 rule);
    void questionRequested(qint64 question);
    void closeRequested();

private:
    void fetch();
    void fill();
    Headline* addFact(const QString& name, const char* objectName);
    QPlainTextEdit* addHeaders(QVBoxLayout* column, const QString& title, const char* objectName);
    static void fillHeaders(QPlainTextEdit* into,
                            const std::vector<std::pair<std::string, std::string>>& headers,
                            const QString& none);
    QWidget* makeButtons();

    EngineLink& m_link;
    const policy::RuleBook& m_rules;
    api::RowDetail m_detail;
    bool m_hasHeaders = false;

    Headline* m_url;
    theme::Pill* m_verdict;
    Headline* m_why;
    QFormLayout* m_facts;
    Headline* m_error;
    Headline* m_upstream;
    Headline* m_tls;
    Headline* m_frames;
    Headline* m_protocol;
    Headline* m_timing;
    Headline* m_traffic;
    QPlainTextEdit* m_request;
    QPlainTextEdit* m_response;
    QPushButton* m_answer;
    QPushButton* m_allow;
    QPushButton* m_deny;
    QPushButton* m_rule;
    QPushButton* m_tunnel;
    PageScroll* m_scroll;
};

} // namespace sallyport::ui::egress
