#pragma once

#include <string>

namespace sallyport::api {

// docs/api.md, made from methods.h and fields.h.
[[nodiscard]] std::string reference();
// docs/settings.md, made from settings_table.cpp.
[[nodiscard]] std::string settingsReference();

} // namespace sallyport::api
