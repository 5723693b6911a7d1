#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QDialog>
#include <QTimer>

#include "engine/api/bindings.h"
#include "engine/api/json.h"

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTableWidget;

namespace sallyport::ui {
class EngineLink;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::bindings {

// What a namespace or a bucket holds: a page of keys at a time, and the beginning of the one that
// is chosen. Guests have written all of it. Not modal; deletes itself when closed. GUI thread.
class ContentsDialog : public QDialog
{
    Q_OBJECT

public:
    static constexpr int PageKeys = 200;
    static constexpr int MostKeys = 4000;   // shown; past it a prefix helps
    static constexpr int ShownBytes = 4096; // of a value

    ContentsDialog(EngineLink& link, const api::Binding& binding, QWidget* parent = nullptr);

private:
    struct Entry
    {
        std::string key;
        std::int64_t bytes = 0;
        UnixMillis storedAt = 0;
        QString more; // when it ends, or its type
    };

    [[nodiscard]] bool isKv() const { return m_binding.kind == api::BindingKind::Kv; }
    [[nodiscard]] std::string method(const char* verb) const;
    [[nodiscard]] api::Json parameters() const;
    QWidget* makeList();
    QWidget* makeValue();
    void fetch(bool isMore);
    void take(const api::Json& page);
    void addRow(const Entry& entry);
    void updateState();
    [[nodiscard]] const Entry* selected() const;
    void showValue();
    void fillValue(const api::ContentPiece& piece);
    void askToDelete();
    void erase(const std::string& key);

    EngineLink& m_link;
    api::Binding m_binding;
    std::vector<Entry> m_entries;
    std::optional<std::string> m_cursor;
    int m_turn = 0; // answers to older questions are dropped
    QString m_fault;
    QTimer m_typing;
    QLineEdit* m_prefix = nullptr;
    QTableWidget* m_table = nullptr;
    QLabel* m_state = nullptr;
    QPushButton* m_more = nullptr;
    QLabel* m_valueHead = nullptr;
    QPlainTextEdit* m_value = nullptr;
    QPushButton* m_copy = nullptr;
    QPushButton* m_delete = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::bindings
