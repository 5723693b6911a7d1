#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/guest/protocol.h"

// What the payloads of frames say. Values only. decode() takes hostile bytes: it returns false
// unless the payload is exactly one message within the bounds below, and then leaves the value in
// an unspecified state. encode() never fails; a message that is larger than MaxPayload must not be
// sent (see appendFrame).
namespace sallyport::guest {

inline constexpr std::size_t MaxArguments = 1024;
inline constexpr std::size_t MaxEnvironment = 512;
inline constexpr std::size_t MaxNameServers = 8;

struct HelloMessage
{
    std::uint32_t version = 0; // ProtocolVersion
    std::string build;         // guestd's own version
    std::string bootId;        // /proc/sys/kernel/random/boot_id
    std::string kernel;        // release
    bool configured = false;   // a Configure succeeded since boot
    std::string problem; // why the boot went wrong (no root disk, …); empty when it went well
};

struct AddressSetting
{
    std::string address; // textual; empty leaves this family alone
    std::uint8_t prefix = 0;
    std::string gateway;

    bool operator==(const AddressSetting&) const = default;
};

struct ConfigureMessage
{
    std::string hostname;
    AddressSetting ipv4;
    AddressSetting ipv6;
    std::vector<std::string> nameServers;
    std::uint32_t mtu = 0;           // 0: as it is
    std::uint64_t unixNanoseconds{}; // 0: leave the clock
    std::string entropy;             // for the kernel's generator; up to 512 bytes
    std::string certificate;         // PEM of the CA to trust; empty: none

    bool operator==(const ConfigureMessage&) const = default;
};

struct ExecMessage
{
    std::vector<std::string> arguments;                           // [0] is looked up in PATH
    std::vector<std::pair<std::string, std::string>> environment; // on top of guestd's own
    std::string directory;                                        // empty: the user's home
    std::string user;                                             // name or number; empty: root
    bool terminal = false;
    std::uint16_t columns = 80;
    std::uint16_t rows = 24;
    bool detached = false; // no streams, survives the session; the channel ends with Started

    bool operator==(const ExecMessage&) const = default;
};

struct OutcomeMessage
{
    std::uint32_t errorNumber = 0; // of the guest's system; 0: done
    std::string text;              // for a person

    bool operator==(const OutcomeMessage&) const = default;
};

struct ExitMessage
{
    bool signalled = false;
    std::uint8_t value = 0; // exit status or signal number

    bool operator==(const ExitMessage&) const = default;
};

struct StatsMessage
{
    std::uint64_t memoryTotal = 0; // bytes
    std::uint64_t memoryUsed = 0;
    std::uint64_t diskTotal = 0; // of the root file system, bytes
    std::uint64_t diskUsed = 0;
    std::uint32_t loadHundredths = 0; // one-minute load average × 100
    std::uint32_t processes = 0;
    std::uint64_t uptimeMilliseconds = 0;

    bool operator==(const StatsMessage&) const = default;
};

[[nodiscard]] std::string encode(const HelloMessage& message);
[[nodiscard]] std::string encode(const ConfigureMessage& message);
[[nodiscard]] std::string encode(const ExecMessage& message);
[[nodiscard]] std::string encode(const OutcomeMessage& message);
[[nodiscard]] std::string encode(const ExitMessage& message);
[[nodiscard]] std::string encode(const StatsMessage& message);
[[nodiscard]] std::string encodeU8(std::uint8_t value);
[[nodiscard]] std::string encodeU32(std::uint32_t value);
[[nodiscard]] std::string encodeU64(std::uint64_t value);
[[nodiscard]] std::string encodeSize(std::uint16_t columns, std::uint16_t rows);

[[nodiscard]] bool decode(std::string_view payload, HelloMessage& message);
[[nodiscard]] bool decode(std::string_view payload, ConfigureMessage& message);
[[nodiscard]] bool decode(std::string_view payload, ExecMessage& message);
[[nodiscard]] bool decode(std::string_view payload, OutcomeMessage& message);
[[nodiscard]] bool decode(std::string_view payload, ExitMessage& message);
[[nodiscard]] bool decode(std::string_view payload, StatsMessage& message);
[[nodiscard]] bool decodeU8(std::string_view payload, std::uint8_t& value);
[[nodiscard]] bool decodeU32(std::string_view payload, std::uint32_t& value);
[[nodiscard]] bool decodeU64(std::string_view payload, std::uint64_t& value);
[[nodiscard]] bool
decodeSize(std::string_view payload, std::uint16_t& columns, std::uint16_t& rows);

} // namespace sallyport::guest
