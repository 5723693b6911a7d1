#include "engine/egress/dns_service.h"

#include <array>

#include <boost/asio/post.hpp>

#include "engine/dns/resolver.h"
#include "engine/egress/datagram.h"
#include "engine/egress/log_row.h"

namespace sallyport::egress {

namespace {

constexpr int QueriesATurn = 32;

// A query that could be a way out by its shape is worth a row; names that do not exist are not.
void logRefused(SandboxDoor& door, const dns::Reply& reply)
{
    if (reply.rcode != dns::Rcode::FormErr && reply.rcode != dns::Rcode::Refused)
        return;
    if (!door.refusedQueries.allows(Deadlines::Clock::now()))
        return;
    LogRow log(door);
    log.row().protocol = log.row().scheme = "dns";
    log.row().method = dns::typeName(reply.type);
    log.row().host = reply.name;
    log.row().port = 53;
    log.refused(api::Step::Protocol, reply.note, 0);
}

void watch(SandboxDoor& door, const dns::Reply& reply)
{
    const DoorLimits& limits = door.context->limits;
    const auto alarm = door.queries.query(
        reply.name, {limits.dnsAlarmQueries, limits.dnsAlarmNames}, nowUnixMillis());
    if (!alarm)
        return;
    LogRow log(door);
    log.row().protocol = log.row().scheme = "dns";
    log.row().method = dns::typeName(reply.type);
    log.row().host = alarm->domain.empty() ? reply.name : alarm->domain;
    log.row().port = 53;
    log.refused(api::Step::Protocol, alarm->reason, 0);
}

dns::Reply answerFor(SandboxDoor& door, std::string_view query, dns::Transport transport)
{
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(query.data()), query.size());
    dns::Reply reply = dns::answer(bytes, transport, *door.pool, {});
    logRefused(door, reply);
    watch(door, reply);
    return reply;
}

} // namespace

asio::awaitable<void> serveDnsDatagrams(std::shared_ptr<SandboxDoor> door,
                                        std::shared_ptr<asio::posix::stream_descriptor> socket)
{
    std::array<char, 4096> buffer;
    while (socket->is_open()) {
        const auto [error] = co_await socket->async_wait(asio::posix::stream_descriptor::wait_read,
                                                         asio::as_tuple(asio::use_awaitable));
        if (error || !socket->is_open())
            co_return;
        for (int count = 0; count < QueriesATurn; ++count) {
            const auto datagram = receiveDatagram(socket->native_handle(), buffer);
            if (!datagram)
                break;
            if (datagram->truncated)
                continue;
            const dns::Reply reply =
                answerFor(*door, {buffer.data(), datagram->size}, dns::Transport::Udp);
            if (!reply.bytes.empty())
                sendDatagram(socket->native_handle(), *datagram, reply.bytes);
        }
        // A flood of queries leaves room for the rest.
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
}

asio::awaitable<void> serveDnsStream(SandboxDoor& door, Stream& stream)
{
    const DoorLimits& limits = door.context->limits;
    std::string in;
    for (;;) {
        char block[1024];
        std::size_t count = 0;
        const Stream::Io io = stream.tryRead(block, sizeof block, count);
        if (io == Stream::Io::Blocked) {
            const bool ready = co_await stream.waitReadable(in.empty() ? limits.idle : limits.head);
            if (!ready)
                break;
            continue;
        }
        if (io != Stream::Io::Done)
            break;
        in.append(block, count);
        while (in.size() >= 2) {
            const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(in[0]))
                                         << 8U |
                                     static_cast<unsigned char>(in[1]);
            if (size > limits.dnsQueryBytes) {
                stream.resetNow();
                co_return;
            }
            if (in.size() < size + 2)
                break;
            const dns::Reply reply =
                answerFor(door, std::string_view(in).substr(2, size), dns::Transport::Tcp);
            in.erase(0, size + 2);
            if (reply.bytes.empty() || reply.bytes.size() > 0xffff)
                continue;
            std::string out{static_cast<char>(reply.bytes.size() >> 8U),
                            static_cast<char>(reply.bytes.size() & 0xffU)};
            out.append(reply.bytes.begin(), reply.bytes.end());
            const bool sent = co_await stream.writeAll(out, limits.idle);
            if (!sent)
                break;
        }
    }
    stream.closeNow();
}

} // namespace sallyport::egress
