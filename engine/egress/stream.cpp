#include "engine/egress/stream.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/err.h>

#include "engine/egress/stream_bio.h"

namespace sallyport::egress {

namespace {

constexpr std::chrono::seconds HalfClosePatience{30};
constexpr int CertificateRequired = 116; // an alert of TLS 1.3 (RFC 8446, 6.2)

// The oldest error of OpenSSL's queue, which is the cause; empties the queue.
std::string takeSslError()
{
    std::string text;
    while (const unsigned long code = ERR_get_error())
        if (text.empty()) {
            const char* reason = ERR_reason_error_string(code);
            text = reason ? reason : "error " + std::to_string(code);
        }
    return text;
}

void rememberAlert(const SSL* ssl, int where, int value)
{
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        if (Stream* stream = streamOf(ssl))
            stream->noteAlert(value & 0xff);
}

} // namespace

Stream::Stream(asio::io_context& context, Deadlines& deadlines)
    : m_context(context)
{
    deadlines.watch(*this);
}

Stream::~Stream() = default;

Status Stream::adopt(UniqueFd socket)
{
    const int flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) < 0)
        return failErrno("make a socket non-blocking", errno);
    // Small answers must not wait for an acknowledgement.
    const int on = 1;
    static_cast<void>(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    const Status watched = m_ready.start(asio::use_service<Readiness>(m_context), socket.get());
    if (watched)
        m_fd = std::move(socket);
    return watched;
}

ssize_t Stream::rawRead(char* out, std::size_t size)
{
    if (!m_unread.empty()) {
        const std::size_t count = std::min(size, m_unread.size());
        std::memcpy(out, m_unread.data(), count);
        m_unread.erase(0, count);
        if (m_unread.empty())
            m_unread.shrink_to_fit();
        return static_cast<ssize_t>(count);
    }
    // As the kernel has said nothing since the last time, asking it would tell nothing.
    if (!m_ready.mayRead() && m_fd.isOpen()) {
        errno = EAGAIN;
        return -1;
    }
    const ssize_t got = ::recv(fd(), out, size, MSG_DONTWAIT);
    // Fewer bytes than there was room for: no more are there. An end is told but once.
    const bool drained = got > 0 && static_cast<std::size_t>(got) < size && !m_ready.isEnding();
    if (drained || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)))
        m_ready.readBlocked();
    return got;
}

ssize_t Stream::rawWrite(const char* bytes, std::size_t size)
{
    const ssize_t sent = ::send(fd(), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        m_ready.writeBlocked();
    return sent;
}

bool Stream::hasBufferedInput() const
{
    return !m_unread.empty() || (m_ssl && SSL_has_pending(m_ssl.get()) == 1);
}

Stream::Io Stream::failWithErrno(const char* doing)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return Io::Blocked;
    m_failure = std::string(doing) + ": " + std::strerror(errno);
    return Io::Failed;
}

Stream::Io Stream::failWithSsl(int result, const char* doing)
{
    const int savedErrno = errno;
    const int error = SSL_get_error(m_ssl.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN)
        return Io::End;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return Io::Blocked;
    const std::string reason = takeSslError();
    m_failure = std::string(doing) + ": ";
    if (m_alert == CertificateRequired)
        m_failure += "the other side asks for a certificate of the client, and the door has none";
    else if (!reason.empty())
        m_failure += reason;
    else
        m_failure += savedErrno != 0 ? std::strerror(savedErrno) : "the connection ended";
    return Io::Failed;
}

// SSL_get_error() judges by the queue of errors, which is nearly always empty already.
void Stream::beginSsl()
{
    m_active = true;
    if (ERR_peek_error() != 0)
        ERR_clear_error();
    errno = 0;
}

Stream::Io Stream::tryRead(char* out, std::size_t size, std::size_t& count)
{
    count = 0;
    if (!m_ssl) {
        const ssize_t got = rawRead(out, size);
        if (got < 0)
            return failWithErrno("read");
        count = static_cast<std::size_t>(got);
        return got == 0 ? Io::End : Io::Done;
    }
    beginSsl();
    const int got =
        SSL_read(m_ssl.get(), out, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (got > 0) {
        count = static_cast<std::size_t>(got);
        return Io::Done;
    }
    m_readWantsWrite = SSL_want_write(m_ssl.get());
    return failWithSsl(got, "read");
}

Stream::Io Stream::tryWrite(const char* bytes, std::size_t size, std::size_t& count)
{
    count = 0;
    if (!m_ssl) {
        const ssize_t sent = rawWrite(bytes, size);
        if (sent < 0)
            return failWithErrno("write");
        count = static_cast<std::size_t>(sent);
        m_wrote = true;
        return Io::Done;
    }
    beginSsl();
    const int sent =
        SSL_write(m_ssl.get(), bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    if (sent > 0) {
        count = static_cast<std::size_t>(sent);
        m_wrote = true;
        return Io::Done;
    }
    m_writeWantsRead = SSL_want_read(m_ssl.get());
    const Io result = failWithSsl(sent, "write");
    return result == Io::End ? Io::Failed : result;
}

asio::awaitable<bool> Stream::wait(Side side, For what, std::chrono::milliseconds limit)
{
    if (!isOpen() || m_timedOut)
        co_return false;
    dueOf(side) = Clock::now() + limit;
    const bool ready = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        [this, side, what](auto handler) {
            m_ready.wait(side == Side::Reader, what, std::move(handler));
        },
        asio::use_awaitable);
    dueOf(side) = Clock::time_point::max();
    co_return ready&& isOpen();
}

asio::awaitable<bool> Stream::waitReadable(std::chrono::milliseconds limit)
{
    if (hasBufferedInput() && isOpen() && !m_ssl)
        return [](bool value) -> asio::awaitable<bool> { co_return value; }(true);
    return wait(Side::Reader, m_readWantsWrite ? For::Writing : For::Reading, limit);
}

asio::awaitable<bool> Stream::waitWritable(std::chrono::milliseconds limit)
{
    return wait(Side::Writer, m_writeWantsRead ? For::Reading : For::Writing, limit);
}

asio::awaitable<bool> Stream::waitFirstByte(std::chrono::milliseconds limit)
{
    enum class Race
    {
        Running,
        TimerWon,
        Over,
    };
    const auto race = std::make_shared<Race>(Race::Running);
    asio::steady_timer timer(m_context, limit);
    timer.async_wait([this, race](const boost::system::error_code& error) {
        if (error || *race != Race::Running)
            return;
        *race = Race::TimerWon;
        m_ready.cancelRead();
    });
    static_cast<void>(co_await wait(Side::Reader, For::Reading, std::chrono::hours(1)));
    const bool timerWon = *race == Race::TimerWon;
    *race = Race::Over;
    co_return !timerWon;
}

asio::awaitable<bool> Stream::writeAll(std::string_view bytes, std::chrono::milliseconds limit)
{
    while (!bytes.empty()) {
        std::size_t count = 0;
        const Io io = tryWrite(bytes.data(), bytes.size(), count);
        bytes.remove_prefix(count);
        if (io == Io::Done)
            continue;
        if (io != Io::Blocked)
            co_return false;
        const bool ready = co_await waitWritable(limit);
        if (!ready)
            co_return false;
    }
    co_return true;
}

asio::awaitable<Status>
Stream::startTls(tls::SslPtr ssl, std::chrono::milliseconds limit, Describe describe)
{
    m_ssl = std::move(ssl);
    attachBio(*this, m_ssl.get());
    SSL_set_info_callback(m_ssl.get(), rememberAlert);
    // Its buffers are freed by tick(), not after each record (SSL_MODE_RELEASE_BUFFERS).
    SSL_set_mode(m_ssl.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // One recv for a record, not one for its header and one for the rest.
    SSL_set_read_ahead(m_ssl.get(), 1);
    const Clock::time_point end = Clock::now() + limit;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        const int result = SSL_do_handshake(m_ssl.get());
        if (result == 1)
            co_return Status{};
        const int error = SSL_get_error(m_ssl.get(), result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            const std::string words =
                describe && error == SSL_ERROR_SSL ? describe(m_ssl.get()) : std::string();
            static_cast<void>(failWithSsl(result, "TLS handshake"));
            co_return fail(Error::Code::Io, words.empty() ? m_failure : words);
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        const bool wantsWrite = SSL_want_write(m_ssl.get());
        bool ready = false;
        if (left.count() > 0 && wantsWrite)
            ready = co_await wait(Side::Writer, For::Writing, left);
        else if (left.count() > 0)
            ready = co_await wait(Side::Reader, For::Reading, left);
        if (!ready)
            co_return fail(m_timedOut || left.count() <= 0 ? Error::Code::TimedOut
                                                           : Error::Code::Io,
                           "TLS handshake: no answer in time");
    }
}

void Stream::onHangUp(std::function<void()> handler, bool halfCloseCounts)
{
    m_hangUp = std::move(handler);
    m_lastWrite = Clock::now();
    m_halfCloseCounts = halfCloseCounts;
}

bool Stream::peerIsGone(Clock::time_point now)
{
    pollfd query{fd(), POLLRDHUP, 0};
    if (::poll(&query, 1, 0) <= 0)
        return false;
    if ((query.revents & (POLLHUP | POLLERR)) != 0)
        return true;
    // Some clients end their side after the request and read on. One that has really gone resets
    // the connection at the next byte; where none comes, patience ends.
    return m_halfCloseCounts || now - m_lastWrite > HalfClosePatience;
}

void Stream::tick(Clock::time_point now)
{
    if (!isOpen())
        return;
    if (m_readDue <= now || m_writeDue <= now) {
        m_timedOut = true;
        m_failure = "no progress in time";
        m_ready.cancelAll();
    }
    // What is idle holds no buffers. (Fails where a record has come in part, or not gone out.)
    if (!std::exchange(m_active, false) && m_ssl)
        static_cast<void>(SSL_free_buffers(m_ssl.get()));
    if (std::exchange(m_wrote, false))
        m_lastWrite = now;
    if (m_hangUp && peerIsGone(now))
        std::exchange(m_hangUp, nullptr)();
}

void Stream::shutdownWrite()
{
    if (!isOpen())
        return;
    if (m_ssl && SSL_is_init_finished(m_ssl.get()))
        static_cast<void>(SSL_shutdown(m_ssl.get()));
    ERR_clear_error();
    static_cast<void>(::shutdown(fd(), SHUT_WR));
}

void Stream::closeNow()
{
    m_ready.stop();
    m_fd.reset();
    if (m_hangUp)
        std::exchange(m_hangUp, nullptr)();
}

void Stream::Group::closeAll()
{
    for (auto it = m_streams.begin(); it != m_streams.end();)
        (it++)->closeNow();
}

void Stream::resetNow()
{
    if (!isOpen())
        return;
    const linger abort{1, 0};
    static_cast<void>(::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort));
    closeNow();
}

} // namespace sallyport::egress
