#include "engine/egress/handler_fetch.h"

#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace sallyport::egress {

namespace {




HandlerFetch::Failure failureOf(const Error& error)
{
    return {error.text, error.code == Error::Code::TimedOut, std::nullopt};
}

} // namespace

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
        m_upstream->sendHead(request, m_head.authority);
        if (body != nullptr)
            startUpload(*body);
        else if (request.upgrade.empty())
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
        if (head && m_answer.status == 101 && request.upgrade.empty())
            head = fail(Error::Code::Invalid, "the upstream switched protocols unasked");
        if (head)
            co_return tl::expected<void, Failure>{};
        // A kept connection can be closed by the other side while the request is on its way.
        if (!fresh && body == nullptr && m_upstream->isSafeToRetry() && !m_isAborted)
            continue;
        co_await uploadOver(true);
        co_return tl::unexpected(failureOf(head.error()));
    }
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
    asio::co_spawn(m_door->context->context.get_executor(),
                   pump(body, m_upstream->body(), m_uploadedBytes),
                   asio::bind_cancellation_slot(m_stopUpload.slot(), over));
}

asio::awaitable<void> HandlerFetch::uploadOver(bool stops)
{
    if (stops && m_uploading) {
        m_upstream->abort();
        m_stopUpload.emit(asio::cancellation_type::all);
    }
    while (m_uploading)
        co_await m_uploadOver.wait();
}

} // namespace sallyport::egress
