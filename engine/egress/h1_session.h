#pragma once

#include <functional>

#include "engine/egress/guest_request.h"
#include "engine/egress/h1_body.h"

namespace sallyport::egress {

// An HTTP/1 connection of a guest: reads requests one after the other and has each served before
// the next is read, so pipelined requests are answered in order. Is itself the GuestRequest of the
// one that is being served.
class H1Session final : public GuestRequest
{
public:
    H1Session(Stream& stream, const DoorLimits& limits);

    using Serve = std::function<boost::asio::awaitable<void>(GuestRequest&)>;
    // Called for a head that is refused; answers it. The connection ends afterwards.
    using Refuse = std::function<void(GuestRequest&, const HeadFault&)>;

    // Returns when the connection is closed, or was given to another protocol.
    [[nodiscard]] boost::asio::awaitable<void> run(Serve serve, Refuse refuse);

    const RequestHead& head() const override { return m_head; }
    BodySource& body() override { return m_reader; }
    void sendInterim(const ResponseHead& head) override;
    void sendHead(const ResponseHead& head) override;
    bool isHeadSent() const override { return m_headSent; }
    BodySink& answer() override { return m_writer; }
    void abort(std::uint32_t) override { m_aborted = true; }
    void onHangUp(std::function<void()> handler, bool halfCloseCounts) override;
    bool isGone() const override { return m_gone || m_writer.isBroken() || !m_stream.isOpen(); }
    void startRaw() override;

private:
    // False when the connection has ended.
    [[nodiscard]] boost::asio::awaitable<bool> serveNext(const Serve& serve, const Refuse& refuse);
    [[nodiscard]] boost::asio::awaitable<void> refuseAndEnd(const Refuse& refuse,
                                                            const HeadFault& fault);
    // Ends so that the client can read what was sent to it: FIN, then reads on for a while.
    [[nodiscard]] boost::asio::awaitable<void> endPolitely();
    [[nodiscard]] BodyKind answerKind(const ResponseHead& head) const;

    Stream& m_stream;
    const DoorLimits& m_limits;
    H1Reader m_reader;
    H1Writer m_writer;
    RequestHead m_head;
    BodyKind m_answerKind = BodyKind::None;
    bool m_first = true;
    bool m_headSent = false;
    bool m_closeAfter = false;
    bool m_aborted = false;
    bool m_raw = false; // carries another protocol
    bool m_gone = false; // seen to have hung up while nobody read
};

} // namespace sallyport::egress
