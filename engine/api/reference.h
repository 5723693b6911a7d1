#pragma once

#include <string>

namespace sallyport::api {

// docs/api.md, made from methods.h and fields.h.
[[nodiscard]] std::string reference();

} // namespace sallyport::api
