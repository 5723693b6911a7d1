#include "engine/service/door_limits.h"

namespace sallyport::service
{

egress::DoorLimits doorLimits(const SettingsBook& settings)
{
    egress::DoorLimits limits;
    const auto take = [&](auto& limit, std::string_view name) {
        using Limit = std::remove_reference_t<decltype(limit)>;
        limit = Limit(static_cast<typename std::conditional_t<std::is_arithmetic_v<Limit>, Limit, std::int64_t>>(settings.number(name)));
    };
    take(limits.headBytes, "door.headBytes");
    take(limits.headFields, "door.headFields");
    take(limits.interimHeads, "door.interimHeads");
    take(limits.trailerBytes, "door.trailerBytes");
    take(limits.guestStreamWindow, "door.guestStreamWindow");
    take(limits.guestConnectionWindow, "door.guestConnectionWindow");
    take(limits.upstreamStreamWindow, "door.upstreamStreamWindow");
    take(limits.upstreamConnectionWindow, "door.upstreamConnectionWindow");
    take(limits.streamsPerConnection, "door.streams");
    take(limits.uselessFrames, "door.uselessFrames");
    take(limits.uselessFramesPerSecond, "door.uselessFramesPerSecond");
    take(limits.connectionsPerSandbox, "door.connections");
    take(limits.idlePerHost, "door.idlePerHost");
    take(limits.idlePerSandbox, "door.idlePerSandbox");
    take(limits.lookups, "door.lookups");
    take(limits.addressesTried, "door.addressesTried");
    take(limits.hostsRemembered, "door.hostsRemembered");
    take(limits.dnsQueryBytes, "door.dnsQueryBytes");
    take(limits.dnsAlarmQueries, "door.dnsAlarmQueries");
    take(limits.dnsAlarmNames, "door.dnsAlarmNames");
    take(limits.udpFlows, "door.udpFlows");
    take(limits.udpBytes, "door.udpBytes");
    take(limits.udpRate, "door.udpRate");
    take(limits.udpIdle, "door.udpIdleTime");
    take(limits.serverFirst, "door.serverFirst");
    take(limits.head, "door.headTime");
    take(limits.handshake, "door.handshakeTime");
    take(limits.idle, "door.idleTime");
    take(limits.stalled, "door.stalledTime");
    take(limits.tunnelIdle, "door.tunnelIdleTime");
    take(limits.resolve, "door.resolveTime");
    take(limits.connect, "door.connectTime");
    take(limits.upstreamIdle, "door.upstreamIdleTime");
    take(limits.drain, "door.drainTime");
    take(limits.drainBytes, "door.drainBytes");
    return limits;
}

} // namespace sallyport::service
