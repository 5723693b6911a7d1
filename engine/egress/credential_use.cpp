#include "engine/egress/credential_use.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/egress/credential_fields.h"
#include "engine/secret/encoding.h"

namespace sallyport::egress {

CredentialUse::CredentialUse(SandboxDoor& door, GuestRequest& request)
    : m_door(door)
    , m_inner(request)
{
}

CredentialUse::Leak CredentialUse::leakOf(std::size_t entry, const char* where) const
{
    const std::string& name = m_kit->entries()[entry].credential.name;
    std::string text =
        fmt::format("the credential {}, or its placeholder, was in {} of a request to "
                    "{}, which may not have it",
                    name, where, m_destination.host.text());
    if (!m_destination.tls && !m_kit->entries()[entry].credential.plainHttp)
        text += " (or not without TLS)";
    return {name, std::move(text)};
}

std::optional<CredentialUse::Leak> CredentialUse::leakInHead(secret::Destination destination)
{
    m_kit = m_door.context->gatekeeper.credentials(m_door.id);
    if (!m_kit)
        return std::nullopt;
    m_destination = std::move(destination);
    m_home = m_kit->homeAt(m_destination);
    const RequestHead& head = m_inner.head();
    for (const std::string& text :
         {head.path, secret::percentDecoded(head.path), head.authority, head.method})
        if (const auto entry = m_kit->strangerIn(text, m_home))
            return leakOf(*entry, "the address");
    for (const Field field : head.fields)
        for (const std::string_view text : {field.name, field.value})
            if (const auto entry = m_kit->strangerIn(text, m_home))
                return leakOf(*entry, "a header");
    return std::nullopt;
}

asio::awaitable<std::optional<std::string>> CredentialUse::fitOut(secret::Destination destination)
{
    if (!m_kit)
        co_return std::nullopt;
    m_destination = std::move(destination);
    m_home = m_kit->homeAt(m_destination);
    co_await fetchValues();
    for (const std::size_t index : m_home) {
        const secret::KitEntry& entry = m_kit->entries()[index];
        const bool isOnlyForPlaceholders =
            entry.credential.use == api::CredentialUse::Placeholder ||
            entry.credential.use == api::CredentialUse::AwsSigV4;
        const bool isNeeded =
            !isOnlyForPlaceholders || holdsPlaceholder(m_inner.head(), entry.placeholder);
        if (!entry.value && isNeeded)
            co_return fmt::format(
                "the credential {} is to go with this request and can't be had: {}",
                entry.credential.name, entry.problem);
    }
    editHead();
    screenBody();
    co_return co_await sign();
}

asio::awaitable<std::optional<std::string>> CredentialUse::sign()
{
    for (const std::size_t index : m_home) {
        const secret::KitEntry& entry = m_kit->entries()[index];
        if (entry.credential.use != api::CredentialUse::AwsSigV4 || !entry.value)
            continue;
        if (isPresignedForAws(head().path, entry.placeholder))
            co_return fmt::format("the credential {} signs requests, not URLs: have the client "
                                  "send the signature in the Authorization header",
                                  entry.credential.name);
        auto as = awsAuthorization(head(), entry.placeholder);
        if (!as)
            continue;
        auto payload = awsPayload(head());
        if (payload && !*payload) {
            if (auto problem = co_await readBody())
                co_return problem;
            payload = std::optional<std::string>(secret::awsPayloadHash(m_wholeBytes));
        }
        const Status made =
            payload ? signForAws(*m_head, std::move(*as), entry.value->view(), std::move(**payload))
                    : tl::unexpected(payload.error());
        if (!made)
            co_return fmt::format("the request can't be signed for {}: {}", entry.credential.name,
                                  made.error().text);
    }
    co_return std::nullopt;
}

// The digest of a body stands before it.
asio::awaitable<std::optional<std::string>> CredentialUse::readBody()
{
    constexpr std::size_t MostBytes = 1024 * 1024;
    if (m_wholeBody)
        co_return std::nullopt;
    if (m_inner.head().expectsContinue) {
        ResponseHead goOn;
        goOn.status = 100;
        m_inner.sendInterim(goOn);
        co_await m_inner.answer().flush();
        m_head->fields.remove("expect");
        m_head->expectsContinue = false;
    }
    BodySource& from = body();
    for (bool more = true; more;) {
        std::string_view piece;
        switch (from.next(piece)) {
        case BodySource::State::Piece:
            m_wholeBytes.append(piece);
            break;
        case BodySource::State::Blocked:
            co_await from.wait();
            break;
        case BodySource::State::End:
            more = false;
            break;
        case BodySource::State::Failed:
            co_return "the body of the request was cut off or malformed: " + from.fault();
        }
        if (m_wholeBytes.size() > MostBytes)
            co_return "a body of more than 1 MiB without its digest (X-Amz-Content-Sha256) is not "
                      "signed anew";
    }
    m_head->framing = {BodyKind::Length, m_wholeBytes.size()};
    setField(m_head->fields, "Content-Length", std::to_string(m_wholeBytes.size()));
    m_head->fields.remove("transfer-encoding");
    m_wholeBody.emplace(m_wholeBytes);
    co_return std::nullopt;
}

asio::awaitable<void> CredentialUse::fetchValues()
{
    const UnixMillis now = nowUnixMillis();
    const bool allFresh = std::all_of(m_home.begin(), m_home.end(), [&](std::size_t index) {
        return now < m_kit->entries()[index].freshUntil;
    });
    if (allFresh)
        co_return;
    m_kit = co_await m_door.context->gatekeeper.fetchCredentials(m_door.id, m_destination);
    if (m_kit)
        m_home = m_kit->homeAt(m_destination);
    else
        m_home.clear();
}

void CredentialUse::editHead()
{
    if (m_home.empty())
        return;
    RequestHead edited = m_inner.head();
    std::vector<std::string> used;
    for (const std::size_t index : m_home)
        if (putIn(edited, *m_kit, index))
            used.push_back(m_kit->entries()[index].credential.name);
    for (const std::size_t index : swapPlaceholders(edited, *m_kit, m_home))
        if (const std::string& name = m_kit->entries()[index].credential.name;
            std::find(used.begin(), used.end(), name) == used.end())
            used.push_back(name);
    // A compressed answer could not be looked into.
    if (m_kit->hasValues())
        setField(edited.fields, "Accept-Encoding", "identity");
    m_head = std::move(edited);
    m_used = fmt::format("{}", fmt::join(used, ", "));
    if (!used.empty())
        m_door.context->gatekeeper.credentialsUsed(used);
}

void CredentialUse::screenBody()
{
    if (m_inner.head().framing.kind == BodyKind::None)
        return;
    secret::Kit::Stream stream = m_kit->leaving(m_home);
    if (stream.scanner.isEmpty())
        return;
    if (!stream.keepsLength && m_head && m_head->framing.kind == BodyKind::Length) {
        m_head->framing = {BodyKind::Chunked, 0};
        m_head->fields.remove("content-length");
    }
    m_body.emplace(m_inner.body(), std::move(stream),
                   [this](std::size_t entry) { m_leak = leakOf(entry, "the body"); });
}

void CredentialUse::seeAnswer(ResponseHead& head)
{
    if (seeHead(head))
        m_answer.emplace(m_inner.answer(), m_kit);
}

bool CredentialUse::seeHead(ResponseHead& head) const
{
    return m_head && m_kit->hasValues() && hideIn(head);
}

void CredentialUse::seeHandlersAnswer(ResponseHead& head)
{
    // As they are now: the handler may have waited for one.
    m_kit = m_door.context->gatekeeper.credentials(m_door.id);
    if (m_kit && m_kit->hasValues() && hideIn(head))
        m_answer.emplace(m_inner.answer(), m_kit);
}

// Whether the body may hold something too.
bool CredentialUse::hideIn(ResponseHead& head) const
{
    head.fields = withPlaceholders(head.fields, *m_kit);
    if (auto reason = m_kit->withPlaceholders(head.reason))
        head.reason = std::move(*reason);
    if (head.framing.kind == BodyKind::None || head.status == 101)
        return false;
    if (!m_kit->arriving().keepsLength && head.framing.kind == BodyKind::Length) {
        head.framing = {BodyKind::Chunked, 0};
        head.fields.remove("content-length");
    }
    return true;
}

void CredentialUse::startRaw()
{
    m_body.reset();
    m_wholeBody.reset();
    m_answer.reset();
    m_inner.startRaw();
}

const RequestHead& CredentialUse::head() const
{
    return m_head ? *m_head : m_inner.head();
}

BodySource& CredentialUse::body()
{
    if (m_wholeBody)
        return *m_wholeBody;
    return m_body ? static_cast<BodySource&>(*m_body) : m_inner.body();
}

BodySink& CredentialUse::answer()
{
    return m_answer ? static_cast<BodySink&>(*m_answer) : m_inner.answer();
}

} // namespace sallyport::egress
