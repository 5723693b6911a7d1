#include "engine/service/credential_book.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <fcntl.h>
#include <openssl/rand.h>

#include "engine/base/log.h"
#include "engine/base/unique_fd.h"
#include "engine/api/offload.h"
#include "engine/secret/command.h"
#include "engine/secret/file_vault.h"
#include "engine/secret/placeholder.h"
#include "engine/secret/secret_service.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::offload;

CredentialBook::CredentialBook(asio::io_context& loop, store::Store& store, std::filesystem::path vaultFile,
                               std::string placeholderKey, std::vector<api::Credential> known, StartOf startOf)
    : m_loop(loop)
    , m_store(store)
    , m_vaultFile(std::move(vaultFile))
    , m_placeholderKey(std::move(placeholderKey))
    , m_startOf(std::move(startOf))
    , m_useTimer(loop)
{
    for (api::Credential& credential : known)
        m_entries[credential.id].credential = std::move(credential);
}

CredentialBook::~CredentialBook()
{
    if (m_vault)
        m_vault->cancel();
    m_commandThreads.join();
    m_vaultThread.join();
}

asio::awaitable<void> CredentialBook::open()
{
    // A file that was made once stays the vault: values must not seem lost because a keyring has appeared since.
    std::error_code error;
    const bool hasFile = std::filesystem::exists(m_vaultFile, error);
    auto found = co_await offload(m_vaultThread, [&]() -> std::shared_ptr<secret::Vault> {
        std::unique_ptr<secret::Vault> keyring = hasFile ? nullptr : secret::openSecretService();
        return std::shared_ptr<secret::Vault>(keyring ? std::move(keyring) : std::make_unique<secret::FileVault>(m_vaultFile));
    });
    m_vault = std::move(found);
    const auto loaded = co_await reload();
    static_cast<void>(loaded); // a locked vault is no fault
}

asio::awaitable<Status> CredentialBook::reload()
{
    struct Read
    {
        api::Vault status;
        Result<secret::Values> values;
    };
    auto read = co_await offload(m_vaultThread, [&] {
        api::Vault status = m_vault->status();
        auto values = status.isLocked ? Result<secret::Values>(secret::Values{}) : m_vault->load();
        return std::make_shared<Read>(Read{std::move(status), std::move(values)});
    });
    m_vaultStatus = read->status;
    if (!read->values)
        m_vaultStatus.problem = read->values.error().text;
    m_values = read->values ? std::move(*read->values) : secret::Values{};
    forgetKits();
    if (m_listener.onVaultChanged)
        m_listener.onVaultChanged(m_vaultStatus);
    announceAll();
    co_return read->values ? Status() : tl::unexpected(read->values.error());
}

// ---- What there is

api::Credential CredentialBook::shown(const Entry& entry) const
{
    api::Credential credential = entry.credential;
    credential.problem = entry.problem;
    if (credential.source == api::CredentialSource::Command)
        credential.state = entry.problem.empty() ? api::CredentialState::Ready : api::CredentialState::Failed;
    else if (m_values.contains(credential.name))
        credential.state = api::CredentialState::Ready;
    else
        credential.state = m_vaultStatus.isLocked ? api::CredentialState::Locked : api::CredentialState::Missing;
    return credential;
}

std::vector<api::Credential> CredentialBook::list() const
{
    std::vector<api::Credential> all;
    for (const auto& [id, entry] : m_entries)
        all.push_back(shown(entry));
    return all;
}

Result<api::Credential> CredentialBook::find(std::string_view idOrName) const
{
    for (const auto& [id, entry] : m_entries)
        if (entry.credential.name == idOrName || std::to_string(id) == idOrName)
            return shown(entry);
    return fail(Error::Code::NotFound, fmt::format("no credential '{}'", idOrName));
}

Result<CredentialBook::Entry*> CredentialBook::entry(api::CredentialId credential)
{
    const auto found = m_entries.find(credential);
    if (found == m_entries.end())
        return fail(Error::Code::NotFound, fmt::format("no credential with id {}", credential));
    return &found->second;
}

CredentialBook::Entry* CredentialBook::named(std::string_view name)
{
    for (auto& [id, entry] : m_entries)
        if (entry.credential.name == name)
            return &entry;
    return nullptr;
}

// ---- What a person changes

Status CredentialBook::check(const api::Credential& credential, std::string& value)
{
    if (auto good = secret::checkCredential(credential); !good)
        return good;
    if (!value.empty() && credential.source == api::CredentialSource::Command)
        return fail(Error::Code::Invalid, "the value comes from the command; give one or the other");
    return value.empty() ? Status() : secret::checkValue(credential, value);
}

asio::awaitable<Status> CredentialBook::keep(const std::string& name, std::string value)
{
    if (value.empty())
        co_return Status();
    if (!m_vault)
        co_return fail(Error::Code::Unavailable, "the vault is not open yet; try again");
    const secret::SharedSecret kept = secret::takeSecret(std::move(value));
    auto stored = co_await offload(m_vaultThread, [&] { return m_vault->store(name, kept); });
    if (stored)
        m_values[name] = kept;
    co_return stored;
}

asio::awaitable<Result<api::Credential>> CredentialBook::add(api::Credential credential, std::string value)
{
    if (auto good = check(credential, value); !good)
        co_return tl::unexpected(good.error());
    if (named(credential.name))
        co_return fail(Error::Code::Exists, fmt::format("there is a credential {} already", credential.name));
    if (m_entries.size() >= secret::MostCredentials)
        co_return fail(Error::Code::TooLarge, fmt::format("there are {} credentials; remove some first", secret::MostCredentials));
    credential.placeholderBytes = secret::placeholderBytesFor(value.size());
    if (auto kept = co_await keep(credential.name, std::move(value)); !kept)
        co_return tl::unexpected(kept.error());
    if (named(credential.name))
        co_return fail(Error::Code::Exists, fmt::format("there is a credential {} already", credential.name));
    credential.id = m_store.newCredentialId();
    credential.createdAt = nowUnixMillis();
    credential.uses = 0;
    credential.lastUsedAt.reset();
    m_store.saveCredential(credential);
    Entry& added = m_entries[credential.id];
    added.credential = std::move(credential);
    forgetKits();
    announce(added);
    co_return shown(added);
}

asio::awaitable<Result<api::Credential>> CredentialBook::update(api::Credential credential, std::string value)
{
    if (auto known = entry(credential.id); !known)
        co_return tl::unexpected(known.error());
    else if ((*known)->credential.name != credential.name)
        co_return fail(Error::Code::Invalid, "name: it stays as it is, since the vault knows the value by it");
    if (auto good = check(credential, value); !good)
        co_return tl::unexpected(good.error());
    if (auto kept = co_await keep(credential.name, std::move(value)); !kept)
        co_return tl::unexpected(kept.error());
    auto known = entry(credential.id);
    if (!known)
        co_return tl::unexpected(known.error());
    Entry& changed = **known;
    const api::Credential old = std::exchange(changed.credential, std::move(credential));
    changed.credential.createdAt = old.createdAt;
    changed.credential.placeholderBytes = old.placeholderBytes;
    changed.credential.uses = old.uses;
    changed.credential.lastUsedAt = old.lastUsedAt;
    changed.freshUntil = 0;
    changed.printed = nullptr;
    changed.problem.clear();
    m_store.saveCredential(changed.credential);
    forgetKits();
    announce(changed);
    co_return shown(changed);
}

asio::awaitable<Status> CredentialBook::remove(api::CredentialId credential)
{
    auto known = entry(credential);
    if (!known)
        co_return tl::unexpected(known.error());
    const api::Credential removedOne = (*known)->credential;
    const std::string& name = removedOne.name;
    const bool isInVault = (*known)->credential.source == api::CredentialSource::Vault && m_vault;
    // A value that can't be removed now would stay for ever, known to nobody.
    if (isInVault && m_vaultStatus.isLocked && !m_vaultStatus.isNew)
        co_return fail(Error::Code::Unavailable, "the vault is locked: unlock it first, so that the value goes too");
    if (isInVault && !m_vaultStatus.isLocked)
        if (auto removed = co_await offload(m_vaultThread, [&] { return m_vault->remove(name); }); !removed)
            co_return removed;
    m_values.erase(name);
    m_entries.erase(credential);
    m_store.removeCredential(credential);
    forgetKits();
    if (m_listener.onRemoved)
        m_listener.onRemoved(removedOne);
    co_return Status();
}

asio::awaitable<Result<api::Vault>> CredentialBook::unlock(std::string passphrase)
{
    if (!m_vault)
        co_return fail(Error::Code::Unavailable, "the vault is not open yet; try again");
    const secret::SharedSecret kept = secret::takeSecret(std::move(passphrase));
    auto unlocked = co_await offload(m_vaultThread, [&] { return m_vault->unlock(kept->view()); });
    if (!unlocked)
        co_return tl::unexpected(unlocked.error());
    if (auto loaded = co_await reload(); !loaded)
        co_return tl::unexpected(loaded.error());
    co_return m_vaultStatus;
}

asio::awaitable<Result<api::Vault>> CredentialBook::lock()
{
    if (!m_vault)
        co_return fail(Error::Code::Unavailable, "the vault is not open yet; try again");
    co_await offload(m_vaultThread, [&] {
        m_vault->lock();
        return true;
    });
    for (auto& [id, entry] : m_entries) {
        entry.printed = nullptr;
        entry.freshUntil = 0;
    }
    auto loaded = co_await reload();
    if (!loaded)
        co_return tl::unexpected(loaded.error());
    co_return m_vaultStatus;
}

// ---- What the door gets

secret::KitEntry CredentialBook::kitEntry(const Entry& entry, api::SandboxId sandbox, UnixMillis startedAt) const
{
    secret::KitEntry made;
    made.credential = entry.credential;
    made.placeholder = secret::makePlaceholder(m_placeholderKey, sandbox, startedAt, entry.credential);
    if (entry.credential.source == api::CredentialSource::Command) {
        made.value = entry.printed;
        made.freshUntil = entry.freshUntil;
        made.problem = entry.problem.empty() ? "its command has not been run" : entry.problem;
        return made;
    }
    if (const auto found = m_values.find(entry.credential.name); found != m_values.end())
        made.value = found->second;
    made.problem = m_vaultStatus.isLocked ? "the vault is locked; unlock it (sallyctl credentials unlock)" : "the vault has no value for it";
    return made;
}

Result<std::string> CredentialBook::valueOf(const std::string& name) const
{
    if (const auto found = m_values.find(name); found != m_values.end() && found->second)
        return std::string(found->second->view());
    return fail(Error::Code::NotFound, m_vaultStatus.isLocked ? "the vault is locked" : "the vault has no credential " + name);
}

std::shared_ptr<const secret::Kit> CredentialBook::kitOf(api::SandboxId sandbox)
{
    if (m_entries.empty())
        return nullptr;
    const auto startedAt = m_startOf(sandbox);
    const auto known = m_kits.find(sandbox);
    if (known != m_kits.end() && known->second.startedAt == startedAt)
        return known->second.kit;
    std::vector<secret::KitEntry> entries;
    for (const auto& [id, entry] : m_entries)
        if (secret::mayUse(entry.credential, sandbox))
            entries.push_back(kitEntry(entry, sandbox, startedAt.value_or(0)));
        else // what it may not use it must not send either
            entries.push_back(strangerTo(kitEntry(entry, sandbox, startedAt.value_or(0))));
    auto kit = std::make_shared<const secret::Kit>(std::move(entries));
    m_kits[sandbox] = {startedAt, kit};
    return kit;
}

secret::KitEntry CredentialBook::strangerTo(secret::KitEntry entry)
{
    entry.credential.hosts.clear();
    entry.credential.variable.clear();
    return entry;
}

asio::awaitable<std::shared_ptr<const secret::Kit>>
CredentialBook::freshKitOf(api::SandboxId sandbox, const secret::Destination& destination)
{
    const auto kit = kitOf(sandbox);
    if (!kit)
        co_return kit;
    for (const std::size_t index : kit->homeAt(destination))
        if (kit->entries()[index].freshUntil <= nowUnixMillis())
            co_await run(kit->entries()[index].credential.id);
    co_return kitOf(sandbox);
}

// Once for all who wait for it.
asio::awaitable<void> CredentialBook::run(api::CredentialId id)
{
    auto known = entry(id);
    if (!known)
        co_return;
    if (const auto running = (*known)->running) {
        boost::system::error_code ignored;
        co_await running->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return;
    }
    const auto ended = std::make_shared<asio::steady_timer>(m_loop, asio::steady_timer::time_point::max());
    (*known)->running = ended;
    const api::Credential credential = (*known)->credential;
    auto printed = co_await offload(m_commandThreads, [&] {
        return std::make_shared<Result<std::string>>(secret::runCommand(credential.command));
    });
    if (*printed)
        if (auto good = secret::checkValue(credential, **printed); !good)
            *printed = tl::unexpected(good.error());
    ended->cancel();
    known = entry(id);
    if (!known)
        co_return;
    Entry& changed = **known;
    changed.running = nullptr;
    if (changed.credential.command != credential.command || changed.credential.source != credential.source)
        co_return; // changed meanwhile: what was printed is not its value any more
    changed.problem = *printed ? std::string() : printed->error().text;
    changed.printed = *printed ? secret::takeSecret(std::move(**printed)) : nullptr;
    // A program that fails is not run for each request either.
    constexpr int FailedSeconds = 5;
    const int seconds = *printed ? std::max(changed.credential.cacheSeconds, 1) : FailedSeconds;
    changed.freshUntil = nowUnixMillis() + UnixMillis{seconds} * 1000;
    forgetKits();
    announce(changed);
}

std::vector<std::pair<std::string, std::string>> CredentialBook::environmentOf(api::SandboxId sandbox)
{
    std::vector<std::pair<std::string, std::string>> variables;
    if (const auto kit = kitOf(sandbox))
        for (const secret::KitEntry& entry : kit->entries())
            if (!entry.credential.variable.empty()) {
                variables.emplace_back(entry.credential.variable, entry.placeholder);
                // Its clients sign with whatever they have; the signature is made anew.
                if (entry.credential.use == api::CredentialUse::AwsSigV4 && entry.credential.variable == "AWS_ACCESS_KEY_ID")
                    variables.emplace_back("AWS_SECRET_ACCESS_KEY", entry.placeholder);
            }
    return variables;
}

// What is not the whole secret on the wire could not be taken out of a handler's answer again.
bool CredentialBook::isForHandlers(const Entry& entry, api::SandboxId sandbox, const std::vector<std::string>& names) const
{
    const api::Credential& credential = entry.credential;
    return std::find(names.begin(), names.end(), credential.name) != names.end() && secret::mayUse(credential, sandbox) &&
           checkForHandlers(credential.name).has_value();
}

Status CredentialBook::checkForHandlers(std::string_view name) const
{
    for (const auto& [id, entry] : m_entries)
        if (entry.credential.name == name)
            return secret::isSentWhole(entry.credential)
                       ? Status()
                       : fail(Error::Code::Invalid, fmt::format("{} only signs or gets tokens; its value is for nobody", name));
    return fail(Error::Code::NotFound, fmt::format("no credential '{}'", name));
}

std::vector<std::pair<std::string, std::string>>
CredentialBook::valuesForHandlers(api::SandboxId sandbox, const std::vector<std::string>& names) const
{
    std::vector<std::pair<std::string, std::string>> values;
    for (const auto& [id, entry] : m_entries) {
        if (!isForHandlers(entry, sandbox, names))
            continue;
        const bool isPrinted = entry.credential.source == api::CredentialSource::Command;
        const auto stored = m_values.find(entry.credential.name);
        const secret::SharedSecret value = isPrinted ? entry.printed : stored == m_values.end() ? nullptr : stored->second;
        if (value)
            values.emplace_back(secret::variableOf(entry.credential), std::string(value->view()));
    }
    return values;
}

bool CredentialBook::areHandlersValuesFresh(api::SandboxId sandbox, const std::vector<std::string>& names) const
{
    if (names.empty())
        return true;
    return std::none_of(m_entries.begin(), m_entries.end(), [&](const auto& each) {
        const Entry& entry = each.second;
        return entry.credential.source == api::CredentialSource::Command && entry.freshUntil <= nowUnixMillis() &&
               isForHandlers(entry, sandbox, names);
    });
}

asio::awaitable<void> CredentialBook::freshenHandlersValues(api::SandboxId sandbox, std::vector<std::string> names)
{
    std::vector<api::CredentialId> stale;
    for (const auto& [id, entry] : m_entries)
        if (entry.credential.source == api::CredentialSource::Command && entry.freshUntil <= nowUnixMillis() &&
            isForHandlers(entry, sandbox, names))
            stale.push_back(id);
    for (const api::CredentialId id : stale)
        co_await run(id);
}

void CredentialBook::used(const std::vector<std::string>& names)
{
    for (const std::string& name : names)
        if (Entry* entry = named(name)) {
            ++entry->credential.uses;
            entry->credential.lastUsedAt = nowUnixMillis();
            noteUse(entry->credential.id);
        }
}

void CredentialBook::alarm(const api::CredentialAlarm& alarm)
{
    log::warning("credentials", fmt::format("{}: {}", alarm.sandboxName, alarm.text));
    if (m_listener.onAlarm)
        m_listener.onAlarm(alarm);
}

// At most once a second for each: a busy sandbox uses one for every request.
void CredentialBook::noteUse(api::CredentialId id)
{
    if (!m_newlyUsed.insert(id).second || m_newlyUsed.size() > 1)
        return;
    m_useTimer.expires_after(std::chrono::seconds(1));
    m_useTimer.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        for (const api::CredentialId used : std::exchange(m_newlyUsed, {}))
            if (auto known = entry(used)) {
                m_store.saveCredential((*known)->credential);
                announce(**known);
            }
    });
}

void CredentialBook::sandboxRemoved(api::SandboxId sandbox)
{
    m_kits.erase(sandbox);
    for (auto& [id, entry] : m_entries) {
        auto& some = entry.credential.sandboxes;
        if (!some || std::erase(*some, sandbox) == 0)
            continue;
        m_store.saveCredential(entry.credential);
        announce(entry);
    }
}

void CredentialBook::announce(const Entry& entry)
{
    if (m_listener.onChanged)
        m_listener.onChanged(shown(entry));
}

void CredentialBook::announceAll()
{
    for (const auto& [id, entry] : m_entries)
        announce(entry);
}

Result<std::string> loadPlaceholderKey(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string key{std::istreambuf_iterator<char>(file), {}};
    if (key.size() == secret::PlaceholderKeyBytes)
        return key;
    key.assign(secret::PlaceholderKeyBytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1)
        return fail(Error::Code::Internal, "the system gives no random bytes");
    const UniqueFd made(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!made.isOpen() || ::write(made.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size()))
        return failErrno("write " + path.string(), errno);
    return key;
}

} // namespace sallyport::service
