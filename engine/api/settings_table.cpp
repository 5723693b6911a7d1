#include "engine/api/settings.h"

#include <algorithm>
#include <array>

namespace sallyport::api {
namespace {

constexpr std::int64_t KiB = 1024;
constexpr std::int64_t MiB = 1024 * KiB;
constexpr std::int64_t GiB = 1024 * MiB;
constexpr std::int64_t Second = 1000;
constexpr std::int64_t Minute = 60 * Second;
constexpr std::int64_t Hour = 60 * Minute;
constexpr std::int64_t Day = 24 * Hour;

constexpr auto Engine = SettingReach::Engine;
constexpr auto Sandbox = SettingReach::Sandbox;
using enum SettingType;

constexpr std::array Groups = {
    std::pair<std::string_view, std::string_view>{"approval", "Questions"},
    std::pair<std::string_view, std::string_view>{"budget", "Budgets"},
    std::pair<std::string_view, std::string_view>{"proxy", "Upstream proxy"},
    std::pair<std::string_view, std::string_view>{"tls", "Certificates"},
    std::pair<std::string_view, std::string_view>{"door", "The door"},
    std::pair<std::string_view, std::string_view>{"handler", "Handlers in JavaScript"},
};

// Name, title, type, reach, default, least, most, reason.
constexpr std::array Table = {
    SettingInfo{"approval.holdTime", "A request is held for", Time, Sandbox, 25 * Second, Second,
                Hour,
                "Common clients give up between 15 and 60 s; a request that is told to retry is "
                "better off than one that was hung up on."},
    SettingInfo{"approval.inboxTime", "A question stays open for", Time, Engine, Day, Minute,
                30 * Day, "Who was away for a night still finds what was asked."},
    SettingInfo{"approval.onceTime", "An answer \"once\" waits for its retry for", Time, Engine,
                10 * Minute, 10 * Second, Day,
                "The retry of a build comes within minutes; a right that lies about longer is "
                "forgotten."},
    SettingInfo{"approval.questions", "Open questions of a sandbox", Count, Sandbox, 32, 1, 1000,
                "More than anybody reads. Past it requests are denied, so that a guest can't bury "
                "a question among others."},
    SettingInfo{
        "approval.questionsPerMinute", "New questions of a sandbox in a minute", Count, Sandbox, 60,
        1, 10000,
        "A new project asks for a dozen hosts at once. A guest that asks for ever new hosts "
        "and hangs up would else make a stream of dialogs."},

    SettingInfo{"budget.requests", "Requests of a sandbox in the time below", Count, Sandbox, 0, 0,
                1'000'000'000, "0: any number. What is right depends on the work, so none is set."},
    SettingInfo{"budget.bytes", "Bytes of a sandbox, both ways, in the time below", Bytes, Sandbox,
                0, 0, 1024 * GiB,
                "0: any number. A transfer that uses it up is cut within a quarter of a second."},
    SettingInfo{"budget.window", "The time of both", Time, Sandbox, Hour, Second, 31 * Day,
                "It begins with the first request, and anew when it is over."},
    SettingInfo{
        "budget.hosts", "Budgets of hosts", List, Sandbox, 0, 0, 0,
        "One a line: HOST 100 requests per 1h, or HOST 10MiB per 1d. HOST is a pattern as in "
        "rules; all that it matches share the budget."},
    SettingInfo{
        "budget.over", "A request over a budget", Choice, Sandbox, 0, 0, 0,
        "It is refused with 429, or a person is asked; an answer is for what was asked, and "
        "raises no budget.",
        "deny", "deny|ask"},
    SettingInfo{"budget.uploadBytes", "Largest body of a request", Bytes, Sandbox, 0, 0, 1024 * GiB,
                "0: any. Larger ones get 413; one without a length is cut where it passes this."},

    SettingInfo{
        "proxy.url", "Upstream proxy", Text, Engine, 0, 0, 0,
        "http://[USER@]HOST:PORT (by CONNECT, for every port) or socks5h://HOST:PORT. "
        "\"environment\" takes it from https_proxy, all_proxy or http_proxy of the engine, as "
        "other programs do; empty is none. While the proxy can't be used nothing passes.",
        "environment"},
    SettingInfo{"proxy.direct", "Hosts reached without it", List, Engine, 0, 0, 0,
                "example.com with all below it, addresses, ranges, each with :PORT; besides "
                "no_proxy of the environment. Private names have to stand here: a proxy resolves "
                "names where their addresses can't be checked."},
    SettingInfo{"proxy.credential", "Credential for it", Text, Engine, 0, 0, 0,
                "The name of a credential in the vault whose value is USER:PASSWORD. Passwords do "
                "not stand in settings."},
    SettingInfo{"tls.authorities", "Certificate authorities of single hosts", LongText, Engine, 0,
                0, 0,
                "Lines of host patterns, each followed by certificates (PEM) that are trusted for "
                "these hosts besides the system's: a company's authority need not be trusted for "
                "the whole world."},

    // Heads
    SettingInfo{"door.headBytes", "Largest head of a request or an answer", Bytes, Engine, 64 * KiB,
                8 * KiB, MiB, "Common servers stop at 8 to 32 KiB."},
    SettingInfo{"door.headFields", "Fields of a head", Count, Engine, 256, 32, 4096,
                "Browsers send about 20; more than 256 is an attack on hash tables."},
    SettingInfo{"door.interimHeads", "Interim answers (1xx) to a request", Count, Engine, 32, 1,
                1000,
                "More than a few early hints is an upstream that keeps a request open for "
                "nothing."},
    SettingInfo{"door.trailerBytes", "Trailers and chunk extensions of a body", Bytes, Engine,
                16 * KiB, KiB, MiB, "A checksum and a status (gRPC) need a few hundred bytes."},

    // HTTP/2
    SettingInfo{"door.guestStreamWindow", "A guest may send ahead on an HTTP/2 stream", Bytes,
                Engine, 64 * KiB, 16 * KiB, 16 * MiB,
                "The round trip to a guest is short, so a small window is no brake, and it bounds "
                "what a stalled upstream leaves in memory."},
    SettingInfo{"door.guestConnectionWindow", "… on all streams of a connection", Bytes, Engine,
                MiB, 64 * KiB, 64 * MiB, "Bounds the memory of one connection."},
    SettingInfo{"door.upstreamStreamWindow", "An upstream may send ahead on an HTTP/2 stream",
                Bytes, Engine, 256 * KiB, 64 * KiB, 64 * MiB,
                "Larger than a guest's, since its round trip is long."},
    SettingInfo{"door.upstreamConnectionWindow", "… on all streams of a connection", Bytes, Engine,
                2 * MiB, 64 * KiB, 256 * MiB, "Bounds the memory of one connection."},
    SettingInfo{"door.streams", "Streams of an HTTP/2 connection at a time", Count, Engine, 100, 1,
                1000, "RFC 9113 asks for at least 100."},
    SettingInfo{"door.uselessFrames", "HTTP/2 frames that move nothing, at once", Count, Engine,
                400, 50, 100000,
                "Resets, pings, settings, empty data: a client that breaks off a page of 100 "
                "streams makes a burst; a flood (rapid reset) does not end."},
    SettingInfo{"door.uselessFramesPerSecond", "… and more each second", Count, Engine, 100, 10,
                100000, "Far more than keep-alive pings, far fewer than a flood needs."},

    // Counts
    SettingInfo{"door.connections", "Connections of a sandbox at a time", Count, Sandbox, 1024, 1,
                65536,
                "A browser or a package manager opens tens, a load test hundreds. More are "
                "reset."},
    SettingInfo{"door.idlePerHost", "Idle connections kept to a host", Count, Engine, 64, 0, 4096,
                "A client that opens 64 connections at once finds them again."},
    SettingInfo{"door.idlePerSandbox", "Idle connections kept of a sandbox", Count, Engine, 256, 0,
                65536, "Each is a descriptor and some kilobytes."},
    SettingInfo{"door.lookups", "Names looked up at a time", Count, Engine, 512, 8, 65536,
                "Of all sandboxes; more fail at once instead of making the others wait."},
    SettingInfo{"door.addressesTried", "Addresses tried of a name", Count, Engine, 6, 1, 64,
                "Two families with a few dead servers each."},
    SettingInfo{"door.hostsRemembered", "Hosts whose protocol is remembered", Count, Engine, 4096,
                16, MiB, "So that ALPN mirrors the upstream; past it all are forgotten."},
    SettingInfo{"door.dnsQueryBytes", "Largest DNS query over TCP", Bytes, Engine, 4 * KiB, 512,
                64 * KiB, "A query needs a few hundred bytes."},
    SettingInfo{"door.dnsAlarmQueries", "DNS queries in a minute that raise an alarm", Count,
                Engine, 1200, 10, 1'000'000,
                "A browser makes some hundreds. No query leaves the machine; a row in the log says "
                "that somebody tries."},
    SettingInfo{"door.dnsAlarmNames", "Names that look like data, in a minute", Count, Engine, 20,
                1, 100'000,
                "Below one domain: content networks have a few such names, a tunnel over DNS has "
                "hundreds. They raise an alarm in the log."},

    // UDP that a rule has opened
    SettingInfo{"door.udpFlows", "UDP flows of a sandbox at once", Count, Engine, 64, 1, 4096,
                "A flow is one port of the guest and one destination. Past it datagrams are "
                "refused."},
    SettingInfo{"door.udpBytes", "Bytes of one UDP flow", Bytes, Engine, 8 * MiB, KiB, 1024 * MiB,
                "Both ways. Time and game servers need little; a way out for files does not. What "
                "is over it is cut, and refused until the flow has been idle."},
    SettingInfo{"door.udpRate", "Datagrams of a guest in a second, of one UDP flow", Count, Engine,
                200, 1, 100'000, "What is over it is dropped, as a network would."},
    SettingInfo{"door.udpIdleTime", "A UDP flow ends after silence of", Time, Engine, 30 * Second,
                Second, 10 * Minute, "Datagrams have no end of their own; an answer comes in seconds."},

    // Times
    SettingInfo{"door.serverFirst", "Silence that means a server speaks first", Time, Engine, 1500,
                100, 30 * Second,
                "An emulated guest needs most of a second from its connect to its first byte. On "
                "the ports of ssh and mail 300 ms do, on those of HTTP the client begins."},
    SettingInfo{"door.headTime", "A head arrives within", Time, Engine, 30 * Second, Second,
                10 * Minute, "Slow clients are served; one that drips a byte a minute is not."},
    SettingInfo{"door.handshakeTime", "A TLS handshake ends within", Time, Engine, 15 * Second,
                Second, 2 * Minute, "Two round trips, and an emulated guest's arithmetic."},
    SettingInfo{"door.idleTime", "A client's connection is kept idle for", Time, Engine, 2 * Minute,
                Second, Day,
                "Longer than common clients keep theirs, so that the client closes first."},
    SettingInfo{"door.stalledTime", "A transfer that moves no byte is dead after", Time, Engine,
                10 * Minute, 5 * Second, Day, "Long polls wait minutes."},
    SettingInfo{"door.tunnelIdleTime", "One direction of a tunnel is silent for at most", Time,
                Engine, 12 * Hour, Minute, 30 * Day,
                "Idle ssh sessions and database pools are silent for long, mostly one way."},
    SettingInfo{"door.resolveTime", "A name is resolved within", Time, Engine, 10 * Second, Second,
                2 * Minute, "The resolver of the system tries its servers for 5 s each."},
    SettingInfo{"door.connectTime", "An address answers within", Time, Engine, 10 * Second, Second,
                5 * Minute,
                "Clients wait 10 s and more; while other addresses are left, each has 3 s."},
    SettingInfo{"door.upstreamIdleTime", "An upstream's connection is kept idle for", Time, Engine,
                50 * Second, Second, Hour, "Most servers close at 60 to 75 s."},
    SettingInfo{"door.drainTime", "A refused upload is read on for", Time, Engine, 2 * Second, 0,
                Minute, "So that the client reads its 403 instead of a reset."},
    SettingInfo{"door.drainBytes", "… and at most", Bytes, Engine, 4 * MiB, 0, GiB,
                "Reading a whole refused upload would be work for nothing."},

    SettingInfo{"handler.processorTime", "Processor time of a handler's call", Time, Sandbox, 50, 1,
                10 * Second,
                "A handler that computes for long holds up its sandbox's other requests, and the "
                "bodies that it reads may be made to cause just that."},
    SettingInfo{"handler.wallTime", "Time of a call that waits for nothing of the engine's", Time,
                Sandbox, 30 * Second, Second, 10 * Minute,
                "A promise that never settles would hold its request for ever. Time that a fetch, "
                "you, or a body takes does not count."},
    SettingInfo{"handler.memory", "Memory of a process of handlers", Bytes, Sandbox, 64 * MiB,
                16 * MiB, GiB,
                "The process is ended past this, so that no body can fill the memory of this "
                "machine."},
    SettingInfo{"handler.fetches", "Fetches of a call", Count, Sandbox, 50, 1, 1000,
                "One request of the guest must not become a flood of others."},
    SettingInfo{"handler.bindingUses", "Uses of bindings of a call", Count, Sandbox, 1000, 1,
                100000, "Each reads or writes this machine's disk."},
    SettingInfo{"handler.credentials", "Credentials that handlers may read", List, Sandbox, 0, 0, 0,
                "One a line, by name: env.GITHUB_TOKEN of the variable, else of the name in capital "
                "letters. Only where the sandbox may use it. None without it: a handler reads what "
                "others sent, and what it knows it can use in any way."},
    SettingInfo{"handler.logLines", "Lines that a call may write", Count, Sandbox, 1000, 10, 100000,
                "A loop that writes must not drive older lines out of the log."},
    SettingInfo{"handler.callsAtOnce", "Calls at once of a sandbox", Count, Sandbox, 256, 1, 4096,
                "Requests past this are denied, so that a guest that opens many can't fill the "
                "process."},
    SettingInfo{"handler.startTime", "Time from start to a module that is loaded", Time, Sandbox,
                20 * Second, Second, 2 * Minute,
                "A module that never ends loading would hold every request."},
    SettingInfo{"handler.idleTime", "A process without calls is ended after", Time, Sandbox, Minute,
                Second, Day,
                "It holds about 5 MB; the next request starts it again in about 30 ms."},
    SettingInfo{"handler.fast", "Compile handlers to machine code", Flag, Sandbox, 0, 0, 1,
                "About twice as fast. Off, the process can have no executable memory but its "
                "program, which is one way less to break out of it."},
};

} // namespace

std::span<const SettingInfo> settingsTable()
{
    return Table;
}

const SettingInfo* findSetting(std::string_view name)
{
    const auto found = std::find_if(Table.begin(), Table.end(),
                                    [&](const SettingInfo& info) { return info.name == name; });
    return found == Table.end() ? nullptr : &*found;
}

std::span<const std::pair<std::string_view, std::string_view>> settingGroups()
{
    return Groups;
}

} // namespace sallyport::api
