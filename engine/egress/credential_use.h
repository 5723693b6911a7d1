#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/egress/guest_request.h"
#include "engine/egress/handler_body.h"
#include "engine/egress/sandbox_door.h"
#include "engine/egress/screened_body.h"
#include "engine/policy/decision.h"
#include "engine/secret/kit.h"

namespace sallyport::egress {

// A guest's request with the credentials of its sandbox in their places: what goes on is asked of
// it as of any request, and what comes back is given to it. In between it keeps secrets from going
// elsewhere, and from reaching the guest. Until fitOut() it is the guest's request as it came. What
// a handler fetches goes through it in the same way (HandlerFetch).
class CredentialUse final : public GuestRequest
{
public:
    CredentialUse(SandboxDoor& door, GuestRequest& request);

    // A credential, or its placeholder, that this request carries to a host that may not have it.
    struct Leak
    {
        std::string credential;
        std::string text; // a sentence
    };
    // Looks into the head. Before the ladder: nobody is to be asked about what may not be.
    [[nodiscard]] std::optional<Leak> leakInHead(secret::Destination destination);
    [[nodiscard]] bool isScreened() const { return m_body.has_value(); } // its body, since fitOut()
    // The same of the body, once it has been found there.
    [[nodiscard]] const std::optional<Leak>& leakInBody() const { return m_leak; }

    // Puts the credentials in; may wait for a program that prints one. Returns why the request
    // can't go on.
    [[nodiscard]] asio::awaitable<std::optional<std::string>>
    fitOut(secret::Destination destination);
    // The names of those that were put in, "a, b".
    [[nodiscard]] const std::string& used() const { return m_used; }

    // The answer's head, before anybody sees it: placeholders for values, also in its body.
    void seeAnswer(ResponseHead& head);
    // The same of an answer that is read from elsewhere: its head, and whether its body is to be
    // read through arriving().
    [[nodiscard]] bool seeHead(ResponseHead& head) const;
    [[nodiscard]] secret::Kit::Stream arriving() const { return m_kit->arriving(); }
    // The same of what a handler answers, who may know any value.
    void seeHandlersAnswer(ResponseHead& head);

    [[nodiscard]] const RequestHead& head() const override;
    [[nodiscard]] BodySource& body() override;
    void sendInterim(const ResponseHead& head) override { m_inner.sendInterim(head); }
    void sendHead(const ResponseHead& head) override { m_inner.sendHead(head); }
    [[nodiscard]] bool isHeadSent() const override { return m_inner.isHeadSent(); }
    [[nodiscard]] BodySink& answer() override;
    void abort(std::uint32_t errorCode = 0) override { m_inner.abort(errorCode); }
    void onHangUp(std::function<void()> handler, bool halfCloseCounts) override
    {
        m_inner.onHangUp(std::move(handler), halfCloseCounts);
    }
    [[nodiscard]] bool isGone() const override { return m_inner.isGone(); }
    // Frames of another protocol are not looked into, and must not be changed.
    void startRaw() override;

private:
    [[nodiscard]] Leak leakOf(std::size_t entry, const char* where) const;
    [[nodiscard]] asio::awaitable<void> fetchValues();
    void editHead();
    // Those that are signatures. Returns why one can't be made; the body's leak may be it.
    [[nodiscard]] asio::awaitable<std::optional<std::string>> sign();
    [[nodiscard]] asio::awaitable<std::optional<std::string>> readBody();
    void screenBody();
    [[nodiscard]] bool hideIn(ResponseHead& head) const;

    SandboxDoor& m_door;
    GuestRequest& m_inner;
    secret::Destination m_destination;
    std::shared_ptr<const secret::Kit> m_kit; // null: the sandbox has none
    secret::Home m_home;
    std::optional<RequestHead> m_head; // where it differs from the guest's
    std::optional<ScreenedSource> m_body;
    std::optional<WholeBody> m_wholeBody; // where it was needed for a signature
    std::string m_wholeBytes;
    std::optional<ScreenedSink> m_answer;
    std::optional<Leak> m_leak;
    std::string m_used;
};

} // namespace sallyport::egress
