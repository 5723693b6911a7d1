#include "engine/tls/client_hello.h"

#include <algorithm>
#include <optional>

namespace sallyport::tls {
namespace {

constexpr std::uint8_t RecordHandshake = 22;
constexpr std::uint8_t RecordAlert = 21;
constexpr std::size_t RecordHeaderBytes = 5;
constexpr std::size_t MostRecordBytes = 16384;
constexpr std::size_t MostSniBytes = 255;
constexpr std::size_t MostAlpn = 32;
constexpr std::size_t MostVersions = 64;

constexpr std::uint16_t ExtensionServerName = 0;
constexpr std::uint16_t ExtensionAlpn = 16;
constexpr std::uint16_t ExtensionVersions = 43;
constexpr std::uint16_t ExtensionQuic = 57;
constexpr std::uint16_t ExtensionEch = 0xfe0d;

// Takes big-endian numbers and length-prefixed parts from the front; past the end it fails.
class Reader
{
public:
    explicit Reader(std::span<const std::uint8_t> bytes)
        : m_bytes(bytes)
    {
    }
    [[nodiscard]] bool isEmpty() const { return m_bytes.empty(); }
    [[nodiscard]] bool hasFailed() const { return m_failed; }

    std::size_t number(std::size_t size)
    {
        const auto bytes = take(size);
        std::size_t value = 0;
        for (const std::uint8_t byte : bytes)
            value = (value << 8U) | byte;
        return value;
    }
    std::uint16_t take16() { return static_cast<std::uint16_t>(number(2)); }
    std::span<const std::uint8_t> take(std::size_t size)
    {
        if (size > m_bytes.size()) {
            m_failed = true;
            m_bytes = {};
            return {};
        }
        const auto part = m_bytes.first(size);
        m_bytes = m_bytes.subspan(size);
        return part;
    }
    // A part with its length before it, in `size` bytes.
    Reader part(std::size_t size)
    {
        const std::size_t length = number(size);
        Reader inner(take(length));
        return inner;
    }

private:
    std::span<const std::uint8_t> m_bytes;
    bool m_failed = false;
};

std::string textOf(std::span<const std::uint8_t> bytes)
{
    return {bytes.begin(), bytes.end()};
}

// Each returns false on malformed input.
bool readServerName(Reader extension, ClientHello& hello)
{
    Reader list = extension.part(2);
    if (extension.hasFailed() || !extension.isEmpty() || list.isEmpty())
        return false;
    while (!list.isEmpty()) {
        const std::size_t type = list.number(1);
        const auto name = list.take(list.number(2));
        if (list.hasFailed())
            return false;
        if (type != 0)
            continue; // no other type was ever defined
        if (name.empty() || name.size() > MostSniBytes || !hello.sni.empty())
            return false;
        hello.sni = textOf(name);
    }
    return true;
}

bool readAlpn(Reader extension, ClientHello& hello)
{
    Reader list = extension.part(2);
    if (extension.hasFailed() || !extension.isEmpty() || list.isEmpty())
        return false;
    while (!list.isEmpty()) {
        const auto name = list.take(list.number(1));
        if (list.hasFailed() || name.empty())
            return false;
        if (hello.alpn.size() < MostAlpn)
            hello.alpn.push_back(textOf(name));
    }
    return true;
}

bool readVersions(Reader extension, ClientHello& hello)
{
    Reader list = extension.part(1);
    if (extension.hasFailed() || !extension.isEmpty() || list.isEmpty())
        return false;
    hello.versions.clear();
    while (!list.isEmpty()) {
        const std::uint16_t version = list.take16();
        if (list.hasFailed())
            return false;
        if (hello.versions.size() < MostVersions)
            hello.versions.push_back(version);
    }
    return true;
}

// Why the extensions are malformed, or "".
std::string_view readExtensions(Reader extensions, ClientHello& hello)
{
    std::vector<std::uint16_t> seen;
    while (!extensions.isEmpty()) {
        const std::uint16_t type = extensions.take16();
        const Reader extension = extensions.part(2);
        if (extensions.hasFailed())
            return "an extension ends early";
        seen.push_back(type);
        if (type == ExtensionServerName && !readServerName(extension, hello))
            return "malformed server_name";
        if (type == ExtensionAlpn && !readAlpn(extension, hello))
            return "malformed ALPN";
        if (type == ExtensionVersions && !readVersions(extension, hello))
            return "malformed supported_versions";
        hello.hasEch = hello.hasEch || type == ExtensionEch;
        hello.hasQuic = hello.hasQuic || type == ExtensionQuic;
    }
    std::sort(seen.begin(), seen.end());
    if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
        return "an extension is there twice";
    return {};
}

std::string_view readHello(Reader body, ClientHello& hello)
{
    const std::uint16_t legacyVersion = body.take16();
    body.take(32); // random
    const std::size_t sessionIdBytes = body.number(1);
    body.take(sessionIdBytes);
    const std::size_t cipherBytes = body.number(2);
    body.take(cipherBytes);
    const std::size_t compressionBytes = body.number(1);
    body.take(compressionBytes);
    if (body.hasFailed())
        return "the ClientHello ends early";
    if (legacyVersion < 0x0300 || sessionIdBytes > 32 || cipherBytes < 2 || cipherBytes % 2 != 0 ||
        compressionBytes < 1)
        return "a field of the ClientHello is out of bounds";
    hello.versions = {legacyVersion};
    if (body.isEmpty())
        return {}; // TLS 1.2 and before may leave the extensions out
    const Reader extensions = body.part(2);
    if (body.hasFailed() || !body.isEmpty())
        return "the extensions have a wrong length";
    return readExtensions(extensions, hello);
}

// The handshake bytes of the records so far, without their headers.
struct Records
{
    std::vector<std::uint8_t> handshake;
    std::string_view problem;
    bool isTls = false;
};

Records joinRecords(std::span<const std::uint8_t> bytes)
{
    Records records;
    while (!bytes.empty()) {
        if (bytes[0] != RecordHandshake || (bytes.size() > 1 && bytes[1] != 3)) {
            records.problem = records.isTls ? "a record of another type inside of the ClientHello"
                                            : "not a TLS handshake";
            return records;
        }
        records.isTls = records.isTls || bytes.size() > 1;
        if (bytes.size() < RecordHeaderBytes)
            return records;
        const std::size_t size = (static_cast<std::size_t>(bytes[3]) << 8U) | bytes[4];
        if (size == 0 || size > MostRecordBytes) {
            records.problem = "a record of an impossible length";
            return records;
        }
        bytes = bytes.subspan(RecordHeaderBytes);
        const auto part = bytes.first(std::min(size, bytes.size()));
        records.handshake.insert(records.handshake.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
        // What lies behind the ClientHello is none of ours.
        if (records.handshake.size() >= 4) {
            const std::size_t whole =
                4 + ((static_cast<std::size_t>(records.handshake[1]) << 16U) |
                     (static_cast<std::size_t>(records.handshake[2]) << 8U) | records.handshake[3]);
            if (records.handshake.size() >= whole)
                return records;
        }
    }
    return records;
}

} // namespace

bool ClientHello::offers(std::string_view protocol) const
{
    return std::find(alpn.begin(), alpn.end(), protocol) != alpn.end();
}

bool ClientHello::offersVersion(std::uint16_t version) const
{
    return std::find(versions.begin(), versions.end(), version) != versions.end();
}

HelloResult parseClientHello(std::span<const std::uint8_t> bytes)
{
    HelloResult result;
    const auto invalid = [&result](std::string_view problem) {
        result.state = HelloState::Invalid;
        result.problem = problem;
        return result;
    };
    const Records records = joinRecords(bytes.first(std::min(bytes.size(), MostClientHelloBytes)));
    result.isTls = records.isTls;
    if (!records.problem.empty())
        return invalid(records.problem);
    const bool isFull = bytes.size() >= MostClientHelloBytes;
    const auto& handshake = records.handshake;
    if (!handshake.empty() && handshake[0] != 1)
        return invalid("the handshake does not begin with a ClientHello");
    if (handshake.size() < 4)
        return isFull ? invalid("the ClientHello is too long") : result;
    const std::size_t size = (static_cast<std::size_t>(handshake[1]) << 16U) |
                             (static_cast<std::size_t>(handshake[2]) << 8U) | handshake[3];
    if (size > MostClientHelloBytes)
        return invalid("the ClientHello is too long");
    if (handshake.size() < 4 + size)
        return isFull ? invalid("the ClientHello is too long") : result;
    const std::string_view problem =
        readHello(Reader(std::span(handshake).subspan(4, size)), result.hello);
    if (!problem.empty())
        return invalid(problem);
    result.state = HelloState::Complete;
    return result;
}

std::vector<std::uint8_t> alertRecord(std::uint8_t description)
{
    constexpr std::uint8_t Fatal = 2;
    return {RecordAlert, 3, 3, 0, 2, Fatal, description};
}

} // namespace sallyport::tls
