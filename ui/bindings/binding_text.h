#pragma once

#include <vector>

#include <QString>

#include "engine/api/bindings.h"

namespace sallyport::ui::bindings {

using Sandboxes = std::vector<api::Sandbox>;

[[nodiscard]] QString kindText(api::BindingKind kind); // "Namespace"
[[nodiscard]] QString kindIcon(api::BindingKind kind);
// "12 keys, 3.4 kB of 1 GiB", "127.0.0.1:11434", "web:8000"
[[nodiscard]] QString holdsText(const api::Binding& binding, const Sandboxes& sandboxes);
// "agent-1, build", "All"; what nobody may use has a dash.
[[nodiscard]] QString usersText(const api::Binding& binding, const Sandboxes& sandboxes);
// Where a program in a sandbox finds it.
[[nodiscard]] QString addressText(const api::Binding& binding);

[[nodiscard]] QString userText(const api::BindingUse& use, const Sandboxes& sandboxes);
[[nodiscard]] QString accessText(const api::Binding& binding, const api::BindingUse& use);
[[nodiscard]] QString reachText(const api::BindingUse& use);

} // namespace sallyport::ui::bindings
