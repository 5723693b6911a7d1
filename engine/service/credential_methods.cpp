// credentials.*, vault.*
#include "engine/policy/host.h"
#include "engine/secret/credential.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

struct Target
{
    secret::Destination destination;
    std::string text;
};

// The scheme, host and port of a URL as a person writes it; what follows does not matter.
Result<Target> targetOf(std::string_view url)
{
    const auto schemeEnd = url.find("://");
    const std::string_view scheme = schemeEnd == std::string_view::npos ? "https" : url.substr(0, schemeEnd);
    if (scheme != "https" && scheme != "http")
        return fail(Error::Code::Invalid, "url: write it as https://HOST/…");
    std::string_view rest = schemeEnd == std::string_view::npos ? url : url.substr(schemeEnd + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    const auto authority = policy::parseAuthority(rest);
    if (!authority)
        return fail("url", authority.error());
    Target target;
    target.destination = {authority->host, authority->port.value_or(scheme == "https" ? 443 : 80), scheme == "https"};
    target.text = authority->host.text();
    return target;
}

std::string testText(const secret::Kit* kit, const secret::Home& home, const Target& target)
{
    if (home.empty())
        return "no credential goes to " + target.text + (target.destination.tls ? "" : " without TLS");
    std::string text;
    for (const std::size_t index : home) {
        const secret::KitEntry& entry = kit->entries()[index];
        text += (text.empty() ? "" : "; ") + entry.credential.name + ": " + secret::useText(entry.credential);
        if (!entry.value && entry.credential.source == api::CredentialSource::Vault)
            text += ", but it can't be had: " + entry.problem;
    }
    return text;
}

// Taken out of the parameters, which are wiped of it.
Result<std::string> secretIn(Json& parameters, std::string_view name)
{
    const auto found = parameters.find(name);
    if (found == parameters.end())
        return std::string();
    if (!found->is_string())
        return fail(Error::Code::Invalid, std::string(name) + ": not a string");
    auto& held = found->get_ref<std::string&>();
    std::string value = held;
    secret::wipe(held);
    return value;
}

} // namespace

void Engine::bindCredentialMethods()
{
    m_server->registerMethod("credentials.list", [this](api::Connection&, Json) -> Reply {
        co_return Json{{"credentials", api::toJson(m_credentials->list())}, {"vault", api::toJson(m_credentials->vault())}};
    });

    using Keep = asio::awaitable<Result<api::Credential>> (CredentialBook::*)(api::Credential, std::string);
    const auto bindKeep = [this](std::string_view name, Keep keep) {
        m_server->registerMethod(name, [this, keep](api::Connection&, Json parameters) -> Reply {
            auto value = secretIn(parameters, "value");
            const auto credential = api::member<api::Credential>(parameters, "credential");
            if (!value || !credential)
                co_return tl::unexpected(!value ? value.error() : credential.error());
            for (const api::SandboxId id : credential->sandboxes.value_or(std::vector<api::SandboxId>{}))
                if (const auto known = m_sandboxes->get(id); !known)
                    co_return tl::unexpected(known.error());
            const auto kept = co_await ((*m_credentials).*keep)(*credential, std::move(*value));
            if (!kept)
                co_return tl::unexpected(kept.error());
            co_return api::toJson(*kept);
        });
    };
    bindKeep("credentials.add", &CredentialBook::add);
    bindKeep("credentials.update", &CredentialBook::update);

    m_server->registerMethod("credentials.remove", [this](api::Connection&, Json parameters) -> Reply {
        const auto id = credentialIn(parameters);
        if (!id)
            co_return tl::unexpected(id.error());
        const auto removed = co_await m_credentials->remove(*id);
        if (!removed)
            co_return tl::unexpected(removed.error());
        co_return Json::object();
    });

    m_server->registerMethod("credentials.test", [this](api::Connection&, Json parameters) -> Reply {
        const auto sandbox = sandboxIn(parameters);
        const auto url = api::member<std::string>(parameters, "url");
        if (!sandbox || !url)
            co_return tl::unexpected(!sandbox ? sandbox.error() : url.error());
        const auto target = targetOf(*url);
        if (!target)
            co_return tl::unexpected(target.error());
        const auto kit = m_credentials->kitOf(*sandbox);
        const secret::Home home = kit ? kit->homeAt(target->destination) : secret::Home{};
        Json names = Json::array();
        for (const std::size_t index : home)
            names.push_back(kit->entries()[index].credential.name);
        co_return Json{{"credentials", std::move(names)}, {"text", testText(kit.get(), home, *target)}};
    });

    m_server->registerMethod("vault.unlock", [this](api::Connection&, Json parameters) -> Reply {
        auto passphrase = secretIn(parameters, "passphrase");
        if (!passphrase)
            co_return tl::unexpected(passphrase.error());
        const auto vault = co_await m_credentials->unlock(std::move(*passphrase));
        if (!vault)
            co_return tl::unexpected(vault.error());
        co_return api::toJson(*vault);
    });

    m_server->registerMethod("vault.lock", [this](api::Connection&, Json) -> Reply {
        const auto vault = co_await m_credentials->lock();
        if (!vault)
            co_return tl::unexpected(vault.error());
        co_return api::toJson(*vault);
    });
}

// {credential: id or name}
Result<api::CredentialId> Engine::credentialIn(const Json& parameters) const
{
    const auto found = parameters.find("credential");
    std::string name;
    if (found != parameters.end() && found->is_string())
        name = found->get<std::string>();
    else if (const auto id = api::member<std::int64_t>(parameters, "credential"); id)
        name = std::to_string(*id);
    else
        return tl::unexpected(id.error());
    const auto known = m_credentials->find(name);
    return known ? Result<api::CredentialId>(known->id) : tl::unexpected(known.error());
}

} // namespace sallyport::service
