#include "engine/jail/supervisor/fake_guest.h"

#include <array>

#include <poll.h>
#include <unistd.h>

#include "engine/jail/control_channel.h"

namespace sallyport::jail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t FirstSequence = 1000;
constexpr milliseconds SynInterval{200};

} // namespace

FakeGuest::FakeGuest(UniqueFd queue, Tap tap)
    : m_queue(std::move(queue))
    , m_tap(std::move(tap))
{
}

Flow FakeGuest::flowTo(const std::string& destination,
                       std::uint16_t port,
                       std::uint16_t sourcePort) const
{
    const bool six = destination.find(':') != std::string::npos;
    return {m_tap.guestMac, m_tap.gatewayMac, six ? m_tap.guest6 : m_tap.guest4,
            destination,    sourcePort,       port};
}

bool FakeGuest::send(const std::string& frame)
{
    return ::write(m_queue.get(), frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

std::optional<std::string> FakeGuest::receive(milliseconds time) const
{
    if (!jail::waitFor(m_queue.get(), POLLIN, time))
        return std::nullopt;
    std::array<char, 65536> buffer{};
    const ssize_t size = ::read(m_queue.get(), buffer.data(), buffer.size());
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

std::optional<SeenFrame> FakeGuest::waitFor(const Matches& matches, milliseconds time)
{
    const auto end = steady_clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        if (left.count() < 0)
            return std::nullopt;
        const auto frame = receive(left);
        if (!frame)
            return std::nullopt;
        if (const auto seen = parseFrame(*frame); seen && matches(*seen))
            return seen;
    }
}

std::optional<FakeGuest::Opened> FakeGuest::open(const Flow& flow, milliseconds time)
{
    const auto isAnswer = [&](const SeenFrame& seen) {
        return seen.protocol == ProtocolTcp && seen.source == flow.destination &&
               seen.sourcePort == flow.destinationPort && seen.destinationPort == flow.sourcePort &&
               (seen.tcpFlags & TcpSyn) != 0;
    };
    // As a guest would: again after a while, since a link that has just come up loses frames.
    std::optional<SeenFrame> answer;
    const auto end = steady_clock::now() + time;
    while (!answer && steady_clock::now() < end) {
        send(tcpFrame(flow, TcpSyn, FirstSequence, 0));
        answer = waitFor(isAnswer, SynInterval);
    }
    if (!answer || answer->acknowledged != FirstSequence + 1)
        return std::nullopt;
    const Opened opened{flow, FirstSequence + 1, answer->sequence + 1};
    send(tcpFrame(flow, TcpAck, opened.sequence, opened.acknowledged));
    return opened;
}

} // namespace sallyport::jail
