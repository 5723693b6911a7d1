#pragma once

#include <functional>
#include <optional>

#include <QString>
#include <QStringList>

#include "engine/api/types.h"

namespace sallyport::ui::egress {

// What the filter field says: typed tokens and plain words, all of which must hold.
//   host:example.com method:post verdict:deny status:403 state:failed sandbox:agent-1 login
struct Filter
{
    api::RowFilter wire; // as the engine is asked; may match more than this filter
    QString host;        // lower case; contained in the host
    QStringList words;   // lower case; each contained in host or path
    QString problem;     // what could not be read; the rest still holds

    // Exactly what the field and the toggles say.
    [[nodiscard]] bool matches(const api::Row& row) const;
    [[nodiscard]] bool isEverything() const;
};

// `sandboxNamed` resolves a name or a number.
[[nodiscard]] Filter
parseFilter(const QString& text,
            const std::function<std::optional<api::SandboxId>(const QString&)>& sandboxNamed);

// Completions of the word before the cursor: tokens, then the values of a token.
[[nodiscard]] QStringList completionsFor(const QString& word, const QStringList& sandboxNames);

// "host:example.com", quoted where it holds a space.
[[nodiscard]] QString tokenText(const QString& name, const QString& value);

} // namespace sallyport::ui::egress
