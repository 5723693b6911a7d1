#include "guestd/java_trust.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guestd/environment.h"
#include "guestd/files.h"
#include "guestd/log.h"

namespace sallyport::guestd {

namespace {

constexpr std::size_t MostBundleBytes = 4 * 1024 * 1024;

// Directories whose entries are JDKs: distributions, Oracle's and Amazon's packages, tarballs,
// SDKMAN, IntelliJ. `~` is each user's home.
constexpr std::string_view Parents[] = {
    "/usr/lib/jvm", "/usr/lib64/jvm", "/usr/java", "/opt", "/opt/java", "~/.sdkman/candidates/java",
    "~/.jdks",
};

// SHA-1 (RFC 3174) is the format's own checksum, not a safeguard.
class Sha1
{
public:
    void add(std::string_view bytes)
    {
        for (const char byte : bytes) {
            m_block[m_used++] = static_cast<std::uint8_t>(byte);
            if (m_used == m_block.size())
                turn();
        }
        m_total += bytes.size();
    }

    [[nodiscard]] std::string finish()
    {
        const std::uint64_t bits = m_total * 8;
        add(std::string_view("\x80", 1));
        while (m_used != 56)
            add(std::string_view("\0", 1));
        for (int shift = 56; shift >= 0; shift -= 8)
            m_block[m_used++] = static_cast<std::uint8_t>(bits >> static_cast<unsigned>(shift));
        turn();
        std::string digest;
        for (const std::uint32_t word : m_state)
            for (int shift = 24; shift >= 0; shift -= 8)
                digest += static_cast<char>(word >> static_cast<unsigned>(shift));
        return digest;
    }

private:
    static std::uint32_t rotate(std::uint32_t value, unsigned by)
    {
        return value << by | value >> (32 - by);
    }

    void turn()
    {
        std::array<std::uint32_t, 80> w{};
        for (std::size_t i = 0; i < 16; ++i)
            w[i] = static_cast<std::uint32_t>(m_block[i * 4]) << 24U |
                   static_cast<std::uint32_t>(m_block[i * 4 + 1]) << 16U |
                   static_cast<std::uint32_t>(m_block[i * 4 + 2]) << 8U | m_block[i * 4 + 3];
        for (std::size_t i = 16; i < 80; ++i)
            w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        auto [a, b, c, d, e] = m_state;
        for (std::size_t i = 0; i < 80; ++i) {
            std::uint32_t f = 0;
            std::uint32_t k = 0;
            if (i < 20) {
                f = (b & c) | (~b & d);
                k = 0x5a827999;
            } else if (i < 40 || i >= 60) {
                f = b ^ c ^ d;
                k = i < 40 ? 0x6ed9eba1 : 0xca62c1d6;
            } else {
                f = (b & c) | (b & d) | (c & d);
                k = 0x8f1bbcdc;
            }
            const std::uint32_t next = rotate(a, 5) + f + e + k + w[i];
            e = d;
            d = c;
            c = rotate(b, 30);
            b = a;
            a = next;
        }
        m_state[0] += a;
        m_state[1] += b;
        m_state[2] += c;
        m_state[3] += d;
        m_state[4] += e;
        m_used = 0;
    }

    std::array<std::uint32_t, 5> m_state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                         0xc3d2e1f0};
    std::array<std::uint8_t, 64> m_block{};
    std::size_t m_used = 0;
    std::uint64_t m_total = 0;
};

int base64Value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::string decodeBase64(std::string_view text)
{
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const int value = base64Value(c);
        if (value < 0)
            continue;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> held);
        }
    }
    return bytes;
}

void addNumber(std::string& out, std::uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; --i)
        out += static_cast<char>(value >> static_cast<unsigned>(i * 8));
}

void addText(std::string& out, std::string_view text)
{
    addNumber(out, text.size(), 2);
    out += text;
}

bool isDirectory(const std::string& path)
{
    struct stat info
    {
    };
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

template <typename Visit> void eachEntry(const std::string& directory, const Visit& visit)
{
    DIR* const entries = ::opendir(directory.c_str());
    if (entries == nullptr)
        return;
    while (const dirent* entry = ::readdir(entries))
        if (entry->d_name[0] != '.')
            visit(directory + '/' + entry->d_name);
    ::closedir(entries);
}

// Of JDKs that have a store; links lead to one that is seen by its own name.
template <typename Visit> void eachStoreDirectory(const Visit& visit)
{
    const auto look = [&visit](const std::string& home) {
        if (!isDirectory(home))
            return;
        for (const std::string_view below : {"/lib/security", "/jre/lib/security"}) {
            const std::string directory = home + std::string(below);
            if (fileExists(directory + "/cacerts"))
                visit(directory);
        }
    };
    for (const std::string_view parent : Parents) {
        if (parent.front() != '~') {
            eachEntry(std::string(parent), look);
            continue;
        }
        const std::string below(parent.substr(1));
        eachEntry("/root" + below, look);
        eachEntry("/home", [&](const std::string& home) { eachEntry(home + below, look); });
    }
}

} // namespace

std::string javaKeyStore(std::string_view pem)
{
    constexpr std::string_view Begin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view End = "-----END CERTIFICATE-----";
    std::string entries;
    std::uint32_t count = 0;
    std::size_t at = 0;
    while ((at = pem.find(Begin, at)) != std::string_view::npos) {
        at += Begin.size();
        const std::size_t end = pem.find(End, at);
        if (end == std::string_view::npos)
            break;
        const std::string der = decodeBase64(pem.substr(at, end - at));
        at = end + End.size();
        if (der.empty())
            continue;
        ++count;
        std::string alias = "sallyport-";
        for (int shift = 12; shift >= 0; shift -= 4)
            alias += "0123456789abcdef"[count >> static_cast<unsigned>(shift) & 15U];
        addNumber(entries, 2, 4); // a trusted certificate
        addText(entries, alias);
        addNumber(entries, 0, 8); // made at
        addText(entries, "X.509");
        addNumber(entries, der.size(), 4);
        entries += der;
    }
    std::string store;
    addNumber(store, 0xfeedfeed, 4);
    addNumber(store, 2, 4);
    addNumber(store, count, 4);
    store += entries;
    Sha1 digest;
    for (const char c : std::string_view("changeit"))
        digest.add(std::string{'\0', c}); // UTF-16
    digest.add("Mighty Aphrodite");
    digest.add(store);
    return store + digest.finish();
}

void installJavaTrust(std::string_view pem, bool changed)
{
    std::string store;
    eachStoreDirectory([&](const std::string& directory) {
        const std::string path = directory + "/jssecacerts";
        if (pem.empty()) {
            ::unlink(path.c_str());
            return;
        }
        if (!changed && fileExists(path))
            return;
        if (store.empty())
            store = javaKeyStore(pem);
        if (!replaceFile(path, store, 0644))
            log(LogLevel::Warning, errnoText("cannot write " + path, errno));
    });
}

void updateJavaTrust()
{
    bool missing = false;
    eachStoreDirectory([&missing](const std::string& directory) {
        missing = missing || !fileExists(directory + "/jssecacerts");
    });
    if (missing)
        installJavaTrust(readFile(std::string(BundleFile), MostBundleBytes), false);
}

} // namespace sallyport::guestd
