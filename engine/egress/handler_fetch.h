#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>

#include "engine/egress/credential_use.h"
#include "engine/egress/event.h"
#include "engine/egress/handler_message.h"
#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

// One fetch() of a handler: a request to an upstream, checked by the floor where it is dialled, and
// its answer. The ladder is not asked. Credentials are put into it, kept from it and taken out of
// its answer as with a guest's request. Held by the coroutines that run it.
class HandlerFetch : public std::enable_shared_from_this<HandlerFetch>
{
public:
    HandlerFetch(std::shared_ptr<SandboxDoor> door, HandlerFetchHead head, std::string url);
    ~HandlerFetch();

    struct Failure
    {
        std::string text;
        bool timedOut = false;
        std::optional<policy::Decision> refused; // by the floor, or for its credentials
    };

    // Sends the head that `request` says, and uploads `body` (null: none) beside it. Returns when
    // the head of the answer has come. `interim` is called for 1xx answers.
    [[nodiscard]] asio::awaitable<tl::expected<void, Failure>>
    run(UpstreamTarget target,
        RequestHead request,
        BodySource* body,
        std::function<void(const ResponseHead&)> interim);

    // Ends everything; who waits gets an error.
    void abort();
    // Returns when nothing reads the body of the request any more. `stops` does not wait for its
    // end.
    [[nodiscard]] asio::awaitable<void> uploadOver(bool stops);

    [[nodiscard]] const HandlerFetchHead& head() const { return m_head; }
    [[nodiscard]] const std::string& url() const { return m_url; }
    [[nodiscard]] UpstreamRequest* upstream() const { return m_upstream.get(); }
    // A credential that it would have carried to somebody else: run() fails with it, or the answer
    // is cut off by it.
    [[nodiscard]] const std::optional<CredentialUse::Leak>& leak() const;
    [[nodiscard]] std::string credentials() const; // that were put in: "a, b"
    // Where it switched protocols.
    [[nodiscard]] std::unique_ptr<UpstreamRequest> takeUpstream() { return std::move(m_upstream); }
    [[nodiscard]] const ResponseHead& answer() const { return m_answer; }
    [[nodiscard]] BodySource& answerBody();
    [[nodiscard]] bool isUploading() const { return m_uploading; }
    [[nodiscard]] std::int64_t uploadedBytes() const { return m_uploadedBytes; }

private:
    class Outgoing;

    // Puts the credentials in their places.
    [[nodiscard]] asio::awaitable<tl::expected<void, Failure>> fitOut(const UpstreamTarget& target);
    void startUpload(BodySource& body);
    [[nodiscard]] asio::awaitable<PumpEnd> upload(BodySource& body);

    std::shared_ptr<SandboxDoor> m_door;
    HandlerFetchHead m_head;
    std::string m_url;
    std::unique_ptr<UpstreamRequest> m_upstream;
    ResponseHead m_answer;
    std::unique_ptr<Outgoing> m_outgoing;
    std::optional<CredentialUse> m_credentials;
    std::optional<CredentialUse::Leak> m_leak;
    std::optional<ScreenedSource> m_answerBody; // where it is screened
    bool m_isAborted = false;
    bool m_uploading = false;
    std::int64_t m_uploadedBytes = 0;
    std::int64_t m_unsent = 0; // bytes that the upstream did not take
    bool m_isStopping = false;
    asio::cancellation_signal m_stopUpload;
    Event m_uploadOver;
};

} // namespace sallyport::egress
