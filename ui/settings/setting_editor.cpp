#include "ui/settings/setting_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFontDatabase>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "ui/bridge/text.h"

namespace sallyport::ui::settings {

namespace {

constexpr int TextLines = 6;

} // namespace

SettingEditor::SettingEditor(QWidget* parent)
    : QWidget(parent)
    , m_line(new QLineEdit)
    , m_flag(new QCheckBox(tr("O&n")))
    , m_choice(new QComboBox)
    , m_text(new QPlainTextEdit)
{
    m_line->setObjectName(QStringLiteral("settingLine"));
    m_flag->setObjectName(QStringLiteral("settingFlag"));
    m_choice->setObjectName(QStringLiteral("settingChoice"));
    m_text->setObjectName(QStringLiteral("settingText"));
    m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_text->setTabChangesFocus(true);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFixedHeight(m_text->fontMetrics().lineSpacing() * TextLines + 16);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    // One of them is shown.
    for (QWidget* control : {static_cast<QWidget*>(m_line), static_cast<QWidget*>(m_flag),
                             static_cast<QWidget*>(m_choice), static_cast<QWidget*>(m_text)}) {
        control->setAccessibleName(tr("Value"));
        column->addWidget(control);
    }
    connect(m_line, &QLineEdit::textChanged, this, &SettingEditor::changed);
    connect(m_line, &QLineEdit::returnPressed, this, &SettingEditor::entered);
    connect(m_flag, &QCheckBox::toggled, this, &SettingEditor::changed);
    connect(m_choice, &QComboBox::currentIndexChanged, this, &SettingEditor::changed);
    connect(m_text, &QPlainTextEdit::textChanged, this, &SettingEditor::changed);
}

void SettingEditor::setSetting(const api::Setting& setting)
{
    const QSignalBlocker quiet(this);
    m_type = setting.type;
    const api::Json value = api::Json::parse(setting.value, nullptr, false);
    const QString text = toQt(api::settingText(setting.type, value));
    switch (setting.type) {
    case api::SettingType::Flag:
        m_flag->setChecked(value.is_boolean() && value.get<bool>());
        break;
    case api::SettingType::Choice:
        m_choice->clear();
        for (const std::string& choice : setting.choices)
            m_choice->addItem(toQt(choice));
        m_choice->setCurrentText(text);
        break;
    case api::SettingType::LongText:
        m_text->setPlainText(text);
        break;
    case api::SettingType::List: {
        QStringList lines;
        for (const api::Json& entry : value)
            if (entry.is_string())
                lines.append(toQt(entry.get_ref<const std::string&>()));
        m_text->setPlainText(lines.join(QLatin1Char('\n')));
        break;
    }
    case api::SettingType::Count:
    case api::SettingType::Bytes:
    case api::SettingType::Time:
    case api::SettingType::Text:
        m_line->setText(text);
        break;
    }
    for (QWidget* each : {static_cast<QWidget*>(m_line), static_cast<QWidget*>(m_flag),
                          static_cast<QWidget*>(m_choice), static_cast<QWidget*>(m_text)})
        each->setVisible(each == control());
}

QWidget* SettingEditor::control() const
{
    switch (m_type) {
    case api::SettingType::Flag:
        return m_flag;
    case api::SettingType::Choice:
        return m_choice;
    case api::SettingType::LongText:
    case api::SettingType::List:
        return m_text;
    default:
        return m_line;
    }
}

Result<api::Json> SettingEditor::value() const
{
    switch (m_type) {
    case api::SettingType::Flag:
        return api::Json(m_flag->isChecked());
    case api::SettingType::Choice:
        return api::Json(fromQt(m_choice->currentText()));
    case api::SettingType::LongText:
        return api::settingFromText(m_type, fromQt(m_text->toPlainText()));
    case api::SettingType::List:
        // Also one entry is a line, whatever stands in it.
        return api::settingFromText(m_type, fromQt(m_text->toPlainText()) + "\n");
    default:
        return api::settingFromText(m_type, fromQt(m_line->text()));
    }
}

} // namespace sallyport::ui::settings
