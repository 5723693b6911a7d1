#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/egress/deadlines.h"
#include "engine/egress/readiness.h"
#include "engine/tls/handles.h"

namespace sallyport::egress {

namespace asio = boost::asio;

// One TCP connection, plain or under TLS, of a guest or to an upstream. Reading and writing are
// tried at once and never wait; waiting is apart. So the common case costs no coroutine, and a
// connection that waits holds no buffer (OpenSSL's are released too). Network thread only; one
// coroutine may read while another writes.
class Stream final : public Deadlines::Watched
{
public:
    // The streams of one sandbox, so that they can be closed together. Streams leave by themselves.
    class Group;

    enum class Io
    {
        Done,    // `count` bytes moved, at least one
        Blocked, // wait for what waitReadable() or waitWritable() says
        End,     // the peer has closed its side in order (reading only)
        Failed,  // see failure()
    };

    using Clock = Deadlines::Clock;

    Stream(asio::io_context& context, Deadlines& deadlines);
    ~Stream();

    // Takes over a connected or connecting socket and makes it non-blocking.
    [[nodiscard]] Status adopt(UniqueFd socket);
    [[nodiscard]] int fd() const { return m_fd.get(); }
    [[nodiscard]] bool isOpen() const { return m_fd.isOpen(); }

    [[nodiscard]] Io tryRead(char* out, std::size_t size, std::size_t& count);
    [[nodiscard]] Io tryWrite(const char* bytes, std::size_t size, std::size_t& count);
    // Whether tryRead() can have bytes without the socket being readable.
    [[nodiscard]] bool hasBufferedInput() const;

    // Nothing has come from the peer since everything was read, as far as the loop has heard: no
    // byte, no end.
    [[nodiscard]] bool isSilent() const { return !m_ready.mayRead(); }

    // Give bytes back that were read too far; they are read first. Also beneath TLS.
    void unread(std::string_view bytes) { m_unread.insert(0, bytes); }

    // False when the time is over (isTimedOut()), the stream was closed, or the wait was cancelled.
    // After a time-out the stream is of no more use.
    [[nodiscard]] asio::awaitable<bool> waitReadable(std::chrono::milliseconds limit);
    [[nodiscard]] asio::awaitable<bool> waitWritable(std::chrono::milliseconds limit);
    // Like waitReadable(), but exact, and running out of time does no harm: true when readable or
    // closed, false when nothing came.
    [[nodiscard]] asio::awaitable<bool> waitFirstByte(std::chrono::milliseconds limit);
    [[nodiscard]] asio::awaitable<bool> writeAll(std::string_view bytes,
                                                 std::chrono::milliseconds limit);

    // Runs the handshake of an SSL that has its role and names set. On success the stream is TLS;
    // on failure the error says why, and receivedAlert() which alert the peer sent (-1: none).
    // `describe` may put a failure into better words; it finds OpenSSL's error queue untouched.
    using Describe = std::function<std::string(SSL*)>;
    [[nodiscard]] asio::awaitable<Status>
    startTls(tls::SslPtr ssl, std::chrono::milliseconds limit, Describe describe = nullptr);
    [[nodiscard]] SSL* ssl() const { return m_ssl.get(); }
    [[nodiscard]] int receivedAlert() const { return m_alert; }

    // Called once when the peer is seen to be gone while nobody reads: each tick asks the kernel.
    // A half-close counts as gone where `halfCloseCounts`, else once nothing has been sent for half
    // a minute. Also called by closeNow(). Null: off.
    void onHangUp(std::function<void()> handler, bool halfCloseCounts = true);

    [[nodiscard]] bool isTimedOut() const { return m_timedOut; }
    // Why the last operation failed, for a person.
    [[nodiscard]] const std::string& failure() const { return m_failure; }

    // Says goodbye (close_notify, FIN) without waiting; reading goes on.
    void shutdownWrite();
    // Closes; everything that waits on this stream ends.
    void closeNow();
    // Closes with a reset, so that the peer can't take it for an orderly end.
    void resetNow();

    // For the BIO beneath TLS: results as of recv(2) and send(2).
    [[nodiscard]] ssize_t rawRead(char* out, std::size_t size);
    [[nodiscard]] ssize_t rawWrite(const char* bytes, std::size_t size);
    void noteAlert(int alert) { m_alert = alert; }

private:
    using For = Readiness::Socket::For;

    void tick(Clock::time_point now) override;
    [[nodiscard]] bool peerIsGone(Clock::time_point now);
    void beginSsl();
    [[nodiscard]] Io failWithErrno(const char* doing);
    [[nodiscard]] Io failWithSsl(int result, const char* doing);
    enum class Side
    {
        Reader,
        Writer,
    };
    [[nodiscard]] asio::awaitable<bool> wait(Side side, For what, std::chrono::milliseconds limit);
    [[nodiscard]] Clock::time_point& dueOf(Side side)
    {
        return side == Side::Reader ? m_readDue : m_writeDue;
    }

    using GroupHook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    GroupHook m_groupHook;
    asio::io_context& m_context;
    UniqueFd m_fd;
    Readiness::Socket m_ready; // stops before the socket is closed
    tls::SslPtr m_ssl;
    std::string m_unread;
    Clock::time_point m_readDue = Clock::time_point::max();
    Clock::time_point m_writeDue = Clock::time_point::max();
    std::function<void()> m_hangUp;
    std::string m_failure;
    int m_alert = -1;
    bool m_halfCloseCounts = true;
    bool m_wrote = false;  // since the last tick
    bool m_active = false; // since the last tick; TLS holds buffers
    Clock::time_point m_lastWrite = Clock::now();
    bool m_timedOut = false;
    // What TLS waits for where it is not the obvious direction (key update, renegotiation).
    bool m_readWantsWrite = false;
    bool m_writeWantsRead = false;
};

class Stream::Group
{
public:
    void add(Stream& stream) { m_streams.push_back(stream); }
    [[nodiscard]] std::size_t size() const { return m_streams.size(); }
    void closeAll();

private:
    boost::intrusive::list<Stream,
                           boost::intrusive::member_hook<Stream, GroupHook, &Stream::m_groupHook>,
                           boost::intrusive::constant_time_size<false>>
        m_streams;
};

} // namespace sallyport::egress
