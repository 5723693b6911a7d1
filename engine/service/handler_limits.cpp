#include "engine/service/handler_limits.h"

#include <chrono>

namespace sallyport::service {

handler::HandlerLimits handlerLimits(const SettingsBook& settings, api::SandboxId sandbox)
{
    handler::HandlerLimits limits;
    const auto number = [&](std::string_view name) { return settings.number(name, sandbox); };
    const auto seconds = [&](std::string_view name) { return std::chrono::seconds(number(name) / 1000); };
    limits.processorTime = std::chrono::milliseconds(number("handler.processorTime"));
    limits.wallTime = seconds("handler.wallTime");
    limits.memoryBytes = static_cast<std::size_t>(number("handler.memory"));
    limits.fetches = static_cast<int>(number("handler.fetches"));
    limits.bindingUses = static_cast<int>(number("handler.bindingUses"));
    limits.consoleLines = static_cast<int>(number("handler.logLines"));
    limits.callsAtOnce = static_cast<std::size_t>(number("handler.callsAtOnce"));
    limits.start = seconds("handler.startTime");
    limits.idle = seconds("handler.idleTime");
    limits.isFast = settings.flag("handler.fast", sandbox);
    return limits;
}

} // namespace sallyport::service
