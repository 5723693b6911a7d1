#pragma once

#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/settings.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPlainTextEdit;

namespace sallyport::ui::settings {

// The control for one setting's value, by its type. GUI thread.
class SettingEditor : public QWidget
{
    Q_OBJECT

public:
    explicit SettingEditor(QWidget* parent = nullptr);

    void setSetting(const api::Setting& setting);
    // What it says; whether the setting takes it, the engine says.
    [[nodiscard]] Result<api::Json> value() const;
    // The control in use, for a label's buddy.
    [[nodiscard]] QWidget* control() const;

signals:
    void changed();
    void entered(); // Return in a line

private:
    api::SettingType m_type = api::SettingType::Count;
    QLineEdit* m_line;
    QCheckBox* m_flag;
    QComboBox* m_choice;
    QPlainTextEdit* m_text;
};

} // namespace sallyport::ui::settings
