// A door for load: listens on loopback as if guests had been caught there, decides by a real
// policy, and writes the real log. Started and measured by door_bench.py; its bounds are the
// defaults but for the number of connections.
//
//   door_bench FOLDER ROOTS RULES ADDRESS NAME:PORT...
//
// Each NAME:PORT is caught on ADDRESS:PORT and found upstream on 127.0.0.1:PORT. Writes
// FOLDER/ca.pem, then "ready" to the standard output, and ends at the end of its input.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "engine/base/clock.h"
#include "engine/egress/door.h"
#include "engine/log/egress_log.h"
#include "engine/policy/ladder.h"

using namespace sallyport;
namespace asio = boost::asio;

namespace {

constexpr api::SandboxId Sandbox = 1;

class BenchKeeper final : public egress::Gatekeeper
{
public:
    BenchKeeper(log::EgressLog& log, std::shared_ptr<const policy::Snapshot> policy)
        : m_log(log)
        , m_policy(std::move(policy))
    {
    }

    policy::Decision decide(api::SandboxId, const policy::Request& request) override
    {
        return policy::decide(*m_policy, request, nowUnixMillis());
    }
    policy::Decision peek(api::SandboxId, const policy::Request& request) override
    {
        return policy::decide(*m_policy, request, nowUnixMillis());
    }
    asio::awaitable<egress::AskOutcome>
    ask(api::SandboxId, const policy::Request&, const policy::Decision&, api::RowId) override
    {
        co_return egress::AskOutcome{egress::AskOutcome::Kind::Denied, {}, "nobody is asked here"};
    }
    policy::Decision checkAddress(api::SandboxId, const policy::Address&, int) override
    {
        policy::Decision decision; // loopback stands for the internet
        decision.verdict = policy::Verdict::Allow;
        return decision;
    }
    api::RowId addRow(const api::Row& row) override
    {
        static_cast<void>(m_log.isFirstTime(row.sandbox, row.host));
        return m_log.add(row);
    }
    void updateRow(api::RowDetail detail) override { m_log.update(std::move(detail)); }
    void addHandlerLine(const api::HandlerLine&) override {}

private:
    log::EgressLog& m_log;
    std::shared_ptr<const policy::Snapshot> m_policy;
};

[[noreturn]] void die(const std::string& what)
{
    std::fprintf(stderr, "door_bench: %s\n", what.c_str());
    std::exit(1);
}

// The first rule allows what is measured; the others are there to be looked through.
std::shared_ptr<const policy::Snapshot> makePolicy(int count)
{
    std::vector<api::Rule> rules(static_cast<std::size_t>(count) + 1);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        rules[i].id = static_cast<api::RuleId>(i) + 1;
        rules[i].action = api::Action::Allow;
        rules[i].match.host = i == 0 ? "origin.test" : "h" + std::to_string(i) + ".example.com";
    }
    return policy::Snapshot::build({}, rules, {}, nowUnixMillis());
}

UniqueFd listenOn(const char* address, int port)
{
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        ::bind(listener.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) < 0 ||
        ::listen(listener.get(), 4096) < 0)
        die(std::string("can't listen on ") + address + ':' + std::to_string(port));
    return listener;
}

asio::awaitable<void> accept(asio::io_context& context,
                             UniqueFd listener,
                             egress::Door& door,
                             policy::Address address,
                             int port)
{
    asio::posix::stream_descriptor descriptor(context, listener.release());
    for (;;) {
        co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                       asio::use_awaitable);
        UniqueFd socket(::accept4(descriptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
        if (socket.isOpen())
            static_cast<void>(door.serve(Sandbox, std::move(socket), address, port));
    }
}

asio::awaitable<void> untilInputEnds(asio::io_context& context)
{
    asio::posix::stream_descriptor input(context, ::dup(STDIN_FILENO));
    co_await input.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    context.stop();
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 6)
        die("usage: door_bench FOLDER ROOTS RULES ADDRESS NAME:PORT...");
    std::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    const std::string folder = argv[1];
    auto store = store::Store::open(folder + "/sallyport.db");
    if (!store)
        die(store.error().text);
    auto log = log::EgressLog::open(**store);
    if (!log)
        die(log.error().text);

    asio::io_context context(1);
    BenchKeeper keeper(**log, makePolicy(std::atoi(argv[3])));
    egress::DoorLimits limits;
    limits.connectionsPerSandbox = 20'000;
    egress::UpstreamOptions upstream;
    upstream.trust.systemTrust = false;
    upstream.trust.extraRootsFile = argv[2];
    upstream.lookup = [](const std::string&) -> Result<std::vector<policy::Address>> {
        return std::vector<policy::Address>(1, policy::Address::v4(127, 0, 0, 1));
    };
    auto door = egress::Door::create(context, keeper, limits, upstream);
    if (!door)
        die(door.error().text);
    auto authority = tls::CertificateAuthority::create("bench", nowUnixMillis());
    if (!authority)
        die(authority.error().text);
    std::ofstream(folder + "/ca.pem") << authority->caPem();
    const auto shared = std::make_shared<const tls::CertificateAuthority>(std::move(*authority));
    const auto pool = std::make_shared<dns::AddressPool>();
    if (const auto opened = (*door)->open(Sandbox, "bench", {}, shared, pool); !opened)
        die(opened.error().text);
    for (int i = 5; i < argc; ++i) {
        const std::string target = argv[i];
        const std::size_t colon = target.find(':');
        const int port = std::atoi(target.c_str() + colon + 1);
        const auto name = pool->assign(target.substr(0, colon));
        if (colon == std::string::npos || !name)
            die("not NAME:PORT: " + target);
        asio::co_spawn(context, accept(context, listenOn(argv[4], port), **door, name->v4, port),
                       asio::detached);
    }
    asio::co_spawn(context, untilInputEnds(context), asio::detached);
    std::puts("ready");
    std::fflush(stdout);
    context.run();
    return 0;
}
