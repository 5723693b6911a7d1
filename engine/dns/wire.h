#pragma once

// Reading and writing DNS messages (RFC 1035, RFC 6891). Bounded; never past the end.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/policy/address.h"

namespace sallyport::dns {

inline constexpr std::uint16_t TypeA = 1;
inline constexpr std::uint16_t TypeSoa = 6;
inline constexpr std::uint16_t TypePtr = 12;
inline constexpr std::uint16_t TypeHinfo = 13;
inline constexpr std::uint16_t TypeAaaa = 28;
inline constexpr std::uint16_t TypeOpt = 41;
inline constexpr std::uint16_t TypeIxfr = 251;
inline constexpr std::uint16_t TypeAxfr = 252;
inline constexpr std::uint16_t TypeAny = 255;
inline constexpr std::uint16_t ClassIn = 1;
inline constexpr std::uint16_t ClassAny = 255;

inline constexpr std::size_t HeaderBytes = 12;

// What the header and the sections of a query say. `problem` set: malformed, and only the header
// is to be used.
struct Query
{
    std::uint16_t id = 0;
    int opcode = 0;
    bool isReply = false;
    bool recursionDesired = false;
    bool checkingDisabled = false;
    std::vector<std::uint8_t> question; // name, type and class, as sent
    std::string name;                   // labels joined by dots, as sent; "." is the root
    bool nameHasDots = false;           // a label holds a dot or a NUL: no host name
    std::uint16_t type = 0;
    std::uint16_t klass = 0;
    bool hasEdns = false;
    int ednsVersion = 0;
    std::size_t udpPayload = 512; // what the client takes
    std::string problem;
};

// nullopt: shorter than a header.
[[nodiscard]] std::optional<Query> parseQuery(std::span<const std::uint8_t> bytes);

// Builds one reply to a query. Answers all have the name of the question.
class ReplyWriter
{
public:
    // `rcode` may need more than four bits (BADVERS); the rest goes into EDNS.
    ReplyWriter(const Query& query, unsigned rcode, bool authoritative);

    void addAddress(const policy::Address& address, std::uint32_t ttl);
    void addPointer(std::string_view name, std::uint32_t ttl);
    // RFC 8482's answer to ANY.
    void addHinfo(std::uint32_t ttl);

    // The message; where it is longer than `most`, without its answers and with TC set.
    [[nodiscard]] std::vector<std::uint8_t> finish(std::size_t most);

private:
    void put16(std::uint16_t value);
    void startAnswer(std::uint16_t type, std::uint32_t ttl, std::size_t dataBytes);
    void setCount(std::size_t at, std::uint16_t count);
    void putOpt();

    std::vector<std::uint8_t> m_bytes;
    std::size_t m_answersAt = 0;
    std::uint16_t m_answers = 0;
    bool m_hasEdns = false;
    std::uint8_t m_extendedRcode = 0;
};

} // namespace sallyport::dns
