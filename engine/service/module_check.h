#pragma once

#include "engine/handler/module.h"
#include "engine/service/handler_book.h"

namespace sallyport::service
{

// What the runtime found in a module, in the book's words: what it puts on the ladder, and what is wrong with its patterns.
[[nodiscard]] CheckedModule checkedModule(const handler::Checked& checked);

} // namespace sallyport::service
