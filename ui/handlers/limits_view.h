#pragma once

#include <map>
#include <string>
#include <vector>

#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/settings.h"

class QCheckBox;
class QFormLayout;
class QSpinBox;

namespace sallyport::ui {
class EngineLink;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::handlers {

// The limits of a sandbox's handlers, each with its reason (the settings of the group "handler"); a
// change is in force at the next call.
// GUI thread.
class LimitsView : public QWidget
{
    Q_OBJECT

public:
    explicit LimitsView(EngineLink& link, QWidget* parent = nullptr);

    void setSandbox(qint64 id);

protected:
    void showEvent(QShowEvent* event) override;

private:
    struct Control
    {
        api::Setting setting;
        std::int64_t scale = 1;     // of the number that is shown: a second, a MiB
        QSpinBox* number = nullptr; // one of the two
        QCheckBox* flag = nullptr;
    };

    void fetch();
    void showSettings(const std::vector<api::Setting>& settings);
    void addRow(const api::Setting& setting);
    QSpinBox* makeNumber(const api::Setting& setting, std::int64_t& scale);
    void fill(Control& control, const api::Setting& setting);
    void change(const std::string& name, const api::Json& value);

    EngineLink& m_link;
    qint64 m_sandbox = 0;
    QFormLayout* m_form = nullptr;
    std::map<std::string, Control> m_controls;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::handlers
