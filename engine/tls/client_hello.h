#pragma once

// Reads a ClientHello (RFC 8446 4.1.2, RFC 6066) from the first bytes of a connection, before any
// TLS library sees them: to know the name that the client wants. Pure; never reads past the end.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sallyport::tls {

// Of all bytes looked at, record headers included.
inline constexpr std::size_t MostClientHelloBytes = 16 * 1024;

struct ClientHello
{
    std::string sni;                     // as sent, unchecked; empty without the extension
    std::vector<std::string> alpn;       // as offered, at most 32
    std::vector<std::uint16_t> versions; // supported_versions, or the legacy version alone
    bool hasEch = false;                 // encrypted_client_hello, of any kind; browsers send a
                                         // meaningless one as well (GREASE)
    bool hasQuic = false;                // quic_transport_parameters

    [[nodiscard]] bool offers(std::string_view protocol) const;
    // 0x0304 is TLS 1.3.
    [[nodiscard]] bool offersVersion(std::uint16_t version) const;
};

enum class HelloState
{
    NeedMore, // a good beginning; call again with more bytes
    Invalid,  // not TLS, or malformed, or past the limit
    Complete,
};

struct HelloResult
{
    HelloState state = HelloState::NeedMore;
    ClientHello hello;   // for Complete
    bool isTls = false;  // the first bytes are those of a TLS handshake record
    std::string problem; // for Invalid
};

// `bytes` are all bytes of the connection so far. The message may be split over records and the
// records over calls.
[[nodiscard]] HelloResult parseClientHello(std::span<const std::uint8_t> bytes);

// A fatal TLS alert record for a client whose hello is refused, before a handshake:
// unrecognized_name (112), decode_error (50), access_denied (49), …
[[nodiscard]] std::vector<std::uint8_t> alertRecord(std::uint8_t description);

} // namespace sallyport::tls
