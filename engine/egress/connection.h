#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "engine/egress/origin.h"
#include "engine/egress/sandbox_door.h"
#include "engine/egress/stream.h"
#include "engine/egress/tcp_exchange.h"

namespace sallyport::egress {

// One TCP connection of a guest, from its first byte to its end: finds out what it speaks and
// serves that. Runs as one coroutine, which owns it.
class Connection
{
public:
    Connection(std::shared_ptr<SandboxDoor> door, std::unique_ptr<Stream> stream);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // `address` and `port` are where the guest meant to go.
    [[nodiscard]] asio::awaitable<void> run(policy::Address address, int port);

private:
    enum class Peeked
    {
        Ended,
        Silent, // nothing came: the server is expected to speak first
        Bytes,
    };

    // The name behind the address; false (and logged) where the pool never gave it out.
    [[nodiscard]] bool findDestination(const policy::Address& address, int port);
    // Reads on into m_first until it is known what this speaks.
    [[nodiscard]] asio::awaitable<Peeked> peek();
    [[nodiscard]] asio::awaitable<bool> readMore();

    [[nodiscard]] asio::awaitable<void> serveTls();
    // False (and answered) when the hello can't be served.
    [[nodiscard]] asio::awaitable<bool> readHello();
    [[nodiscard]] asio::awaitable<bool> openTls();
    [[nodiscard]] asio::awaitable<void> serveHttp1();
    [[nodiscard]] asio::awaitable<void> serveHttp2();
    // TLS is to pass unopened: a handler of the sandbox's says so.
    [[nodiscard]] bool isTunnel();
    [[nodiscard]] asio::awaitable<void> serveTcp(TcpExchange::Carries carries);
    [[nodiscard]] asio::awaitable<void> refuseTls(std::uint8_t alert, std::string reason);

    std::shared_ptr<SandboxDoor> m_door;
    std::unique_ptr<Stream> m_stream;
    Origin m_origin;
    std::string m_first;  // read while finding out, not yet given back
    std::string m_pinned; // the name that keeps its address while we live
};

} // namespace sallyport::egress
