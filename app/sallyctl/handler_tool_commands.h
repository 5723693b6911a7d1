#pragma once

namespace CLI {
class App;
}

namespace sallyport::ctl {

class Context;

// try: of the command `handler`.
void addHandlerToolCommands(CLI::App& handler, Context& context);

} // namespace sallyport::ctl
