#pragma once

namespace sallyport::ui::terminal {

// Makes every TerminalView readable by assistive technology as a text (role Terminal): what is
// visible, a line each, with the cursor and the selection. Registers itself once.
void installTerminalAccessibility();

} // namespace sallyport::ui::terminal
