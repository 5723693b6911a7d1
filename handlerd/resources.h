#pragma once

#include <string_view>

namespace sallyport::handlerd {

// The text of a script that was built into the program ("runtime", "streams", …); empty for a
// name that there is not.
[[nodiscard]] std::string_view resource(std::string_view name);

} // namespace sallyport::handlerd
