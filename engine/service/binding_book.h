#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/api/connection.h"
#include "engine/binding/bindings.h"

namespace sallyport::service
{

// Namespaces, buckets and services as the API and the window see them: tells of changes, sweeps what is past its time,
// and holds the contents that clients of the API are sending. Network thread only; the depot's disk is waited for on a worker.
class BindingBook
{
public:
    struct Listener
    {
        std::function<void()> onCatalogueChanged; // at once: ladders and handlers follow
        std::function<void()> onChanged;          // anything, at most once a second
    };
    using Draft = std::shared_ptr<binding::Draft>;

    static constexpr std::size_t MostUploads = 16; // of all clients
    static constexpr std::int64_t MostPieceBytes = 512 * 1024;

    BindingBook(boost::asio::io_context& loop, std::shared_ptr<binding::Depot> depot);
    ~BindingBook();
    BindingBook(const BindingBook&) = delete;
    BindingBook& operator=(const BindingBook&) = delete;

    void setListener(Listener listener) { m_listener = std::move(listener); }
    [[nodiscard]] const std::shared_ptr<binding::Bindings>& bindings() const { return m_bindings; }

    // A content that a client sends piece by piece; gone with its connection.
    [[nodiscard]] boost::asio::awaitable<Result<std::int64_t>>
    beginUpload(api::Connection& connection, api::BindingKind kind, std::string name);
    [[nodiscard]] boost::asio::awaitable<Status> append(std::uint64_t connection, std::int64_t upload, std::string bytes);
    [[nodiscard]] Result<Draft> takeUpload(std::uint64_t connection, std::int64_t upload);
    // One of these bytes.
    [[nodiscard]] boost::asio::awaitable<Result<Draft>> draftOf(api::BindingKind kind, std::string name, std::string bytes);
    // The id for the depot.
    [[nodiscard]] Result<std::int64_t> storeOf(api::BindingKind kind, const std::string& name) const;

private:
    struct Upload
    {
        std::uint64_t connection = 0;
        Draft draft;
        bool isBusy = false;
    };

    [[nodiscard]] Result<Upload*> find(std::uint64_t connection, std::int64_t upload);
    [[nodiscard]] boost::asio::awaitable<Result<Draft>> begin(api::BindingKind kind, std::string name);
    [[nodiscard]] boost::asio::awaitable<void> everyMinute();
    void depotChanged(bool catalogueToo);

    boost::asio::io_context& m_loop;
    std::shared_ptr<binding::Bindings> m_bindings;
    Listener m_listener;
    boost::asio::steady_timer m_tellTimer;
    boost::asio::steady_timer m_tidyTimer;
    bool m_isTelling = false;
    std::map<std::int64_t, Upload> m_uploads;
    std::int64_t m_lastUpload = 0;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace sallyport::service
