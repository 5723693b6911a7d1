#pragma once

// Words for what a sandbox is and does, the same everywhere.

#include <QString>

#include "engine/api/types.h"
#include "ui/theme/tones.h"

namespace sallyport::ui::sandboxes {

[[nodiscard]] QString stateWord(api::SandboxState state);
[[nodiscard]] theme::Tone stateTone(api::SandboxState state);
[[nodiscard]] bool canStart(api::SandboxState state);
[[nodiscard]] bool canStop(api::SandboxState state);

[[nodiscard]] QString sizeName(api::SizeName size);
[[nodiscard]] const api::Size& sizeOf(api::SizeName name);
// "1 GiB, 1 vCPU"
[[nodiscard]] QString sizeDetail(const api::Size& size);

// "Ask", "Deny", "Allow", and what that means in a line.
[[nodiscard]] QString defaultActionWord(api::DefaultAction action);
[[nodiscard]] QString defaultActionText(api::DefaultAction action);

// Binary units, as memory is counted: "412 MiB".
[[nodiscard]] QString memoryText(std::int64_t bytes);
// "1 h 12 min", "34 s"
[[nodiscard]] QString uptimeText(UnixMillis since, UnixMillis now);
// "Running · 1 h", as under the name in the rail.
[[nodiscard]] QString stateLine(const api::Sandbox& sandbox, UnixMillis now);
// "Standard · 4 GiB, 2 vCPUs · KVM"
[[nodiscard]] QString summaryLine(const api::Sandbox& sandbox);

} // namespace sallyport::ui::sandboxes
