#include "ui/handlers/limits_view.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"
#include "ui/widgets/page_scroll.h"
#include "ui/widgets/toast.h"

namespace sallyport::ui::handlers {

LimitsView::LimitsView(EngineLink& link, QWidget* parent)
    : QWidget(parent)
    , m_link(link)
{
    auto* content = new QWidget;
    m_form = new QFormLayout(content);
    m_form->setContentsMargins(0, theme::Gap, theme::Pad, theme::Gap);
    m_form->setHorizontalSpacing(theme::Pad);
    m_form->setVerticalSpacing(theme::Gap);
    m_form->setRowWrapPolicy(QFormLayout::WrapLongRows);
    auto* scroll = new PageScroll(this);
    scroll->setContent(content);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(scroll);
    m_toast = new Toast(this);
    connect(&m_link, &EngineLink::connected, this, &LimitsView::fetch);
    connect(&m_link, &EngineLink::handlersChanged, this, &LimitsView::fetch);
}

void LimitsView::setSandbox(qint64 id)
{
    m_sandbox = id;
    fetch();
}

void LimitsView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    fetch();
}

void LimitsView::fetch()
{
    if (m_sandbox == 0 || !m_link.isConnected() || !isVisible())
        return;
    m_link.call("settings.list", {{"sandbox", m_sandbox}}, this,
                [this, asked = m_sandbox](const Result<api::Json>& reply) {
                    if (!reply || asked != m_sandbox)
                        return;
                    if (const auto all = api::member<std::vector<api::Setting>>(*reply, "settings"))
                        showSettings(*all);
                });
}

void LimitsView::showSettings(const std::vector<api::Setting>& settings)
{
    for (const api::Setting& setting : settings) {
        if (!setting.name.starts_with("handler."))
            continue;
        if (!m_controls.contains(setting.name))
            addRow(setting);
        fill(m_controls[setting.name], setting);
    }
}

void LimitsView::addRow(const api::Setting& setting)
{
    Control& control = m_controls[setting.name];
    const QString title = safe(setting.title, 200);
    const QString reason = safe(setting.reason, 600);
    QWidget* field = nullptr;
    if (setting.type == api::SettingType::Flag) {
        control.flag = new QCheckBox(title, this);
        field = control.flag;
        m_form->addRow(field);
        connect(control.flag, &QCheckBox::toggled, this,
                [this, name = setting.name](bool on) { change(name, on); });
    } else {
        control.number = makeNumber(setting, control.scale);
        field = control.number;
        auto* label = new QLabel(title, this);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setBuddy(field);
        m_form->addRow(label, field);
        connect(control.number, &QSpinBox::valueChanged, this,
                [this, name = setting.name, scale = control.scale](int value) {
                    change(name, std::int64_t{value} * scale);
                });
    }
    field->setObjectName(QStringLiteral("limit_") +
                         toQt(setting.name.substr(setting.name.find('.') + 1)));
    field->setAccessibleName(title);
    field->setAccessibleDescription(reason);
    field->setToolTip(toolTipText(reason));
    auto* why = theme::mutedLabel(reason, this);
    why->setWordWrap(true);
    m_form->addRow(why);
}

QSpinBox* LimitsView::makeNumber(const api::Setting& setting, std::int64_t& scale)
{
    auto* number = new QSpinBox(this);
    const std::int64_t least = setting.least.value_or(0);
    if (setting.type == api::SettingType::Bytes) {
        scale = std::int64_t{1024} * 1024;
        number->setSuffix(tr(" MiB"));
    } else if (setting.type == api::SettingType::Time && least >= 1000) {
        scale = 1000;
        number->setSuffix(tr(" s"));
    } else if (setting.type == api::SettingType::Time) {
        number->setSuffix(tr(" ms"));
    }
    number->setRange(static_cast<int>(least / scale),
                     static_cast<int>(setting.most.value_or(1'000'000) / scale));
    number->setKeyboardTracking(false);
    return number;
}

void LimitsView::fill(Control& control, const api::Setting& setting)
{
    control.setting = setting;
    const api::Json value = api::Json::parse(setting.value, nullptr, false);
    if (control.flag != nullptr && value.is_boolean()) {
        const QSignalBlocker quiet(control.flag);
        control.flag->setChecked(value.get<bool>());
    } else if (control.number != nullptr && value.is_number_integer()) {
        const QSignalBlocker quiet(control.number);
        control.number->setValue(static_cast<int>(value.get<std::int64_t>() / control.scale));
    }
}

void LimitsView::change(const std::string& name, const api::Json& value)
{
    // What holds anyhow needs no setting of the sandbox's own.
    const bool isInherited =
        api::Json::parse(m_controls[name].setting.inherited, nullptr, false) == value;
    api::Json parameters{{"sandbox", m_sandbox}, {"name", name}};
    if (!isInherited)
        parameters["value"] = value;
    m_link.call(isInherited ? "settings.reset" : "settings.set", parameters, this,
                [this](const Result<api::Json>& reply) {
                    if (!reply)
                        m_toast->showMessage(
                            tr("Not changed: %1").arg(safe(reply.error().text, 300)));
                    fetch();
                });
}

} // namespace sallyport::ui::handlers
