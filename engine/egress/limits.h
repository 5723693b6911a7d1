#pragma once

// Every bound of the door, with its default and the reason for it. A guest is hostile: whatever it
// can make grow has a line here.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sallyport::egress {

struct DoorLimits
{
    // -- HTTP heads
    // The largest head of a request or an answer. Common servers stop at 8 to 32 KiB.
    std::size_t headBytes = 64 * 1024;
    // Fields of one head. Browsers send about 20; more than 256 is an attack on hash tables.
    std::size_t headFields = 256;
    // Interim answers (1xx) to one request. More than a few early hints is an upstream that keeps a
    // request open for nothing.
    std::size_t interimHeads = 32;
    // Trailer fields and chunk extensions of one body, together.
    std::size_t trailerBytes = 16 * 1024;

    // -- Memory of one transfer
    // One read from a socket; also what an HTTP/1 body holds in memory per direction.
    std::size_t bufferBytes = 16 * 1024;
    // Unsent bytes of one direction past which its source is not read any more.
    std::size_t outputBytes = 64 * 1024;
    // What a guest may send ahead on one HTTP/2 stream (its receive window with us).
    std::uint32_t guestStreamWindow = 64 * 1024;
    // … and on all streams of a connection together.
    std::uint32_t guestConnectionWindow = 1024 * 1024;
    // What an HTTP/2 upstream may send ahead on one stream: larger, since its round trip is long.
    std::uint32_t upstreamStreamWindow = 256 * 1024;
    std::uint32_t upstreamConnectionWindow = 2 * 1024 * 1024;
    // Concurrent streams of one HTTP/2 connection of a guest (RFC 9113 asks for at least 100).
    std::uint32_t streamsPerConnection = 100;
    // HTTP/2 frames that cost work and move nothing (resets, pings, settings, empty data): a burst,
    // and how many more each second, before the peer is taken for a flood ("rapid reset").
    double uselessFrames = 400;
    double uselessFramesPerSecond = 100;

    // -- Counts
    // Connections of one sandbox at a time. Past it new ones are reset.
    std::size_t connectionsPerSandbox = 1024;
    // Idle upstream connections kept for one host, and for a whole sandbox.
    std::size_t idlePerHost = 64;
    std::size_t idlePerSandbox = 256;
    // Names that are being resolved at one time, for all sandboxes.
    std::size_t lookups = 512;
    // Addresses of one name that are tried.
    std::size_t addressesTried = 6;
    // Hosts whose protocol is remembered, so that ALPN mirrors the upstream.
    std::size_t hostsRemembered = 4096;
    // A DNS message over TCP, and DNS connections count as connections above. RFC 1035: two bytes
    // of length; a query needs far less.
    std::size_t dnsQueryBytes = 4096;
    // Queries of a sandbox in a minute, and names among them that look like data, below one domain,
    // that raise an alarm in the log.
    std::size_t dnsAlarmQueries = 1200;
    std::size_t dnsAlarmNames = 20;

    // -- UDP that a rule has opened
    std::size_t udpFlows = 64;                // of a sandbox at a time
    std::uint64_t udpBytes = 8 * 1024 * 1024; // of one flow, both ways
    std::size_t udpRate = 200;                // datagrams of a guest in a second, of one flow
    std::chrono::milliseconds udpIdle{30'000};

    // -- Times
    // Silence after which a connection without a first byte is taken for a protocol whose server
    // speaks first. An emulated guest needs most of a second from its connect to its first byte.
    // On the usual ports of HTTP the client speaks first, and has the time of a head for it.
    std::chrono::milliseconds serverFirst{1500};
    // From the first byte of a TLS ClientHello, or of a head, to its end.
    std::chrono::milliseconds head{30'000};
    std::chrono::milliseconds handshake{15'000};
    // Between requests of a kept connection.
    std::chrono::milliseconds idle{120'000};
    // A transfer that moves no byte in this time is dead. Long polls wait minutes.
    std::chrono::milliseconds stalled{600'000};
    // One direction of a tunnel without a byte. Idle SSH sessions and database pools are silent
    // for long, mostly in one direction; a file transfer in the other must not end by this.
    std::chrono::milliseconds tunnelIdle = std::chrono::hours(12);
    std::chrono::milliseconds resolve{10'000};
    // One address, TCP and TLS each.
    std::chrono::milliseconds connect{10'000};
    // Idle upstream connections are closed after this: most servers close at 60 to 75 s.
    std::chrono::milliseconds upstreamIdle{50'000};
    // A refused upload is read on and dropped for so long and so many bytes, so that the client
    // reads its 403 instead of a reset.
    std::chrono::milliseconds drain{2'000};
    std::uint64_t drainBytes = 4 * 1024 * 1024;
};

} // namespace sallyport::egress
