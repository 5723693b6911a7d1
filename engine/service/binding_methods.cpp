// bindings.*, contents.*, kv.*, objects.*
#include <fmt/format.h>

#include "engine/api/bindings.h"
#include "engine/api/offload.h"
#include "engine/base/text.h"
#include "engine/binding/kv_request.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::BindingKind;
using api::Json;
using api::offload;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

struct Named
{
    BindingKind kind = BindingKind::Kv;
    std::string name;
};

Result<Named> namedIn(const Json& parameters)
{
    const auto kind = api::member<BindingKind>(parameters, "kind");
    auto name = api::member<std::string>(parameters, "name");
    if (!kind || !name)
        return tl::unexpected(!kind ? kind.error() : name.error());
    return Named{*kind, std::move(*name)};
}

template <typename T> Result<Json> jsonOf(const Result<T>& value)
{
    return value ? Result<Json>(api::toJson(*value)) : tl::unexpected(value.error());
}

std::string nameMember(BindingKind kind)
{
    return kind == BindingKind::Kv ? "namespace" : "bucket";
}

api::KvKey keyOf(const binding::Item& item)
{
    return {item.key, item.bytes, item.expiresAt, item.metadata, item.storedAt};
}

api::ObjectInfo objectOf(const binding::Item& item)
{
    const Json http = Json::parse(item.http, nullptr, false);
    api::ObjectInfo info{item.key, item.bytes, item.etag, {}, item.metadata, item.storedAt};
    if (http.is_object() && http.contains("content-type") && http["content-type"].is_string())
        info.contentType = http["content-type"].get<std::string>();
    return info;
}

Result<binding::ListQuery> queryIn(const Json& parameters)
{
    const auto prefix = api::optionalMember<std::string>(parameters, "prefix");
    const auto delimiter = api::optionalMember<std::string>(parameters, "delimiter");
    const auto cursor = api::optionalMember<std::string>(parameters, "cursor");
    const auto limit = api::optionalMember<int>(parameters, "limit");
    for (const auto* text : {&prefix, &delimiter, &cursor})
        if (!*text)
            return tl::unexpected(text->error());
    if (!limit)
        return tl::unexpected(limit.error());
    binding::ListQuery query;
    query.prefix = prefix->value_or("");
    query.delimiter = delimiter->value_or("");
    query.limit = std::clamp(limit->value_or(binding::Depot::MostListed), 1, binding::Depot::MostListed);
    if (*cursor && !(*cursor)->empty()) {
        auto after = binding::keyOfCursor(**cursor);
        if (!after)
            return tl::unexpected(after.error());
        query.after = std::move(*after);
    }
    return query;
}

template <typename Page> void setCursor(const binding::ListPage& from, Page& page)
{
    if (from.isCut)
        page.cursor = binding::cursorFor(from.last);
}

// Of kv.get and objects.get.
Result<api::ContentPiece> readPiece(binding::Depot& depot, std::int64_t store, const std::string& key, std::int64_t offset, const std::string& etag)
{
    const auto content = depot.open(store, key, nowUnixMillis());
    if (!content)
        return tl::unexpected(content.error());
    if (!*content)
        return fail(Error::Code::NotFound, "there is no key '" + key + "'");
    const binding::Item& item = (*content)->item();
    if (!etag.empty() && etag != item.etag)
        return fail(Error::Code::Conflict, "'" + key + "' changed while it was read; begin anew");
    auto bytes = (*content)->read(offset, BindingBook::MostPieceBytes);
    if (!bytes)
        return tl::unexpected(bytes.error());
    return api::ContentPiece{std::move(*bytes), item.bytes, item.etag};
}

} // namespace

std::vector<api::Handler> Engine::handlersOnLadder(api::SandboxId sandbox) const
{
    std::vector<api::Handler> all = m_handlers->of(sandbox);
    const std::vector<api::Handler> bound = m_bindings->bindings()->rungsOf(sandbox);
    all.insert(all.end(), bound.begin(), bound.end());
    return all;
}

void Engine::listenToBindings()
{
    BindingBook::Listener listener;
    listener.onCatalogueChanged = [this] { bindingsChanged(); };
    listener.onChanged = [this] { broadcast("bindings.changed", Json::object()); };
    m_bindings->setListener(std::move(listener));
    m_bindings->bindings()->setSandboxes(
        [this](api::SandboxId id) {
            const auto sandbox = m_sandboxes->get(id);
            return sandbox ? sandbox->name : std::string();
        },
        [this](api::SandboxId id, int port) -> asio::awaitable<Result<UniqueFd>> {
            auto connecting = connectToSandbox(id, port);
            co_return co_await std::move(connecting);
        });
}

// What is bound stands on ladders and in handlers' env.
void Engine::bindingsChanged()
{
    for (const api::Sandbox& sandbox : m_sandboxes->list()) {
        m_book->setHandlers(sandbox.id, handlersOnLadder(sandbox.id));
        putEnvironmentInForce(sandbox.id, sandbox.name);
        broadcast("handlers.changed", {{"sandbox", sandbox.id}});
    }
}

asio::awaitable<Result<UniqueFd>> Engine::connectToSandbox(api::SandboxId id, int port)
{
    constexpr std::chrono::milliseconds Deadline{10000};
    const auto sandbox = m_sandboxes->get(id);
    if (!sandbox)
        co_return tl::unexpected(sandbox.error());
    const auto jail = m_platform->jail();
    if (sandbox->state != api::SandboxState::Running || !jail)
        co_return fail(Error::Code::Unavailable, fmt::format("{} is not running", sandbox->name));
    const unsigned tap = sandbox::tapNumber(id);
    co_return co_await offload(m_bindings->bindings()->workers(),
                               [&] { return jail->connectToGuest(tap, static_cast<std::uint16_t>(port), Deadline); });
}

void Engine::bindBindingMethods()
{
    m_server->registerMethod("bindings.list", [this](api::Connection&, Json) -> Reply {
        const auto all = co_await offload(m_bindings->bindings()->workers(), [&] { return m_bindings->bindings()->depot()->list(); });
        co_return Json{{"bindings", api::toJson(all)}};
    });

    using Keep = std::function<Result<api::Binding>(binding::Depot&, const api::Binding&)>;
    const auto bindKeep = [this](std::string_view name, Keep keep) {
        m_server->registerMethod(name, [this, keep = std::move(keep)](api::Connection&, Json parameters) -> Reply {
            const auto binding = api::member<api::Binding>(parameters, "binding");
            if (!binding)
                co_return tl::unexpected(binding.error());
            if (binding->owner)
                if (const auto known = m_sandboxes->get(*binding->owner); !known)
                    co_return tl::unexpected(known.error());
            const auto kept = co_await offload(m_bindings->bindings()->workers(),
                                               [&] { return keep(*m_bindings->bindings()->depot(), *binding); });
            co_return jsonOf(kept);
        });
    };
    bindKeep("bindings.create",
             [](binding::Depot& depot, const api::Binding& binding) { return depot.create(binding, nowUnixMillis()); });
    bindKeep("bindings.update", [](binding::Depot& depot, const api::Binding& binding) { return depot.update(binding); });

    m_server->registerMethod("bindings.remove", [this](api::Connection&, Json parameters) -> Reply {
        const auto named = namedIn(parameters);
        const auto force = api::optionalMember<bool>(parameters, "force");
        if (!named || !force)
            co_return tl::unexpected(!named ? named.error() : force.error());
        const Status removed = co_await offload(m_bindings->bindings()->workers(), [&] {
            return m_bindings->bindings()->depot()->remove(named->kind, named->name, force->value_or(false));
        });
        co_return removed ? Result<Json>(Json::object()) : tl::unexpected(removed.error());
    });
    bindUseMethods();
    bindContentMethods();
}

void Engine::bindUseMethods()
{
    // The sandbox, where one is named.
    const auto userIn = [this](const Json& parameters) -> Result<std::optional<api::SandboxId>> {
        if (!parameters.contains("sandbox"))
            return std::optional<api::SandboxId>{};
        const auto id = sandboxIn(parameters);
        return id ? Result<std::optional<api::SandboxId>>(*id) : tl::unexpected(id.error());
    };
    m_server->registerMethod("bindings.bind", [this, userIn](api::Connection&, Json parameters) -> Reply {
        const auto named = namedIn(parameters);
        const auto sandbox = userIn(parameters);
        const auto access = api::optionalMember<api::BindingAccess>(parameters, "access");
        const auto variable = api::optionalMember<std::string>(parameters, "variable");
        const auto reach = api::optionalMember<api::BindingReach>(parameters, "reach");
        if (!named || !sandbox)
            co_return tl::unexpected(!named ? named.error() : sandbox.error());
        if (!access || !variable)
            co_return tl::unexpected(!access ? access.error() : variable.error());
        if (!reach)
            co_return tl::unexpected(reach.error());
        const api::BindingUse use{*sandbox, access->value_or(api::BindingAccess::ReadWrite),
                                  variable->value_or(binding::variableFor(named->name)),
                                  reach->value_or(api::BindingReach::Sandbox)};
        const auto bound = co_await offload(m_bindings->bindings()->workers(), [&] {
            return m_bindings->bindings()->depot()->bind(named->kind, named->name, use);
        });
        co_return jsonOf(bound);
    });
    m_server->registerMethod("bindings.unbind", [this, userIn](api::Connection&, Json parameters) -> Reply {
        const auto named = namedIn(parameters);
        const auto sandbox = userIn(parameters);
        if (!named || !sandbox)
            co_return tl::unexpected(!named ? named.error() : sandbox.error());
        const auto unbound = co_await offload(m_bindings->bindings()->workers(), [&] {
            return m_bindings->bindings()->depot()->unbind(named->kind, named->name, *sandbox);
        });
        co_return jsonOf(unbound);
    });
}

void Engine::bindContentMethods()
{
    m_server->registerMethod("contents.begin", [this](api::Connection& connection, Json parameters) -> Reply {
        const auto named = namedIn(parameters);
        if (!named)
            co_return tl::unexpected(named.error());
        auto beginning = m_bindings->beginUpload(connection, named->kind, named->name);
        const auto upload = co_await std::move(beginning);
        co_return upload ? Result<Json>(Json{{"upload", *upload}}) : tl::unexpected(upload.error());
    });
    m_server->registerMethod("contents.append", [this](api::Connection& connection, Json parameters) -> Reply {
        const auto upload = api::member<std::int64_t>(parameters, "upload");
        const auto text = api::member<std::string>(parameters, "bytes");
        if (!upload || !text)
            co_return tl::unexpected(!upload ? upload.error() : text.error());
        std::string bytes;
        if (!text::fromBase64(*text, bytes))
            co_return fail(Error::Code::Invalid, "bytes: not base64");
        auto appending = m_bindings->append(connection.id(), *upload, std::move(bytes));
        const Status appended = co_await std::move(appending);
        co_return appended ? Result<Json>(Json::object()) : tl::unexpected(appended.error());
    });
    for (const BindingKind kind : {BindingKind::Kv, BindingKind::Objects}) {
        const std::string group = kind == BindingKind::Kv ? "kv." : "objects.";
        m_server->registerMethod(group + "list", [this, kind](api::Connection&, Json parameters) -> Reply {
            auto listing = listContents(kind, std::move(parameters));
            co_return co_await std::move(listing);
        });
        m_server->registerMethod(group + "get", [this, kind](api::Connection&, Json parameters) -> Reply {
            auto getting = getContent(kind, std::move(parameters));
            co_return co_await std::move(getting);
        });
        m_server->registerMethod(group + "put", [this, kind](api::Connection& connection, Json parameters) -> Reply {
            auto putting = putContent(kind, connection.id(), std::move(parameters));
            co_return co_await std::move(putting);
        });
        m_server->registerMethod(group + "delete", [this, kind](api::Connection&, Json parameters) -> Reply {
            const auto target = contentIn(kind, parameters);
            if (!target)
                co_return tl::unexpected(target.error());
            const auto removed = co_await offload(m_bindings->bindings()->workers(), [&] {
                return m_bindings->bindings()->depot()->removeItem(target->store, target->key);
            });
            if (!removed)
                co_return tl::unexpected(removed.error());
            if (!*removed)
                co_return fail(Error::Code::NotFound, "there is no key '" + target->key + "'");
            co_return Json::object();
        });
    }
    m_server->registerMethod("objects.head", [this](api::Connection&, Json parameters) -> Reply {
        const auto target = contentIn(BindingKind::Objects, parameters);
        if (!target)
            co_return tl::unexpected(target.error());
        const auto item = co_await offload(m_bindings->bindings()->workers(), [&] {
            return m_bindings->bindings()->depot()->head(target->store, target->key, nowUnixMillis());
        });
        if (!item)
            co_return tl::unexpected(item.error());
        if (!*item)
            co_return fail(Error::Code::NotFound, "there is no key '" + target->key + "'");
        co_return api::toJson(objectOf(**item));
    });
}

Result<Engine::ContentTarget> Engine::contentIn(BindingKind kind, const Json& parameters) const
{
    auto name = api::member<std::string>(parameters, nameMember(kind));
    auto key = api::member<std::string>(parameters, "key");
    if (!name || !key)
        return tl::unexpected(!name ? name.error() : key.error());
    const auto store = m_bindings->storeOf(kind, *name);
    if (!store)
        return tl::unexpected(store.error());
    if (const Status good = kind == BindingKind::Kv ? binding::checkKvKey(*key) : binding::checkObjectKey(*key); !good)
        return fail("key", good.error());
    return ContentTarget{*store, std::move(*name), std::move(*key)};
}

Reply Engine::listContents(BindingKind kind, Json parameters)
{
    const auto name = api::member<std::string>(parameters, nameMember(kind));
    const auto query = queryIn(parameters);
    if (!name || !query)
        co_return tl::unexpected(!name ? name.error() : query.error());
    const auto store = m_bindings->storeOf(kind, *name);
    if (!store)
        co_return tl::unexpected(store.error());
    const auto found = co_await offload(m_bindings->bindings()->workers(), [&] {
        return m_bindings->bindings()->depot()->listItems(*store, *query, nowUnixMillis());
    });
    if (!found)
        co_return tl::unexpected(found.error());
    if (kind == BindingKind::Kv) {
        api::KvPage page;
        for (const binding::Item& item : found->items)
            page.keys.push_back(keyOf(item));
        setCursor(*found, page);
        co_return api::toJson(page);
    }
    api::ObjectPage page;
    for (const binding::Item& item : found->items)
        page.objects.push_back(objectOf(item));
    page.prefixes = found->prefixes;
    setCursor(*found, page);
    co_return api::toJson(page);
}

Reply Engine::getContent(BindingKind kind, Json parameters)
{
    const auto target = contentIn(kind, parameters);
    const auto offset = api::optionalMember<std::int64_t>(parameters, "offset");
    const auto etag = api::optionalMember<std::string>(parameters, "etag");
    if (!target || !offset)
        co_return tl::unexpected(!target ? target.error() : offset.error());
    if (!etag)
        co_return tl::unexpected(etag.error());
    const auto piece = co_await offload(m_bindings->bindings()->workers(), [&] {
        return readPiece(*m_bindings->bindings()->depot(), target->store, target->key, offset->value_or(0), etag->value_or(""));
    });
    co_return jsonOf(piece);
}

Reply Engine::putContent(BindingKind kind, std::uint64_t connection, Json parameters)
{
    const auto target = contentIn(kind, parameters);
    const auto upload = api::optionalMember<std::int64_t>(parameters, "upload");
    const auto text = api::optionalMember<std::string>(parameters, "bytes");
    const auto expiresAt = api::optionalMember<std::int64_t>(parameters, "expiresAt");
    const auto contentType = api::optionalMember<std::string>(parameters, "contentType");
    if (!target || !upload)
        co_return tl::unexpected(!target ? target.error() : upload.error());
    if (!text || !expiresAt || !contentType)
        co_return tl::unexpected(!text ? text.error() : !expiresAt ? expiresAt.error() : contentType.error());
    binding::ItemProperties properties;
    properties.metadata = kind == BindingKind::Kv ? "null" : "{}";
    if (kind == BindingKind::Kv) {
        properties.expiresAt = *expiresAt;
        if (*expiresAt && **expiresAt <= nowUnixMillis())
            co_return fail(Error::Code::Invalid, "expiresAt lies in the past");
        if (const auto metadata = parameters.find("metadata"); metadata != parameters.end()) {
            auto checked = binding::checkedMetadata(metadata->dump(-1, ' ', true, Json::error_handler_t::replace));
            if (!checked)
                co_return tl::unexpected(checked.error());
            properties.metadata = std::move(*checked);
        }
    } else if (*contentType) {
        if ((*contentType)->size() > binding::MostObjectMetadataBytes)
            co_return fail(Error::Code::TooLarge, "contentType: too long");
        properties.http = Json{{"content-type", **contentType}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    Result<BindingBook::Draft> draft = BindingBook::Draft();
    if (*upload) {
        draft = m_bindings->takeUpload(connection, **upload);
    } else {
        std::string bytes;
        if (!*text || !text::fromBase64(**text, bytes))
            co_return fail(Error::Code::Invalid, "bytes: not base64, and no upload is named");
        auto drafting = m_bindings->draftOf(kind, target->name, std::move(bytes));
        draft = co_await std::move(drafting);
    }
    if (!draft)
        co_return tl::unexpected(draft.error());
    const auto stored = co_await offload(m_bindings->bindings()->workers(), [&] {
        return m_bindings->bindings()->depot()->put(target->store, target->key, **draft, properties, {}, nowUnixMillis());
    });
    if (!stored)
        co_return tl::unexpected(stored.error());
    co_return kind == BindingKind::Kv ? api::toJson(keyOf(stored->item)) : api::toJson(objectOf(stored->item));
}

} // namespace sallyport::service
