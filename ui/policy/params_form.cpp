#include "ui/policy/params_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>

#include "ui/bridge/text.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::policy {

namespace {

using api::Json;
using Type = api::ParameterType;

constexpr auto AsJson = "json"; // the field of a handler whose parameters are not known

std::string dump(const Json& value)
{
    return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

// Parameters that name something bound to the sandbox.
bool isBinding(std::string_view parameter)
{
    return parameter == "namespace" || parameter == "bucket" || parameter == "service";
}

// As it stands in the field of that type.
QString fieldText(Type type, const Json& value)
{
    if (value.is_null())
        return {};
    QStringList lines;
    if (type == Type::Hosts && value.is_array()) {
        for (const Json& host : value)
            lines.append(toQt(host.is_string() ? host.get<std::string>() : host.dump()));
        return lines.join(QLatin1Char('\n'));
    }
    if (type == Type::Headers && value.is_object()) {
        for (const auto& [name, text] : value.items())
            lines.append(text.is_string()
                             ? toQt(name) + QStringLiteral(": ") + toQt(text.get<std::string>())
                             : QLatin1Char('-') + toQt(name));
        return lines.join(QLatin1Char('\n'));
    }
    return toQt(value.is_string() ? value.get<std::string>() : dump(value));
}

QStringList linesOf(const QString& text)
{
    QStringList lines;
    for (const QString& line : text.split(QLatin1Char('\n')))
        if (const QString trimmed = line.trimmed(); !trimmed.isEmpty())
            lines.append(trimmed);
    return lines;
}

Result<Json> headersOf(const QStringList& lines)
{
    Json headers = Json::object();
    for (const QString& line : lines) {
        const qsizetype colon = line.indexOf(QLatin1Char(':'));
        if (line.startsWith(QLatin1Char('-')))
            headers[fromQt(line.mid(1).trimmed())] = nullptr;
        else if (colon > 0)
            headers[fromQt(line.left(colon).trimmed())] = fromQt(line.mid(colon + 1).trimmed());
        else
            return fail(Error::Code::Invalid,
                        fromQt(ParamsForm::tr("a line is “Name: value”, or “-Name” to remove it")));
    }
    return headers;
}

// Unset where the field is empty.
Result<std::optional<Json>> valueOf(Type type, const QString& text)
{
    if (text.trimmed().isEmpty())
        return std::nullopt;
    if (type == Type::Hosts) {
        Json hosts = Json::array();
        for (const QString& line : linesOf(text))
            hosts.push_back(fromQt(line));
        return hosts;
    }
    if (type == Type::Headers) {
        auto headers = headersOf(linesOf(text));
        if (!headers)
            return tl::unexpected(headers.error());
        return std::move(*headers);
    }
    if (type == Type::Number) {
        bool isNumber = false;
        const int number = text.trimmed().toInt(&isNumber);
        if (!isNumber)
            return fail(Error::Code::Invalid, fromQt(ParamsForm::tr("not a number")));
        return Json(number);
    }
    return Json(fromQt(text));
}

} // namespace

ParamsForm::ParamsForm(QWidget* parent)
    : QWidget(parent)
    , m_form(new QFormLayout(this))
{
    m_form->setContentsMargins(0, 0, 0, 0);
    m_form->setVerticalSpacing(6);
    m_form->setRowWrapPolicy(QFormLayout::WrapAllRows);
}

void ParamsForm::setHandler(const api::BuiltIn* known, const std::string& params)
{
    while (m_form->rowCount() > 0)
        m_form->removeRow(0);
    m_fields.clear();
    m_taken = QStringLiteral("rilmkntsvhuoef"); // of the page and the form around
    m_known = known != nullptr ? std::optional(*known) : std::nullopt;
    const Json values = Json::parse(params, nullptr, false);
    if (!m_known) {
        api::HandlerParameter json;
        json.name = AsJson;
        json.title = fromQt(tr("Parameters (JSON)"));
        json.type = Type::LongText;
        json.summary = fromQt(tr("The handler reads them as ctx.params."));
        addField(json, values.is_discarded() ? Json() : Json(dump(values)));
        return;
    }
    for (const api::HandlerParameter& parameter : m_known->parameters) {
        const bool isGiven = values.is_object() && values.contains(parameter.name);
        // A second name of a field that is there already.
        if (!isGiven && parameter.name == "allowedHostnames")
            continue;
        addField(parameter, isGiven ? values.at(parameter.name) : Json());
    }
}

// The first letter of the title that no other control near it has.
QString ParamsForm::withMnemonic(const QString& title)
{
    QString marked = title;
    for (qsizetype i = 0; i < title.size(); ++i) {
        const QChar letter = title.at(i).toLower();
        if (!letter.isLetter() || m_taken.contains(letter))
            continue;
        m_taken.append(letter);
        return marked.insert(i, QLatin1Char('&'));
    }
    return marked;
}

void ParamsForm::addField(const api::HandlerParameter& parameter, const Json& value)
{
    QWidget* field = makeField(parameter, value);
    field->setObjectName(QStringLiteral("param_") + toQt(parameter.name));
    m_fields[parameter.name] = field;
    const QString title = safe(parameter.title, 60);
    field->setAccessibleName(title);
    field->setAccessibleDescription(safe(parameter.summary, 300));
    if (parameter.type == Type::Flag) {
        m_form->addRow(field);
    } else {
        auto* label = new QLabel(withMnemonic(title), this);
        label->setBuddy(field);
        m_form->addRow(label, field);
    }
    auto* summary = theme::bodyLabel(safe(parameter.summary, 300), this);
    theme::setLabelTone(summary, theme::Tone::Muted);
    m_form->addRow(summary);
}

QWidget* ParamsForm::makeField(const api::HandlerParameter& parameter, const Json& value)
{
    switch (parameter.type) {
    case Type::Flag: {
        auto* box = new QCheckBox(withMnemonic(safe(parameter.title, 60)), this);
        box->setChecked(value.is_boolean() && value.get<bool>());
        connect(box, &QCheckBox::toggled, this, &ParamsForm::changed);
        return box;
    }
    case Type::Choice: {
        auto* box = new QComboBox(this);
        for (const std::string& choice : parameter.choices)
            box->addItem(toQt(choice));
        if (value.is_string())
            box->setCurrentText(toQt(value.get<std::string>()));
        connect(box, &QComboBox::currentIndexChanged, this, &ParamsForm::changed);
        return box;
    }
    case Type::LongText:
    case Type::Hosts:
    case Type::Headers: {
        auto* edit = new QPlainTextEdit(fieldText(parameter.type, value), this);
        edit->setTabChangesFocus(true);
        edit->setFont(theme::monospaceFont());
        edit->setFixedHeight(edit->fontMetrics().lineSpacing() * 5 + 12);
        connect(edit, &QPlainTextEdit::textChanged, this, &ParamsForm::changed);
        return edit;
    }
    case Type::Text: {
        if (!isBinding(parameter.name))
            break;
        auto* box = new QComboBox(this);
        box->setEditable(true);
        box->setInsertPolicy(QComboBox::NoInsert);
        box->setCurrentText(fieldText(parameter.type, value));
        fillNames(box, parameter.name);
        connect(box, &QComboBox::currentTextChanged, this, &ParamsForm::changed);
        return box;
    }
    case Type::Number:
        break;
    }
    auto* edit = new QLineEdit(fieldText(parameter.type, value), this);
    connect(edit, &QLineEdit::textChanged, this, &ParamsForm::changed);
    return edit;
}

void ParamsForm::setBindings(const std::map<std::string, QStringList>& names)
{
    m_names = names;
    for (const auto& [parameter, field] : m_fields)
        if (isBinding(parameter))
            fillNames(field, parameter);
}

void ParamsForm::fillNames(QWidget* field, const std::string& parameter) const
{
    auto* box = qobject_cast<QComboBox*>(field);
    const auto names = m_names.find(parameter);
    if (box == nullptr || names == m_names.end())
        return;
    const QSignalBlocker quiet(box);
    const QString typed = box->currentText();
    box->clear();
    box->addItems(names->second);
    box->setCurrentIndex(-1);
    box->setCurrentText(typed);
}

Result<Json> ParamsForm::params() const
{
    const auto textOf = [this](const std::string& name) {
        QWidget* field = m_fields.at(name);
        if (const auto* edit = qobject_cast<QPlainTextEdit*>(field))
            return edit->toPlainText();
        if (const auto* box = qobject_cast<QComboBox*>(field))
            return box->currentText();
        return qobject_cast<QLineEdit*>(field)->text();
    };
    if (!m_known) {
        const std::string text = m_fields.empty() ? std::string() : fromQt(textOf(AsJson));
        if (text.find_first_not_of(" \t\n") == std::string::npos)
            return Json::object();
        Json json = Json::parse(text, nullptr, false);
        if (json.is_discarded())
            return fail(Error::Code::Invalid, fromQt(tr("The parameters are not JSON.")));
        return json;
    }
    Json params = Json::object();
    for (const api::HandlerParameter& parameter : m_known->parameters) {
        const auto field = m_fields.find(parameter.name);
        if (field == m_fields.end())
            continue;
        if (const auto* box = qobject_cast<QCheckBox*>(field->second)) {
            if (box->isChecked())
                params[parameter.name] = true;
            continue;
        }
        auto value = valueOf(parameter.type, textOf(parameter.name));
        if (!value)
            return fail(parameter.title, value.error());
        if (*value)
            params[parameter.name] = std::move(**value);
        else if (parameter.name == "hosts")
            params[parameter.name] = Json::array(); // no host is a choice too
    }
    return params;
}

} // namespace sallyport::ui::policy
