#include "engine/service/binding_book.h"

#include <limits>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "engine/api/offload.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::offload;

BindingBook::BindingBook(asio::io_context& loop, std::shared_ptr<binding::Depot> depot)
    : m_loop(loop)
    , m_bindings(std::make_shared<binding::Bindings>(std::move(depot)))
    , m_tellTimer(loop)
    , m_tidyTimer(loop)
{
    m_bindings->depot()->setListener([this, alive = m_alive](bool catalogueToo) {
        asio::post(m_loop, [this, alive, catalogueToo] {
            if (*alive)
                depotChanged(catalogueToo);
        });
    });
    asio::co_spawn(m_loop, everyMinute(), asio::detached);
}

BindingBook::~BindingBook()
{
    *m_alive = false;
    m_bindings->depot()->setListener({});
}

void BindingBook::depotChanged(bool catalogueToo)
{
    if (catalogueToo && m_listener.onCatalogueChanged)
        m_listener.onCatalogueChanged();
    if (std::exchange(m_isTelling, true))
        return;
    // Whoever shows a single change does so at once; many are told as one.
    m_tellTimer.expires_after(catalogueToo ? std::chrono::seconds(0) : std::chrono::seconds(1));
    m_tellTimer.async_wait([this, alive = m_alive](const boost::system::error_code& error) {
        if (error || !*alive)
            return;
        m_isTelling = false;
        if (m_listener.onChanged)
            m_listener.onChanged();
    });
}

asio::awaitable<void> BindingBook::everyMinute()
{
    const auto alive = m_alive;
    const auto bindings = m_bindings;
    for (;;) {
        boost::system::error_code error;
        m_tidyTimer.expires_after(std::chrono::minutes(1));
        co_await m_tidyTimer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error || !*alive)
            co_return;
        co_await offload(bindings->workers(), [&] {
            bindings->depot()->tidy(nowUnixMillis());
            return true;
        });
        if (!*alive)
            co_return;
    }
}

Result<std::int64_t> BindingBook::storeOf(api::BindingKind kind, const std::string& name) const
{
    const auto catalogue = m_bindings->catalogue();
    if (const auto* entry = catalogue->find(kind, name); entry != nullptr && kind != api::BindingKind::Service)
        return entry->id;
    return fail(Error::Code::NotFound, fmt::format("there is no {} '{}'", binding::kindName(kind), name));
}

asio::awaitable<Result<BindingBook::Draft>> BindingBook::begin(api::BindingKind kind, std::string name)
{
    const auto store = storeOf(kind, name);
    if (!store)
        co_return tl::unexpected(store.error());
    const std::int64_t most =
        kind == api::BindingKind::Kv ? binding::MostKvValueBytes : std::numeric_limits<std::int64_t>::max() / 4;
    auto draft = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->begin(*store, binding::Draft::Place::Any, most);
    });
    if (!draft)
        co_return tl::unexpected(draft.error());
    co_return Draft(std::move(*draft));
}

asio::awaitable<Result<std::int64_t>>
BindingBook::beginUpload(api::Connection& connection, api::BindingKind kind, std::string name)
{
    if (m_uploads.size() >= MostUploads)
        co_return fail(Error::Code::Unavailable, fmt::format("{} uploads run already; end some first", MostUploads));
    const auto owner = connection.shared_from_this();
    auto beginning = begin(kind, std::move(name));
    auto draft = co_await std::move(beginning);
    if (!draft)
        co_return tl::unexpected(draft.error());
    const std::int64_t id = ++m_lastUpload;
    m_uploads[id] = {owner->id(), std::move(*draft)};
    owner->onClosed([this, id, alive = m_alive] {
        if (*alive)
            m_uploads.erase(id);
    });
    co_return id;
}

Result<BindingBook::Upload*> BindingBook::find(std::uint64_t connection, std::int64_t upload)
{
    const auto found = m_uploads.find(upload);
    if (found == m_uploads.end() || found->second.connection != connection)
        return fail(Error::Code::NotFound, fmt::format("this connection has no upload {}", upload));
    if (found->second.isBusy)
        return fail(Error::Code::Conflict, "the bytes before are not stored yet; wait for their answer");
    return &found->second;
}

asio::awaitable<Status> BindingBook::append(std::uint64_t connection, std::int64_t upload, std::string bytes)
{
    const auto found = find(connection, upload);
    if (!found)
        co_return tl::unexpected(found.error());
    (*found)->isBusy = true;
    const Draft draft = (*found)->draft;
    const Status appended = co_await offload(m_bindings->workers(), [&] { return draft->append(bytes); });
    const auto still = m_uploads.find(upload);
    if (still != m_uploads.end()) {
        still->second.isBusy = false;
        if (!appended)
            m_uploads.erase(still);
    }
    co_return appended;
}

Result<BindingBook::Draft> BindingBook::takeUpload(std::uint64_t connection, std::int64_t upload)
{
    const auto found = find(connection, upload);
    if (!found)
        return tl::unexpected(found.error());
    Draft draft = std::move((*found)->draft);
    m_uploads.erase(upload);
    return draft;
}

asio::awaitable<Result<BindingBook::Draft>>
BindingBook::draftOf(api::BindingKind kind, std::string name, std::string bytes)
{
    auto beginning = begin(kind, std::move(name));
    auto draft = co_await std::move(beginning);
    if (!draft)
        co_return draft;
    const Status appended = co_await offload(m_bindings->workers(), [&] { return (*draft)->append(bytes); });
    if (!appended)
        co_return tl::unexpected(appended.error());
    co_return draft;
}

} // namespace sallyport::service
