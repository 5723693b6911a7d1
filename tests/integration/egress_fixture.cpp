#include "egress_fixture.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <future>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QFile>
#include <QTest>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sallyport::test {

namespace asio = boost::asio;

namespace {

UniqueFd listenOnLoopback(int& port)
{
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) < 0 ||
        ::listen(listener.get(), 1024) < 0)
        qFatal("no listener on loopback");
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return listener;
}

int freePort()
{
    int port = 0;
    const UniqueFd listener = listenOnLoopback(port);
    return port;
}

void run(const QString& program, const QStringList& arguments)
{
    QProcess process;
    useFork(process);
    process.start(program, arguments);
    if (!process.waitForFinished() || process.exitCode() != 0)
        qFatal("%s: %s", qPrintable(program), process.readAllStandardError().constData());
}

// Reads one request to the end of its body, then answers.
void swallowUpload(int socket)
{
    std::string head = readUntil(socket, "\r\n\r\n");
    if (head.find("\r\n\r\n") == std::string::npos)
        return; // dialled, and given up
    const std::size_t start = head.find("\r\n\r\n") + 4;
    const std::size_t length = head.find("Content-Length: ");
    std::size_t left = length == std::string::npos
                           ? SIZE_MAX
                           : std::stoul(head.substr(length + 16)) - (head.size() - start);
    std::string tail = head.substr(start);
    std::vector<char> block(65536);
    while (left > 0 && !tail.ends_with("0\r\n\r\n")) {
        const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
        if (got <= 0)
            return;
        left -= std::min(left, static_cast<std::size_t>(got));
        tail.append(block.data(), static_cast<std::size_t>(got));
        tail.erase(0, tail.size() - std::min<std::size_t>(tail.size(), 8));
    }
    sendAll(socket, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nstored\n");
}

void writeFile(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
        qFatal("can't write %s", qPrintable(path));
}

} // namespace

void useFork(QProcess& process)
{
    process.setChildProcessModifier([] {});
}

policy::Decision verdict(policy::Verdict value, api::Step step, std::string reason)
{
    policy::Decision decision;
    decision.verdict = value;
    decision.step = step;
    decision.reason = std::move(reason);
    return decision;
}

void ScriptedGatekeeper::setDecide(Decide decide)
{
    const std::lock_guard lock(m_mutex);
    m_decide = std::move(decide);
    m_policy = nullptr;
}

void ScriptedGatekeeper::setPolicy(std::shared_ptr<const policy::Snapshot> policy)
{
    const std::lock_guard lock(m_mutex);
    m_policy = std::move(policy);
}

std::vector<api::HandlerLine> ScriptedGatekeeper::handlerLines() const
{
    const std::lock_guard lock(m_mutex);
    return m_handlerLines;
}

void ScriptedGatekeeper::allowAll()
{
    setDecide([](const policy::Request&) { return verdict(policy::Verdict::Allow); });
}

void ScriptedGatekeeper::answer(const egress::AskOutcome& outcome)
{
    asio::post(m_context, [this, outcome] {
        for (const auto& question : m_questions) {
            question->outcome = outcome;
            question->timer.cancel();
        }
        m_questions.clear();
    });
}

std::vector<api::RowDetail> ScriptedGatekeeper::rows() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<api::RowDetail> all;
    for (const auto& [id, row] : m_rows)
        all.push_back(row);
    return all;
}

api::RowDetail ScriptedGatekeeper::lastRow() const
{
    // A client has its answer a moment before the row says so.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
        {
            const std::lock_guard lock(m_mutex);
            const bool isRunning =
                !m_rows.empty() && m_rows.rbegin()->second.row.state == api::RowState::Open;
            if (!isRunning || std::chrono::steady_clock::now() > end)
                return m_rows.empty() ? api::RowDetail{} : m_rows.rbegin()->second;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void ScriptedGatekeeper::forgetRows()
{
    const std::lock_guard lock(m_mutex);
    m_rows.clear();
    m_handlerLines.clear();
}

policy::Decision ScriptedGatekeeper::decide(api::SandboxId, const policy::Request& request)
{
    const std::lock_guard lock(m_mutex);
    if (m_policy)
        return policy::decide(*m_policy, request, nowUnixMillis());
    return m_decide ? m_decide(request) : verdict(policy::Verdict::Allow);
}

policy::Decision ScriptedGatekeeper::peek(api::SandboxId sandbox, const policy::Request& request)
{
    {
        // Scripts speak of requests.
        const std::lock_guard lock(m_mutex);
        if (!m_policy && request.isConnection)
            return verdict(policy::Verdict::Deny);
    }
    return decide(sandbox, request);
}

asio::awaitable<egress::AskOutcome>
ScriptedGatekeeper::ask(api::SandboxId, const policy::Request&, const policy::Decision&, api::RowId)
{
    const auto question = std::make_shared<Question>(m_context);
    m_questions.push_back(question);
    ++m_open;
    question->timer.expires_after(m_budget.load());
    co_await question->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    --m_open;
    std::erase(m_questions, question);
    egress::AskOutcome outcome;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        ++m_withdrawn;
    else if (question->outcome)
        outcome = *question->outcome;
    co_return outcome;
}

policy::Decision
ScriptedGatekeeper::checkAddress(api::SandboxId, const policy::Address& address, int)
{
    return m_refuseAddresses
               ? verdict(policy::Verdict::Deny, api::Step::Floor, address.text() + " is private")
               : verdict(policy::Verdict::Allow);
}

void ScriptedGatekeeper::setKit(std::shared_ptr<const secret::Kit> kit)
{
    const std::lock_guard lock(m_mutex);
    m_kit = std::move(kit);
    m_alarms.clear();
}

std::vector<api::CredentialAlarm> ScriptedGatekeeper::alarms() const
{
    const std::lock_guard lock(m_mutex);
    return m_alarms;
}

std::shared_ptr<const secret::Kit> ScriptedGatekeeper::credentials(api::SandboxId)
{
    const std::lock_guard lock(m_mutex);
    return m_kit;
}

void ScriptedGatekeeper::alarm(api::CredentialAlarm alarm)
{
    const std::lock_guard lock(m_mutex);
    m_alarms.push_back(std::move(alarm));
}

api::RowId ScriptedGatekeeper::addRow(const api::Row& row)
{
    static std::atomic<api::RowId> next{1};
    const std::lock_guard lock(m_mutex);
    const api::RowId id = next++;
    m_rows[id].row = row;
    m_rows[id].row.id = id;
    return id;
}

void ScriptedGatekeeper::updateRow(api::RowDetail detail)
{
    const std::lock_guard lock(m_mutex);
    if (m_rows.contains(detail.row.id))
        m_rows[detail.row.id] = detail;
}

void ScriptedGatekeeper::addHandlerLine(const api::HandlerLine& line)
{
    const std::lock_guard lock(m_mutex);
    m_handlerLines.push_back(line);
}

ScriptedServer::ScriptedServer(Script script)
    : m_listener(listenOnLoopback(m_port))
    , m_thread([this, script = std::move(script)] {
        std::vector<std::thread> threads;
        for (;;) {
            UniqueFd socket(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket.isOpen())
                break;
            ++m_connections;
            threads.emplace_back(
                [script, socket = std::move(socket)]() mutable { script(socket.get()); });
        }
        for (std::thread& thread : threads)
            thread.join();
    })
{
}

ScriptedServer::~ScriptedServer()
{
    ::shutdown(m_listener.get(), SHUT_RDWR);
    m_thread.join();
}

EgressFixture::EgressFixture(const egress::DoorLimits& limits)
    : m_keeper(std::make_unique<ScriptedGatekeeper>(m_context))
    , m_pool(std::make_shared<dns::AddressPool>())
{
    makeCertificates();
    egress::UpstreamOptions upstream;
    upstream.trust.systemTrust = false;
    upstream.trust.extraRootsFile = path("root.pem").toStdString();
    upstream.lookup = [this](const std::string& name) -> Result<std::vector<policy::Address>> {
        const std::lock_guard lock(m_namesMutex);
        std::vector<policy::Address> addresses;
        const auto found = m_names.find(name);
        if (found == m_names.end())
            return std::vector<policy::Address>(1, policy::Address::v4(127, 0, 0, 1));
        for (const std::string& text : found->second)
            addresses.push_back(*policy::Address::parse(text));
        if (addresses.empty())
            return fail(Error::Code::Unavailable, "the name " + name + " can't be resolved");
        return addresses;
    };
    auto door = egress::Door::create(m_context, *m_keeper, limits, upstream);
    if (!door)
        qFatal("%s", door.error().text.c_str());
    m_door = std::move(*door);
    auto authority = tls::CertificateAuthority::create("agent-1", nowUnixMillis());
    if (!authority)
        qFatal("%s", authority.error().text.c_str());
    writeFile(caFile(), QByteArray::fromStdString(authority->caPem()));
    const auto shared = std::make_shared<const tls::CertificateAuthority>(std::move(*authority));
    if (!m_door->open(Sandbox, "agent-1", {}, shared, m_pool))
        qFatal("the door did not open");
    m_keeper->allowAll();
    m_thread = std::thread([this] {
        const auto work = asio::make_work_guard(m_context);
        m_context.run();
    });
}

EgressFixture::~EgressFixture()
{
    if (m_nginx.state() != QProcess::NotRunning) {
        m_nginx.terminate();
        m_nginx.waitForFinished(5000);
    }
    asio::post(m_context, [this] {
        m_door->close(Sandbox);
        // A few turns for what was closed to end.
        auto timer =
            std::make_shared<asio::steady_timer>(m_context, std::chrono::milliseconds(300));
        timer->async_wait([this, timer](const boost::system::error_code&) { m_context.stop(); });
    });
    m_thread.join();
    m_door.reset();
}

void EgressFixture::onNetwork(const std::function<void(egress::Door&)>& action)
{
    std::promise<void> done;
    asio::post(m_context, [&] {
        action(*m_door);
        done.set_value();
    });
    done.get_future().wait();
}

void EgressFixture::resolveTo(const std::string& name, std::vector<std::string> addresses)
{
    const std::lock_guard lock(m_namesMutex);
    m_names[name] = std::move(addresses);
}

int EgressFixture::listenFor(const policy::Address& address, int port)
{
    int front = 0;
    UniqueFd listener = listenOnLoopback(front);
    onNetwork([&](egress::Door&) {
        auto descriptor =
            std::make_shared<asio::posix::stream_descriptor>(m_context, listener.release());
        asio::co_spawn(
            m_context,
            [this, descriptor, address, port]() -> asio::awaitable<void> {
                for (;;) {
                    co_await descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                                                    asio::use_awaitable);
                    UniqueFd socket(
                        ::accept4(descriptor->native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
                    if (socket.isOpen())
                        static_cast<void>(m_door->serve(Sandbox, std::move(socket), address, port));
                }
            },
            asio::detached);
    });
    return front;
}

int EgressFixture::frontFor(const std::string& name, int port)
{
    const auto key = std::pair(name, port);
    if (const auto found = m_fronts.find(key); found != m_fronts.end())
        return found->second;
    policy::Address address;
    onNetwork([&](egress::Door&) { address = m_pool->assign(name)->v4; });
    return m_fronts[key] = listenFor(address, port);
}

int EgressFixture::frontForAddress(const std::string& address, int port)
{
    return listenFor(*policy::Address::parse(address), port);
}

UniqueFd EgressFixture::connectTo(int front) const
{
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(front));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{5, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        qFatal("can't connect to the door");
    return socket;
}

void EgressFixture::startCurl(QProcess& process,
                              const std::string& name,
                              int port,
                              QStringList arguments)
{
    const QString to = QString::fromStdString(name + ":" + std::to_string(port) +
                                              ":127.0.0.1:" + std::to_string(frontFor(name, port)));
    arguments =
        QStringList{"-sS", "--noproxy", "*", "--cacert", caFile(), "--connect-to", to} + arguments;
    useFork(process);
    process.start("curl", arguments);
}

CurlResult
EgressFixture::curl(const std::string& name, int port, QStringList arguments, int timeoutMs)
{
    QProcess process;
    startCurl(process, name, port, std::move(arguments));
    process.waitForFinished(timeoutMs);
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

void EgressFixture::makeCertificates()
{
    run("openssl", {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=Example Test Root", "-keyout",
                    path("root.key"), "-out", path("root.pem")});
    const auto issue = [&](const QString& file, const QString& names) {
        run("openssl",
            {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=upstream", "-keyout", path(file + ".key"), "-out", path(file + ".csr")});
        writeFile(path(file + ".ext"), "subjectAltName=" + names.toUtf8() + "\n");
        run("openssl", {"x509", "-req", "-in", path(file + ".csr"), "-CA", path("root.pem"),
                        "-CAkey", path("root.key"), "-CAcreateserial", "-days", "2", "-extfile",
                        path(file + ".ext"), "-out", path(file + ".pem")});
    };
    issue("server", "DNS:example.com,DNS:*.example.com");
}

void EgressFixture::startNginx()
{
    m_sink = std::make_unique<ScriptedServer>(swallowUpload);
    m_nginxH2 = freePort();
    m_nginxH1 = freePort();
    m_nginxPlain = freePort();
    m_nginxPlainH2 = freePort();
    const auto common = QString(R"(
        root %1;
        client_max_body_size 0; if_modified_since before;
        client_body_temp_path %1/body;
        location = /hello { default_type text/plain; return 200 "hello from nginx\n"; }
        location = /204 { return 204; }
        location = /alt { add_header Alt-Svc 'h3=":443"'; return 200 "alt"; }
        location = /echo-headers { return 200 "$http_x_test|$http_cookie|$http_te|$http_host\n"; }
        location = /secret { access_log %1/seen.log seen; default_type text/plain; add_header X-Echo $http_authorization;
                             return 200 "$http_authorization $args\n"; }
        location = /upload { client_body_in_single_buffer off; proxy_request_buffering off;
                             proxy_http_version 1.1; proxy_pass http://127.0.0.1:%2; }
    )")
                            .arg(m_folder.path())
                            .arg(m_sink->port());
    const QString config = QString(R"(
%6 daemon off; worker_processes 1; pid %1/nginx.pid; error_log stderr crit;
events { worker_connections 2000; }
http {
    access_log off; default_type application/octet-stream; sendfile on;
    log_format seen '$http_authorization|$http_x_key|$args|$http_accept_encoding';
    proxy_temp_path %1/proxy; fastcgi_temp_path %1/fastcgi; uwsgi_temp_path %1/uwsgi; scgi_temp_path %1/scgi;
    ssl_certificate %1/server.pem; ssl_certificate_key %1/server.key; keepalive_requests 100000;
    server { listen 127.0.0.1:%2 ssl http2; %5 }
    server { listen 127.0.0.1:%3 ssl; %5 }
    server { listen 127.0.0.1:%4; %5 }
    server { listen 127.0.0.1:%7 http2; %5 }
}
)")
                               .arg(m_folder.path())
                               .arg(m_nginxH2)
                               .arg(m_nginxH1)
                               .arg(m_nginxPlain)
                               .arg(common, ::geteuid() == 0 ? "user root;" : "")
                               .arg(m_nginxPlainH2);
    writeFile(path("nginx.conf"), config.toUtf8());
    m_nginx.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_nginx.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGTERM); });
    m_nginx.start("/usr/sbin/nginx", {"-c", path("nginx.conf"), "-p", m_folder.path()});
    for (int attempt = 0; attempt < 100; ++attempt) {
        UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(m_nginxPlain));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
            return;
        QTest::qWait(50);
    }
    qFatal("nginx did not start");
}

namespace h2 {

std::string frame(int type, int flags, int stream, std::string_view payload)
{
    const auto byte = [](std::size_t value) { return static_cast<char>(value & 0xffU); };
    const std::size_t size = payload.size();
    const auto id = static_cast<std::size_t>(stream);
    std::string bytes{byte(size >> 16U),       byte(size >> 8U),         byte(size),
                      static_cast<char>(type), static_cast<char>(flags), byte(id >> 24U),
                      byte(id >> 16U),         byte(id >> 8U),           byte(id)};
    return bytes.append(payload);
}

std::string preface()
{
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, {});
}

namespace {

std::string requestBlock(std::string_view method, std::string_view authority, std::string_view path)
{
    std::string block;
    const auto literal = [&](std::string_view name, std::string_view value) {
        block += '\0';
        block += static_cast<char>(name.size());
        block += name;
        block += static_cast<char>(value.size());
        block += value;
    };
    literal(":method", method);
    literal(":scheme", "http");
    literal(":authority", authority);
    literal(":path", path);
    return block;
}

// Calls `use(type, stream, payload)` for each frame that is whole.
template <typename Use> void forEachFrame(std::string_view bytes, Use use)
{
    const auto at = [&](std::size_t index) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[index]));
    };
    while (bytes.size() >= 9) {
        const std::size_t size = at(0) << 16U | at(1) << 8U | at(2);
        if (bytes.size() < size + 9)
            return;
        use(at(3), at(5) << 24U | at(6) << 16U | at(7) << 8U | at(8), bytes.substr(9, size));
        bytes.remove_prefix(size + 9);
    }
}

} // namespace

std::string get(int stream, std::string_view authority, std::string_view path)
{
    return frame(1, 0x5, stream, requestBlock("GET", authority, path));
}

std::string post(int stream, std::string_view authority, std::string_view path)
{
    return frame(1, 0x4, stream, requestBlock("POST", authority, path));
}

std::string data(std::string_view bytes, int stream)
{
    std::string all;
    forEachFrame(bytes, [&](std::size_t type, std::size_t id, std::string_view payload) {
        if (type == 0 && id == static_cast<std::size_t>(stream))
            all.append(payload);
    });
    return all;
}

std::string reset(int stream)
{
    return frame(3, 0, stream, std::string_view("\0\0\0\x8", 4));
}

bool holds(std::string_view bytes, int type, int stream)
{
    bool isThere = false;
    forEachFrame(bytes, [&](std::size_t is, std::size_t id, std::string_view) {
        isThere = isThere ||
                  (is == static_cast<std::size_t>(type) && id == static_cast<std::size_t>(stream));
    });
    return isThere;
}

} // namespace h2

void sendAll(int socket, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string readUntil(int socket, std::string_view until)
{
    std::string all;
    char block[4096];
    while (until.empty() || all.find(until) == std::string::npos) {
        const ssize_t got = ::recv(socket, block, sizeof block, 0);
        if (got <= 0)
            break;
        all.append(block, static_cast<std::size_t>(got));
    }
    return all;
}

void answerWithHead(int socket)
{
    const std::string head = readUntil(socket, "\r\n\r\n");
    sendAll(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(head.size()) + "\r\n\r\n" + head);
}

UniqueFd connectToLoopback(int port)
{
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return fd;
}

std::string readToEnd(int socket)
{
    return readUntil(socket, {});
}

} // namespace sallyport::test
