#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/secret/kit.h"
#include "engine/secret/vault.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// The credentials at work: references in the store, values in the vault and, while it is open, here; what programs print,
// for as long as it is fresh. Gives each sandbox its kit. Network thread only; the vault has a thread of its own and
// commands have two, so that a keyring's prompt or a slow program holds nothing else up.
class CredentialBook
{
public:
    struct Listener
    {
        std::function<void(const api::Credential&)> onChanged;
        std::function<void(const api::Credential&)> onRemoved;
        std::function<void(const api::Vault&)> onVaultChanged;
        std::function<void(const api::CredentialAlarm&)> onAlarm;
    };
    // When the sandbox's present run began; unset while it does not run.
    using StartOf = std::function<std::optional<UnixMillis>(api::SandboxId)>;

    // `placeholderKey` is this installation's; `known` are the credentials as they were stored. `store` outlives the book.
    CredentialBook(boost::asio::io_context& loop, store::Store& store, std::filesystem::path vaultFile,
                   std::string placeholderKey, std::vector<api::Credential> known, StartOf startOf);
    ~CredentialBook();

    void setListener(Listener listener) { m_listener = std::move(listener); }
    // Finds the vault, and reads it where it is open.
    [[nodiscard]] boost::asio::awaitable<void> open();

    [[nodiscard]] std::vector<api::Credential> list() const; // with their state, oldest first
    [[nodiscard]] api::Vault vault() const { return m_vaultStatus; }
    [[nodiscard]] Result<api::Credential> find(std::string_view idOrName) const;

    [[nodiscard]] boost::asio::awaitable<Result<api::Credential>> add(api::Credential credential, std::string value);
    // An empty value leaves the one that is there.
    [[nodiscard]] boost::asio::awaitable<Result<api::Credential>> update(api::Credential credential, std::string value);
    [[nodiscard]] boost::asio::awaitable<Status> remove(api::CredentialId credential);
    [[nodiscard]] boost::asio::awaitable<Result<api::Vault>> unlock(std::string passphrase);
    [[nodiscard]] boost::asio::awaitable<Result<api::Vault>> lock();

    // The value of a credential that lies in the open vault. For the engine's own use, never for an answer.
    [[nodiscard]] Result<std::string> valueOf(const std::string& name) const;
    // Null where the sandbox may use none.
    [[nodiscard]] std::shared_ptr<const secret::Kit> kitOf(api::SandboxId sandbox);
    // The same once what goes to this destination is fresh.
    [[nodiscard]] boost::asio::awaitable<std::shared_ptr<const secret::Kit>>
    freshKitOf(api::SandboxId sandbox, const secret::Destination& destination);
    // What a program in the sandbox gets: variables with placeholders.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environmentOf(api::SandboxId sandbox);
    // For the sandbox's handlers: the values, as they are now, of those among `names` that it may use, by the name of each
    // in env. Those that can't be had are left out.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>>
    valuesForHandlers(api::SandboxId sandbox, const std::vector<std::string>& names) const;
    // Whether none of them waits for a program to print it; and the wait, after which onChanged() has told of each.
    [[nodiscard]] bool areHandlersValuesFresh(api::SandboxId sandbox, const std::vector<std::string>& names) const;
    [[nodiscard]] boost::asio::awaitable<void> freshenHandlersValues(api::SandboxId sandbox, std::vector<std::string> names);
    // Whether handlers may be given it.
    [[nodiscard]] Status checkForHandlers(std::string_view name) const;

    void used(const std::vector<std::string>& names);
    void alarm(const api::CredentialAlarm& alarm);
    void sandboxRemoved(api::SandboxId sandbox);

private:
    struct Entry
    {
        api::Credential credential;
        secret::SharedSecret printed; // by its command, also when it is not fresh any more
        UnixMillis freshUntil = 0;
        std::string problem;
        std::shared_ptr<boost::asio::steady_timer> running; // expires when its command has ended
    };
    struct Made
    {
        std::optional<UnixMillis> startedAt;
        std::shared_ptr<const secret::Kit> kit;
    };

    [[nodiscard]] Result<Entry*> entry(api::CredentialId credential);
    [[nodiscard]] Entry* named(std::string_view name);
    [[nodiscard]] api::Credential shown(const Entry& entry) const;
    [[nodiscard]] secret::KitEntry kitEntry(const Entry& entry, api::SandboxId sandbox, UnixMillis startedAt) const;
    [[nodiscard]] Status check(const api::Credential& credential, std::string& value);
    [[nodiscard]] boost::asio::awaitable<Status> keep(const std::string& name, std::string value);
    [[nodiscard]] boost::asio::awaitable<void> run(api::CredentialId credential);
    [[nodiscard]] boost::asio::awaitable<Status> reload();
    [[nodiscard]] bool isForHandlers(const Entry& entry, api::SandboxId sandbox, const std::vector<std::string>& names) const;
    [[nodiscard]] static secret::KitEntry strangerTo(secret::KitEntry entry);
    void noteUse(api::CredentialId id);
    void announce(const Entry& entry);
    void announceAll();
    void forgetKits() { m_kits.clear(); }

    boost::asio::io_context& m_loop;
    store::Store& m_store;
    std::filesystem::path m_vaultFile;
    std::string m_placeholderKey;
    StartOf m_startOf;
    Listener m_listener;
    std::map<api::CredentialId, Entry> m_entries;
    std::shared_ptr<secret::Vault> m_vault; // null before open(); used on m_vaultThread only
    api::Vault m_vaultStatus;
    secret::Values m_values; // of the open vault
    std::map<api::SandboxId, Made> m_kits;
    std::set<api::CredentialId> m_newlyUsed;
    boost::asio::steady_timer m_useTimer;
    boost::asio::thread_pool m_vaultThread{1};
    boost::asio::thread_pool m_commandThreads{2};
};

// The installation's key for placeholders; made at its first use. It is no secret that opens anything, but who knows it
// could tell a placeholder from chance.
[[nodiscard]] Result<std::string> loadPlaceholderKey(const std::filesystem::path& file);

} // namespace sallyport::service
