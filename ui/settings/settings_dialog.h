#pragma once

#include <vector>

#include <QDialog>

#include "engine/api/json.h"
#include "engine/api/settings.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
} // namespace sallyport::ui

namespace sallyport::ui::settings {

class SettingEditor;

// All settings, or those of a sandbox: searched on the left, explained and changed on the right.
// Not modal; deletes itself when closed. GUI thread.
class SettingsDialog : public QDialog
{
    Q_OBJECT

public:
    // `sandbox` is shown first, 0: those for all. `search` is filled in.
    SettingsDialog(EngineLink& link,
                   SandboxBook& book,
                   qint64 sandbox,
                   const QString& search = {},
                   QWidget* parent = nullptr);

private:
    QWidget* makeList();
    QWidget* makeDetail();
    void fillScopes(qint64 selected);
    void fetch();
    void fillList();
    void filter();
    void showCurrent();
    void changed();
    void send(const char* method, bool withValue);
    void take(const api::Setting& setting);
    // Somebody else's change (or the answer to ours): what is being typed stays.
    void follow(const api::Setting& setting);
    [[nodiscard]] QTreeWidgetItem* itemOf(const std::string& name) const;
    void say(const QString& problem);
    [[nodiscard]] qint64 scope() const;
    [[nodiscard]] const api::Setting* current() const;
    static void fillItem(QTreeWidgetItem* item, const api::Setting& setting);

    EngineLink& m_link;
    SandboxBook& m_book;
    std::vector<api::Setting> m_settings;
    QComboBox* m_scope = nullptr;
    QLineEdit* m_search = nullptr;
    QTreeWidget* m_list = nullptr;
    QLabel* m_title = nullptr;
    QLabel* m_name = nullptr;
    QLabel* m_reason = nullptr;
    QLabel* m_valueLabel = nullptr;
    QLabel* m_range = nullptr;
    QLabel* m_problem = nullptr;
    SettingEditor* m_editor = nullptr;
    QPushButton* m_set = nullptr;
    QPushButton* m_reset = nullptr;
};

} // namespace sallyport::ui::settings
