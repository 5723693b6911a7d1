#pragma once

#include <map>
#include <optional>
#include <string>

#include <QStringList>
#include <QWidget>

#include "engine/api/json.h"
#include "engine/api/types.h"

class QFormLayout;

namespace sallyport::ui::policy {

// The fields for the parameters of one handler: a form made from what the engine says of a built-in
// one, or a field for JSON where nothing is known of them.
class ParamsForm : public QWidget
{
    Q_OBJECT

public:
    explicit ParamsForm(QWidget* parent = nullptr);

    // Null: a handler of a module. `params` is a JSON text.
    void setHandler(const api::BuiltIn* known, const std::string& params);
    // What can be chosen for the parameters namespace, bucket and service: names of bindings.
    // Others can be typed.
    void setBindings(const std::map<std::string, QStringList>& names);
    // What the fields say; the error names the field. Whether the handler takes it, the engine
    // says.
    [[nodiscard]] Result<api::Json> params() const;

signals:
    void changed();

private:
    [[nodiscard]] QString withMnemonic(const QString& title);
    void addField(const api::HandlerParameter& parameter, const api::Json& value);
    [[nodiscard]] QWidget* makeField(const api::HandlerParameter& parameter,
                                     const api::Json& value);

    void fillNames(QWidget* field, const std::string& parameter) const;

    QFormLayout* m_form;
    std::optional<api::BuiltIn> m_known;
    std::map<std::string, QWidget*> m_fields;   // by parameter
    std::map<std::string, QStringList> m_names; // of bindings, by parameter
    QString m_taken;                            // letters of mnemonics
};

} // namespace sallyport::ui::policy
