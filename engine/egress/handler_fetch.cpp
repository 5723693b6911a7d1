#include "engine/egress/handler_fetch.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "engine/egress/dropping_sink.h"
#include "engine/egress/handler_body.h"

namespace sallyport::egress {

namespace {

HandlerFetch::Failure failureOf(const Error& error)
{
    return {error.text, error.code == Error::Code::TimedOut, std::nullopt};
}

HandlerFetch::Failure refusedFor(const std::string& reason)
{
    policy::Decision decision;
    decision.step = api::Step::Credential;
    decision.reason = reason;
    return {reason, false, std::move(decision)};
}

} // namespace

// What the handler sends, in the shape of a guest's request. Its answer goes another way.
class HandlerFetch::Outgoing final : public GuestRequest
{
public:
    Outgoing(RequestHead head, BodySource* body)
        : m_head(std::move(head))
        , m_body(body)
    {
    }
    const RequestHead& head() const override { return m_head; }
    BodySource& body() override { return m_body != nullptr ? *m_body : m_none; }
    void sendInterim(const ResponseHead&) override {}
    void sendHead(const ResponseHead&) override {}
    bool isHeadSent() const override { return false; }
    BodySink& answer() override { return m_nowhere; }
    void abort(std::uint32_t) override {}
    void onHangUp(std::function<void()>, bool) override {}
    bool isGone() const override { return false; }
    void startRaw() override {}

private:
    RequestHead m_head;
    BodySource* m_body;
    WholeBody m_none{{}};
    DroppingSink m_nowhere{0};
};

HandlerFetch::HandlerFetch(std::shared_ptr<SandboxDoor> door,
                           HandlerFetchHead head,
                           std::string url)
    : m_door(std::move(door))
    , m_head(std::move(head))
    , m_url(std::move(url))
    , m_uploadOver(m_door->context->context.get_executor())
{
}

HandlerFetch::~HandlerFetch() = default;

void HandlerFetch::abort()
{
    m_isAborted = true;
    if (m_upstream)
        m_upstream->abort();
}

asio::awaitable<tl::expected<void, HandlerFetch::Failure>>
HandlerFetch::run(UpstreamTarget target,
                  RequestHead request,
                  BodySource* body,
                  std::function<void(const ResponseHead&)> interim)
{
    const auto keep = shared_from_this();
    m_outgoing = std::make_unique<Outgoing>(std::move(request), body);
    m_credentials.emplace(*m_door, *m_outgoing);
    if (auto fitted = co_await fitOut(target); !fitted)
        co_return fitted;
    const RequestHead& sent = m_credentials->head();
    for (bool fresh = false;; fresh = true) {
        auto opened = co_await m_door->upstreams.request(target, fresh);
        if (m_isAborted)
            co_return tl::unexpected(Failure{"it was ended", false, std::nullopt});
        if (!opened)
            co_return tl::unexpected(Failure{
                opened.error().text, opened.error().kind == UpstreamFailure::Kind::TimedOut,
                opened.error().kind == UpstreamFailure::Kind::Refused ? opened.error().decision
                                                                      : std::nullopt});
        m_upstream = std::move(*opened);
        m_upstream->sendHead(sent, m_head.authority);
        if (body != nullptr)
            startUpload(m_credentials->body());
        else if (sent.upgrade.empty())
            m_upstream->body().finish(nullptr);
        co_await m_upstream->body().flush();
        Status head;
        for (std::size_t count = 0; count <= m_door->context->limits.interimHeads; ++count) {
            head = co_await m_upstream->readHead(m_answer);
            const bool isSwitch = m_answer.status == 101;
            if (!head || m_answer.status >= 200 || isSwitch)
                break;
            interim(m_answer);
            head = fail(Error::Code::Invalid, "the upstream sent too many interim answers");
        }
        if (head && m_answer.status == 101 && sent.upgrade.empty())
            head = fail(Error::Code::Invalid, "the upstream switched protocols unasked");
        if (head) {
            if (m_credentials->seeHead(m_answer))
                m_answerBody.emplace(m_upstream->answer(), m_credentials->arriving(),
                                     [](std::size_t) {});
            co_return tl::expected<void, Failure>{};
        }
        // A kept connection can be closed by the other side while the request is on its way.
        if (!fresh && body == nullptr && m_upstream->isSafeToRetry() && !m_isAborted)
            continue;
        co_await uploadOver(true);
        if (leak())
            co_return tl::unexpected(refusedFor(leak()->text));
        co_return tl::unexpected(failureOf(head.error()));
    }
}

asio::awaitable<tl::expected<void, HandlerFetch::Failure>>
HandlerFetch::fitOut(const UpstreamTarget& target)
{
    const secret::Destination destination{target.host, target.port, target.tls};
    m_leak = m_credentials->leakInHead(destination);
    if (m_leak)
        co_return tl::unexpected(refusedFor(m_leak->text));
    if (const auto problem = co_await m_credentials->fitOut(destination))
        co_return tl::unexpected(refusedFor(*problem));
    co_return tl::expected<void, Failure>{};
}

const std::optional<CredentialUse::Leak>& HandlerFetch::leak() const
{
    return m_leak || !m_credentials ? m_leak : m_credentials->leakInBody();
}

std::string HandlerFetch::credentials() const
{
    return m_credentials ? m_credentials->used() : std::string();
}

BodySource& HandlerFetch::answerBody()
{
    return m_answerBody ? *m_answerBody : m_upstream->answer();
}

void HandlerFetch::startUpload(BodySource& body)
{
    m_uploading = true;
    const auto over = [keep = shared_from_this()](const std::exception_ptr& error, PumpEnd end) {
        keep->m_uploading = false;
        // Half a body must not look like a whole one.
        if (error || end == PumpEnd::SourceFailed)
            keep->m_upstream->abort();
        keep->m_uploadOver.set();
    };
    asio::co_spawn(m_door->context->context.get_executor(), upload(body),
                   asio::bind_cancellation_slot(m_stopUpload.slot(), over));
}

asio::awaitable<PumpEnd> HandlerFetch::upload(BodySource& body)
{
    const PumpEnd end = co_await pump(body, m_upstream->body(), m_uploadedBytes);
    if (end != PumpEnd::SinkBroken || !m_credentials->isScreened() || m_isStopping ||
        m_door->closing)
        co_return end;
    // What the upstream takes no more is looked into like the rest, as with a guest's request.
    const Drain drain(m_door->context->context, m_door->context->limits, m_stopUpload);
    co_return co_await pump(body, drain.sink(), m_unsent);
}

asio::awaitable<void> HandlerFetch::uploadOver(bool stops)
{
    m_isStopping = m_isStopping || stops;
    if (stops && m_uploading) {
        m_upstream->abort();
        m_stopUpload.emit(asio::cancellation_type::all);
    }
    while (m_uploading)
        co_await m_uploadOver.wait();
}

} // namespace sallyport::egress
