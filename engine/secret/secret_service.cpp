#include "engine/secret/secret_service.h"

#include <cstdlib>
#include <filesystem>

#include <libsecret/secret.h>

namespace sallyport::secret {

namespace {

struct Unref
{
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T> using Owned = std::unique_ptr<T, Unref>;

struct FreeError
{
    void operator()(GError* error) const { g_error_free(error); }
};

// What a call of GLib's leaves.
class Fault
{
public:
    [[nodiscard]] GError** out() { return &m_error; }
    explicit operator bool() const { return m_error != nullptr; }
    [[nodiscard]] tl::unexpected<Error> as(std::string_view doing)
    {
        const std::unique_ptr<GError, FreeError> error(m_error);
        m_error = nullptr;
        return fail(Error::Code::Unavailable,
                    std::string(doing) + ": " +
                        (error ? error->message : "the keyring gave no reason"));
    }
    ~Fault() { g_clear_error(&m_error); }
    Fault() = default;
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;

private:
    GError* m_error = nullptr;
};

const SecretSchema* schema()
{
    static const SecretSchema sallyport = {
        "org.sallyport.Credential",
        SECRET_SCHEMA_NONE,
        {{"credential", SECRET_SCHEMA_ATTRIBUTE_STRING}, {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
        0,
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr,
        nullptr};
    return &sallyport;
}

struct FreeTable
{
    void operator()(GHashTable* table) const { g_hash_table_unref(table); }
};
using Table = std::unique_ptr<GHashTable, FreeTable>;

class SecretServiceVault final : public Vault
{
public:
    explicit SecretServiceVault(Owned<SecretService> service)
        : m_service(std::move(service))
    {
    }

    [[nodiscard]] api::Vault status() override
    {
        api::Vault status{api::VaultKind::SecretService, false, m_isClosed, {}};
        const auto locked = isKeyringLocked();
        if (!locked)
            status.problem = locked.error().text;
        else if (*locked)
            status.isLocked = true;
        return status;
    }

    // The keyring's own prompt asks the person.
    [[nodiscard]] Status unlock(std::string_view) override
    {
        Fault fault;
        const Owned<SecretCollection> found = collection(fault);
        if (fault)
            return fault.as("find the desktop's keyring");
        if (found && secret_collection_get_locked(found.get()) != FALSE) {
            GList* const wanted = g_list_append(nullptr, found.get());
            const gint count = secret_service_unlock_sync(m_service.get(), wanted, m_cancel.get(),
                                                          nullptr, fault.out());
            g_list_free(wanted);
            if (fault)
                return fault.as("unlock the desktop's keyring");
            if (count == 0)
                return fail(Error::Code::Refused, "the desktop's keyring was not unlocked");
        }
        m_isClosed = false;
        return {};
    }

    // Ours alone: other programs go on using the keyring.
    void lock() override { m_isClosed = true; }

    [[nodiscard]] Result<Values> load() override
    {
        if (auto open = checkOpen(); !open)
            return tl::unexpected(open.error());
        Fault fault;
        const Table attributes(g_hash_table_new(g_str_hash, g_str_equal));
        const int flags = SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS;
        GList* const found = secret_service_search_sync(m_service.get(), schema(), attributes.get(),
                                                        static_cast<SecretSearchFlags>(flags),
                                                        m_cancel.get(), fault.out());
        if (fault)
            return fault.as("read the desktop's keyring");
        Values values;
        for (const GList* at = found; at != nullptr; at = at->next)
            take(static_cast<SecretItem*>(at->data), values);
        g_list_free_full(found, g_object_unref);
        return values;
    }

    [[nodiscard]] Status store(const std::string& name, const SharedSecret& value) override
    {
        if (auto open = checkOpen(); !open)
            return open;
        Fault fault;
        SecretValue* const secret =
            secret_value_new(value->view().data(), static_cast<gssize>(value->view().size()),
                             "application/octet-stream");
        const Table attributes(
            secret_attributes_build(schema(), "credential", name.c_str(), nullptr));
        secret_service_store_sync(m_service.get(), schema(), attributes.get(),
                                  SECRET_COLLECTION_DEFAULT, ("Sallyport: " + name).c_str(), secret,
                                  m_cancel.get(), fault.out());
        secret_value_unref(secret);
        if (fault)
            return fault.as("store in the desktop's keyring");
        return {};
    }

    [[nodiscard]] Status remove(const std::string& name) override
    {
        if (auto open = checkOpen(); !open)
            return open;
        Fault fault;
        const Table attributes(
            secret_attributes_build(schema(), "credential", name.c_str(), nullptr));
        secret_service_clear_sync(m_service.get(), schema(), attributes.get(), m_cancel.get(),
                                  fault.out());
        if (fault)
            return fault.as("remove from the desktop's keyring");
        return {};
    }

    void cancel() override { g_cancellable_cancel(m_cancel.get()); }

private:
    [[nodiscard]] Owned<SecretCollection> collection(Fault& fault) const
    {
        return Owned<SecretCollection>(
            secret_collection_for_alias_sync(m_service.get(), SECRET_COLLECTION_DEFAULT,
                                             SECRET_COLLECTION_NONE, m_cancel.get(), fault.out()));
    }

    [[nodiscard]] Result<bool> isKeyringLocked() const
    {
        Fault fault;
        const Owned<SecretCollection> found = collection(fault);
        if (fault)
            return fault.as("the desktop's keyring");
        return found && secret_collection_get_locked(found.get()) != FALSE;
    }

    // Asked before each use: a keyring that locks itself would have its person asked out of the
    // blue, and give nothing until then.
    [[nodiscard]] Status checkOpen() const
    {
        const auto locked = isKeyringLocked();
        if (!locked)
            return tl::unexpected(locked.error());
        if (m_isClosed || *locked)
            return fail(Error::Code::Unavailable, "the vault is locked: unlock it first");
        return {};
    }

    static void take(SecretItem* item, Values& values)
    {
        const Table attributes(secret_item_get_attributes(item));
        const auto* const name =
            static_cast<const char*>(g_hash_table_lookup(attributes.get(), "credential"));
        SecretValue* const secret = secret_item_get_secret(item);
        if (secret == nullptr)
            return;
        gsize size = 0;
        const gchar* const bytes = secret_value_get(secret, &size);
        if (name != nullptr)
            values[name] = std::make_shared<const SecretText>(std::string_view(bytes, size));
        secret_value_unref(secret);
    }

    Owned<SecretService> m_service;
    Owned<GCancellable> m_cancel{g_cancellable_new()};
    bool m_isClosed = false; // by the person, in this engine
};

// Without this GLib would try to start a bus of its own.
bool hasSessionBus()
{
    if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
        address != nullptr && *address != '\0')
        return true;
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::error_code error;
    return runtime != nullptr &&
           std::filesystem::exists(std::filesystem::path(runtime) / "bus", error);
}

} // namespace

std::unique_ptr<Vault> openSecretService()
{
    if (!hasSessionBus())
        return nullptr;
    Fault fault;
    Owned<SecretService> service(
        secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, nullptr, fault.out()));
    if (fault || !service)
        return nullptr;
    return std::make_unique<SecretServiceVault>(std::move(service));
}

} // namespace sallyport::secret
