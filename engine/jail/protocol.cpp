#include "engine/jail/protocol.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace sallyport::jail {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<Verb, std::string_view>, 17> Names = {{
    {Verb::Hello, "hello"},
    {Verb::AddTap, "addTap"},
    {Verb::RemoveTap, "removeTap"},
    {Verb::Sockets, "sockets"},
    {Verb::OpenUdp, "openUdp"},
    {Verb::CloseUdp, "closeUdp"},
    {Verb::RefuseUdp, "refuseUdp"},
    {Verb::KeepSecret, "keepSecret"},
    {Verb::FetchSecret, "fetchSecret"},
    {Verb::ForgetSecret, "forgetSecret"},
    {Verb::Connect, "connect"},
    {Verb::SelfTest, "selfTest"},
    {Verb::Counters, "counters"},
    {Verb::DomainProcess, "domainProcess"},
    {Verb::OpenTap, "openTap"},
    {Verb::RestartLibvirtd, "restartLibvirtd"},
    {Verb::Quit, "quit"},
}};

constexpr std::array AllCodes = {
    Error::Code::Invalid, Error::Code::NotFound,    Error::Code::Exists,   Error::Code::Conflict,
    Error::Code::Refused, Error::Code::Unavailable, Error::Code::TimedOut, Error::Code::TooLarge,
    Error::Code::Io,      Error::Code::Internal,
};

struct Split
{
    json head;
    std::string_view bytes;
};

Result<Split> splitPacket(std::string_view packet)
{
    const std::size_t end = packet.find('\n');
    if (packet.size() > MaxPacketBytes || end == std::string_view::npos)
        return fail(Error::Code::Invalid, "malformed packet on the jail's control socket");
    json head = json::parse(packet.substr(0, end), nullptr, false);
    if (!head.is_object())
        return fail(Error::Code::Invalid, "the control packet holds no JSON object");
    return Split{std::move(head), packet.substr(end + 1)};
}

// An unsigned member within [0, most]; absent is 0.
Result<std::uint64_t> numberMember(const json& head, const char* name, std::uint64_t most)
{
    const auto member = head.find(name);
    if (member == head.end())
        return 0;
    if (!member->is_number_unsigned() || member->get<std::uint64_t>() > most)
        return fail(Error::Code::Invalid, std::string("bad ") + name + " in a control packet");
    return member->get<std::uint64_t>();
}

Result<std::string> stringMember(const json& head, const char* name)
{
    const auto member = head.find(name);
    if (member == head.end())
        return std::string();
    if (!member->is_string())
        return fail(Error::Code::Invalid, std::string("bad ") + name + " in a control packet");
    return member->get<std::string>();
}

std::string joinPacket(const json& head, std::string_view bytes)
{
    std::string packet = head.dump(-1, ' ', false, json::error_handler_t::replace);
    packet += '\n';
    packet += bytes;
    return packet;
}

} // namespace

std::string_view verbName(Verb verb)
{
    const auto* found =
        std::find_if(Names.begin(), Names.end(), [verb](const auto& n) { return n.first == verb; });
    return found == Names.end() ? "unknown" : found->second;
}

std::string encodeRequest(const Request& request)
{
    json head = {{"verb", verbName(request.verb)}, {"number", request.number}};
    if (request.port != 0)
        head["port"] = request.port;
    if (!request.domain.empty())
        head["domain"] = request.domain;
    return joinPacket(head, request.bytes);
}

Result<Request> decodeRequest(std::string_view packet)
{
    const auto split = splitPacket(packet);
    if (!split)
        return tl::unexpected(split.error());
    const auto verb = stringMember(split->head, "verb");
    const auto number =
        numberMember(split->head, "number", std::numeric_limits<std::uint32_t>::max());
    const auto port = numberMember(split->head, "port", std::numeric_limits<std::uint16_t>::max());
    auto domain = stringMember(split->head, "domain");
    if (!verb)
        return tl::unexpected(verb.error());
    if (!domain)
        return tl::unexpected(domain.error());
    for (const auto* value : {&number, &port})
        if (!*value)
            return tl::unexpected(value->error());
    const auto* found =
        std::find_if(Names.begin(), Names.end(), [&](const auto& n) { return n.second == *verb; });
    if (found == Names.end())
        return fail(Error::Code::Invalid, "unknown verb on the jail's control socket: " + *verb);
    return Request{found->first, static_cast<unsigned>(*number), static_cast<std::uint16_t>(*port),
                   std::move(*domain), split->bytes};
}

std::string encodeReply(const json& body, std::string_view bytes)
{
    json head = body.is_object() ? body : json::object();
    head["ok"] = true;
    return joinPacket(head, bytes);
}

std::string encodeFailure(const Error& error)
{
    return joinPacket({{"error", codeName(error.code)}, {"text", error.text}}, {});
}

Result<Reply> decodeReply(std::string_view packet)
{
    auto split = splitPacket(packet);
    if (!split)
        return tl::unexpected(split.error());
    if (split->head.value("ok", json()) == true)
        return Reply{std::move(split->head), split->bytes};
    const auto code = stringMember(split->head, "error");
    const auto text = stringMember(split->head, "text");
    if (!code || !text)
        return fail(Error::Code::Internal, "the jail's supervisor sent a malformed failure");
    const auto* found = std::find_if(AllCodes.begin(), AllCodes.end(),
                                     [&](Error::Code c) { return codeName(c) == *code; });
    return fail(found == AllCodes.end() ? Error::Code::Internal : *found, *text);
}

} // namespace sallyport::jail
