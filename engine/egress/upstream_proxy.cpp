#include "engine/egress/upstream_proxy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace sallyport::egress {

namespace {

// An answer to CONNECT holds a few fields and is not for us.
constexpr std::size_t MostAnswerBytes = 16 * 1024;
constexpr std::size_t MostSocksText = 255;
constexpr int UsualHttpPort = 3128;
constexpr int UsualSocksPort = 1080;

std::string percentDecoded(std::string_view text)
{
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned byte = 0;
        if (text[at] == '%' && at + 2 < text.size() &&
            std::from_chars(&text[at + 1], &text[at + 1] + 2, byte, 16).ptr == &text[at + 1] + 2) {
            out += static_cast<char>(byte);
            at += 2;
        } else {
            out += text[at];
        }
    }
    return out;
}

Error broken(const Stream& stream, const ProxyServer& proxy)
{
    if (stream.isTimedOut())
        return {Error::Code::TimedOut, proxy.text() + " does not answer in time"};
    const std::string& why = stream.failure();
    return {Error::Code::Unavailable,
            fmt::format("{} closed the connection{}", proxy.text(), why.empty() ? "" : ": " + why)};
}

// Reads until `isWhole`, or more than `most`. What is read too far stays in `in`.
template <typename IsWhole>
asio::awaitable<Status> readUntil(Stream& stream,
                                  const ProxyServer& proxy,
                                  std::string& in,
                                  std::size_t most,
                                  std::chrono::milliseconds limit,
                                  IsWhole isWhole)
{
    const auto end = Stream::Clock::now() + limit;
    char block[2048];
    while (!isWhole(in)) {
        if (in.size() > most)
            co_return fail(Error::Code::TooLarge, proxy.text() + " answers without an end");
        std::size_t count = 0;
        const Stream::Io io = stream.tryRead(block, sizeof block, count);
        if (io == Stream::Io::Done) {
            in.append(block, count);
            continue;
        }
        if (io != Stream::Io::Blocked)
            co_return tl::unexpected(broken(stream, proxy));
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Stream::Clock::now());
        const bool ready =
            co_await stream.waitReadable(std::max(left, std::chrono::milliseconds(1)));
        if (!ready)
            co_return tl::unexpected(broken(stream, proxy));
    }
    co_return Status();
}

std::string basicAuthorization(const ProxyServer& proxy)
{
    return "Basic " + text::toBase64(proxy.user + ":" + proxy.password);
}

std::string httpProblem(const ProxyServer& proxy, const std::string& target, int status)
{
    if (status == 407)
        return authenticationProblem(proxy.text(), !proxy.user.empty());
    return fmt::format("{} does not lead to {}: it answers {} to CONNECT", proxy.text(), target,
                       status);
}

asio::awaitable<Status> connectHttp(Stream& stream,
                                    const ProxyServer& proxy,
                                    const policy::Host& host,
                                    int port,
                                    std::chrono::milliseconds limit)
{
    const std::string target = fmt::format("{}:{}", host.urlText(), port);
    std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!proxy.user.empty())
        request += "Proxy-Authorization: " + basicAuthorization(proxy) + "\r\n";
    request += "\r\n";
    const bool sent = co_await stream.writeAll(request, limit);
    if (!sent)
        co_return tl::unexpected(broken(stream, proxy));
    std::string in;
    for (;;) {
        constexpr std::string_view End = "\r\n\r\n";
        const Status whole = co_await readUntil(
            stream, proxy, in, MostAnswerBytes, limit,
            [&](const std::string& got) { return got.find(End) != std::string::npos; });
        if (!whole)
            co_return whole;
        int status = 0;
        const bool isHttp = in.starts_with("HTTP/1.") && in.size() > 12 && in[8] == ' ';
        if (isHttp)
            std::from_chars(&in[9], &in[9] + 3, status);
        if (status < 100)
            co_return fail(Error::Code::Invalid, proxy.text() + " does not speak HTTP");
        in.erase(0, in.find(End) + End.size());
        if (status < 200)
            continue;
        if (status > 299)
            co_return fail(Error::Code::Refused, httpProblem(proxy, target, status));
        stream.unread(in); // the server spoke already
        co_return Status();
    }
}

const char* socksProblem(unsigned char code)
{
    static constexpr std::array Texts{
        "a general failure",          "its rules forbid it",
        "the network is unreachable", "the host is unreachable",
        "the connection was refused", "the time to live expired",
        "it knows no such command",   "it knows no such kind of address"};
    return code >= 1 && code <= Texts.size() ? Texts[code - 1] : "it does not say why";
}

std::string socksTarget(const policy::Host& host, int port)
{
    std::string wire("\x05\x01\x00", 3);
    if (host.isLiteral()) {
        const auto bytes = host.address->bytes();
        wire += host.address->isV4() ? '\x01' : '\x04';
        wire.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
        wire += '\x03';
        wire += static_cast<char>(host.name.size()); // at most 253
        wire += host.name;
    }
    wire += static_cast<char>(port >> 8);
    wire += static_cast<char>(port & 0xff);
    return wire;
}

// The length of the answer to a request, by its first bytes; unset while they are too few.
std::optional<std::size_t> socksAnswerBytes(const std::string& in)
{
    if (in.size() < 5)
        return std::nullopt;
    switch (in[3]) {
    case 1:
        return 10;
    case 4:
        return 22;
    default:
        return std::size_t{7} + static_cast<unsigned char>(in[4]);
    }
}

asio::awaitable<Status> connectSocks(Stream& stream,
                                     const ProxyServer& proxy,
                                     const policy::Host& host,
                                     int port,
                                     std::chrono::milliseconds limit)
{
    const bool hasUser = !proxy.user.empty();
    std::string in;
    const auto exchange = [&](std::string out, auto isWhole) -> asio::awaitable<Status> {
        const bool sent = co_await stream.writeAll(out, limit);
        if (!sent)
            co_return tl::unexpected(broken(stream, proxy));
        co_return co_await readUntil(stream, proxy, in, MostAnswerBytes, limit, isWhole);
    };
    const auto twoBytes = [](const std::string& got) { return got.size() >= 2; };
    Status done = co_await exchange(
        hasUser ? std::string("\x05\x02\x00\x02", 4) : std::string("\x05\x01\x00", 3), twoBytes);
    if (!done)
        co_return done;
    if (in[0] != 5)
        co_return fail(Error::Code::Invalid, proxy.text() + " does not speak SOCKS5");
    const char method = in[1];
    in.erase(0, 2);
    if (method == 2 && hasUser) {
        std::string login("\x01");
        for (const std::string* part : {&proxy.user, &proxy.password}) {
            login += static_cast<char>(part->size());
            login += *part;
        }
        done = co_await exchange(std::move(login), twoBytes);
        if (!done)
            co_return done;
        if (in[1] != 0)
            co_return fail(Error::Code::Refused, proxy.text() + " does not take the user " +
                                                     proxy.user + " with this password");
        in.erase(0, 2);
    } else if (method != 0) {
        co_return fail(Error::Code::Refused,
                       proxy.text() + " wants a user and a password, or a way to log in that is "
                                      "not known here");
    }
    done = co_await exchange(socksTarget(host, port), [](const std::string& got) {
        const auto size = socksAnswerBytes(got);
        return (got.size() >= 2 && got[1] != 0) || (size && got.size() >= *size);
    });
    if (!done)
        co_return done;
    if (in[1] != 0)
        co_return fail(Error::Code::Refused,
                       fmt::format("{} does not lead to {}:{}: {}", proxy.text(), host.urlText(),
                                   port, socksProblem(static_cast<unsigned char>(in[1]))));
    stream.unread(std::string_view(in).substr(*socksAnswerBytes(in)));
    co_return Status();
}

} // namespace

std::string ProxyServer::text() const
{
    return fmt::format("{}://{}:{}", kind == Kind::Http ? "http" : "socks5h", host.urlText(), port);
}

Result<ProxyServer> parseProxy(std::string_view text)
{
    ProxyServer proxy;
    std::string_view rest = text;
    if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
        const std::string name = text::toLower(rest.substr(0, scheme));
        rest.remove_prefix(scheme + 3);
        if (name == "socks5" || name == "socks5h")
            proxy.kind = ProxyServer::Kind::Socks5;
        else if (name != "http")
            return fail(Error::Code::Invalid,
                        "a proxy begins with http:// or socks5h://, not with " +
                            text::escapeControls(text::elide(name, 20)) + "://");
    }
    rest = rest.substr(0, rest.find('/'));
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        const std::string_view login = rest.substr(0, at);
        const std::size_t colon = login.find(':');
        proxy.user = percentDecoded(login.substr(0, colon));
        if (colon != std::string_view::npos)
            proxy.password = percentDecoded(login.substr(colon + 1));
        rest.remove_prefix(at + 1);
    }
    if (proxy.user.size() > MostSocksText || proxy.password.size() > MostSocksText)
        return fail(Error::Code::Invalid, "the proxy's user or password is longer than 255 bytes");
    if (proxy.kind == ProxyServer::Kind::Http && proxy.user.find(':') != std::string::npos)
        return fail(Error::Code::Invalid, "the proxy's user holds a colon");
    const auto authority = policy::parseAuthority(rest);
    if (!authority)
        return fail("the proxy", authority.error());
    proxy.host = authority->host;
    proxy.port = authority->port.value_or(proxy.kind == ProxyServer::Kind::Http ? UsualHttpPort
                                                                                : UsualSocksPort);
    return proxy;
}

Result<DirectHost> DirectHost::parse(std::string_view text)
{
    std::string_view name = text;
    if (name.starts_with("*."))
        name.remove_prefix(2);
    else if (name.starts_with("."))
        name.remove_prefix(1);
    auto exact = policy::Pattern::parse(name);
    if (!exact)
        return tl::unexpected<Error>(exact.error());
    DirectHost direct;
    if (exact->kind() == policy::Pattern::Kind::Name) {
        auto below = policy::Pattern::parse("*." + std::string(name));
        if (!below)
            return tl::unexpected<Error>(below.error());
        direct.m_patterns.push_back(std::move(*below));
    }
    direct.m_patterns.push_back(std::move(*exact));
    return direct;
}

bool DirectHost::matches(const policy::Host& host, int port) const
{
    return std::any_of(m_patterns.begin(), m_patterns.end(),
                       [&](const auto& pattern) { return pattern.matches(host, port); });
}

bool ProxyPlan::applies(const policy::Host& host, int port) const
{
    if (!server && problem.empty())
        return false;
    static const policy::Pattern Loopback4 = *policy::Pattern::parse("127.0.0.0/8");
    static const policy::Pattern Loopback6 = *policy::Pattern::parse("::1");
    if (Loopback4.matches(host, port) || Loopback6.matches(host, port))
        return false;
    return std::none_of(direct.begin(), direct.end(),
                        [&](const DirectHost& each) { return each.matches(host, port); });
}

bool isPrivateName(const policy::Host& host)
{
    if (host.isLiteral())
        return false;
    const std::size_t dot = host.name.rfind('.');
    if (dot == std::string::npos)
        return true;
    static constexpr std::array Tops{"localhost", "local", "localdomain", "internal", "intranet",
                                     "private",   "corp",  "home",        "lan"};
    const std::string_view top = std::string_view(host.name).substr(dot + 1);
    return std::find(Tops.begin(), Tops.end(), top) != Tops.end() ||
           host.name.ends_with(".home.arpa");
}

ForwardedBy forwardedBy(const ProxyServer& proxy, const policy::Host& host, int port)
{
    ForwardedBy by;
    by.proxy = proxy.text();
    by.origin = "http://" + host.urlText();
    if (port != 80)
        by.origin += ":" + std::to_string(port);
    if (!proxy.user.empty())
        by.authorization = basicAuthorization(proxy);
    return by;
}

std::string authenticationProblem(std::string_view proxy, bool hasUser)
{
    return hasUser ? fmt::format("{} does not take this user with this password (407)", proxy)
                   : fmt::format("{} wants a user and a password (407): see proxy.url and "
                                 "proxy.credential in the settings",
                                 proxy);
}

asio::awaitable<Status> leadThrough(Stream& stream,
                                    const ProxyServer& proxy,
                                    const policy::Host& host,
                                    int port,
                                    std::chrono::milliseconds limit)
{
    if (proxy.kind == ProxyServer::Kind::Socks5)
        return connectSocks(stream, proxy, host, port, limit);
    return connectHttp(stream, proxy, host, port, limit);
}

} // namespace sallyport::egress
