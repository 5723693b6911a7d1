#include "engine/egress/handler_binding.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "engine/api/offload.h"
#include "engine/egress/handler_body.h"
#include "engine/egress/stored_body.h"

namespace sallyport::egress {

namespace asio = boost::asio;

using api::offload;
using Operation = binding::StoreRequest::Operation;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::int64_t MostInReply = 64 * 1024;
constexpr std::int64_t MostObjectBytes = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t MostPartBytes = std::int64_t{5} * 1024 * 1024 * 1024; // as S3 has it

// One request at work; lives in its coroutine.
struct Work
{
    std::shared_ptr<binding::Bindings> bindings;
    binding::StoreRequest request;
    std::int64_t store = 0;

    [[nodiscard]] binding::Depot& depot() const { return *bindings->depot(); }
    [[nodiscard]] Json itemJson(const binding::Item& item) const
    {
        return binding::storeItemJson(request.kind, item);
    }
};

// All of a part of a content, which is small.
Result<std::string> readWhole(binding::Content& content, binding::ByteRange range)
{
    std::string bytes;
    while (static_cast<std::int64_t>(bytes.size()) < range.length) {
        const auto got = static_cast<std::int64_t>(bytes.size());
        auto piece = content.read(range.offset + got, static_cast<std::size_t>(range.length - got));
        if (!piece)
            return piece;
        if (piece->empty())
            return fail(Error::Code::Io, "the contents are cut off");
        bytes += *piece;
    }
    return bytes;
}

// On a worker.
struct Opened
{
    std::shared_ptr<binding::Content> content; // null: none
    bool isAsWanted = true;
    std::optional<binding::ByteRange> range;
    std::string bytes;
};
Result<Opened> openContent(const Work& work)
{
    Opened opened;
    auto content = work.depot().open(work.store, work.request.key(), nowUnixMillis());
    if (!content)
        return tl::unexpected(content.error());
    opened.content = std::move(*content);
    if (!opened.content)
        return opened;
    const binding::Item& item = opened.content->item();
    opened.isAsWanted =
        binding::check(work.request.condition, &item) == binding::Precondition::Holds;
    if (!opened.isAsWanted)
        return opened;
    const auto range = binding::rangeOf(work.request, item.bytes);
    if (!range)
        return tl::unexpected(range.error());
    opened.range = *range;
    const binding::ByteRange wanted = range->value_or(binding::ByteRange{0, item.bytes});
    if (wanted.length > MostInReply)
        return opened;
    auto bytes = readWhole(*opened.content, wanted);
    if (!bytes)
        return tl::unexpected(bytes.error());
    opened.bytes = std::move(*bytes);
    return opened;
}

asio::awaitable<Result<BindingReply>> get(std::shared_ptr<Work> work)
{
    auto opened = co_await offload(work->bindings->workers(), [&] { return openContent(*work); });
    if (!opened)
        co_return tl::unexpected(opened.error());
    BindingReply reply;
    reply.json = Json{{"item", nullptr}};
    if (!opened->content)
        co_return reply;
    const binding::Item& item = opened->content->item();
    reply.json["item"] = work->itemJson(item);
    if (!opened->isAsWanted) {
        reply.json["failed"] = true;
        co_return reply;
    }
    const binding::ByteRange range = opened->range.value_or(binding::ByteRange{0, item.bytes});
    if (opened->range)
        reply.json["range"] = {{"offset", range.offset}, {"length", range.length}};
    if (range.length > MostInReply) {
        reply.body = std::make_shared<StoredBody>(work->bindings, opened->content, range.offset,
                                                  range.length);
        reply.length = static_cast<std::uint64_t>(range.length);
    } else {
        reply.bytes = std::move(opened->bytes);
    }
    co_return reply;
}

asio::awaitable<Result<std::shared_ptr<binding::Draft>>> receive(std::shared_ptr<Work> work,
                                                                 std::shared_ptr<BodySource> body)
{
    const binding::StoreRequest& request = work->request;
    StoreOptions options;
    options.store = work->store;
    if (request.operation == Operation::PutPart) {
        options.place = binding::Draft::Place::File;
        options.most = MostPartBytes;
    } else {
        options.most =
            request.kind == api::BindingKind::Kv ? binding::MostKvValueBytes : MostObjectBytes;
    }
    options.digest = request.digest == "md5" ? std::string() : request.digest;
    WholeBody nothing{std::string()};
    std::int64_t bytes = 0;
    auto storing =
        storeBody(work->bindings, options, body ? *body : static_cast<BodySource&>(nothing), bytes);
    auto draft = co_await std::move(storing);
    if (!draft || request.digest.empty())
        co_return draft;
    const std::string& found = request.digest == "md5" ? (*draft)->md5() : (*draft)->digest();
    if (found != request.expected)
        co_return fail(Error::Code::Invalid,
                       fmt::format("the {} checksum that was given does not match what was "
                                   "received: {}",
                                   request.digest, found));
    co_return draft;
}

asio::awaitable<Result<BindingReply>> put(std::shared_ptr<Work> work,
                                          std::shared_ptr<BodySource> body)
{
    auto receiving = receive(work, std::move(body));
    const auto draft = co_await std::move(receiving);
    if (!draft)
        co_return tl::unexpected(draft.error());
    const auto stored = co_await offload(work->bindings->workers(), [&] {
        return work->depot().put(work->store, work->request.key(), **draft,
                                 work->request.properties, work->request.condition,
                                 nowUnixMillis());
    });
    if (!stored)
        co_return tl::unexpected(stored.error());
    BindingReply reply;
    reply.storedBytes = (*draft)->bytes();
    reply.json = Json{{"item", nullptr}};
    if (stored->precondition == binding::Precondition::Holds)
        reply.json["item"] = work->itemJson(stored->item);
    co_return reply;
}

// On a worker: what needs no body.
Result<Json> doWithoutBody(const Work& work)
{
    binding::Depot& depot = work.depot();
    const binding::StoreRequest& request = work.request;
    const UnixMillis now = nowUnixMillis();
    switch (request.operation) {
    case Operation::Head: {
        const auto item = depot.head(work.store, request.key(), now);
        if (!item)
            return tl::unexpected(item.error());
        return Json{{"item", *item ? work.itemJson(**item) : Json()}};
    }
    case Operation::Delete:
        for (const std::string& key : request.keys)
            if (const auto removed = depot.removeItem(work.store, key); !removed)
                return tl::unexpected(removed.error());
        return Json::object();
    case Operation::List: {
        const auto page = depot.listItems(work.store, request.list, now);
        if (!page)
            return tl::unexpected(page.error());
        return binding::storePageJson(request.kind, *page);
    }
    case Operation::BeginUpload: {
        const auto upload = depot.beginUpload(work.store, request.key(), request.properties, now);
        if (!upload)
            return tl::unexpected(upload.error());
        return Json{{"uploadId", upload->id}};
    }
    default:
        break;
    }
    const auto upload = depot.findUpload(work.store, request.key(), request.uploadId);
    if (!upload)
        return tl::unexpected(upload.error());
    if (request.operation == Operation::AbortUpload) {
        const Status aborted = depot.abortUpload(work.store, *upload);
        return aborted ? Result<Json>(Json::object()) : tl::unexpected(aborted.error());
    }
    const auto item = depot.completeUpload(work.store, *upload, request.parts, now);
    if (!item)
        return tl::unexpected(item.error());
    return Json{{"item", work.itemJson(*item)}};
}

asio::awaitable<Result<BindingReply>> putPart(std::shared_ptr<Work> work,
                                              std::shared_ptr<BodySource> body)
{
    const auto upload = co_await offload(work->bindings->workers(), [&] {
        return work->depot().findUpload(work->store, work->request.key(), work->request.uploadId);
    });
    if (!upload)
        co_return tl::unexpected(upload.error());
    auto receiving = receive(work, std::move(body));
    const auto draft = co_await std::move(receiving);
    if (!draft)
        co_return tl::unexpected(draft.error());
    const auto part = co_await offload(work->bindings->workers(), [&] {
        return work->depot().putPart(work->store, *upload, work->request.partNumber, **draft,
                                     nowUnixMillis());
    });
    if (!part)
        co_return tl::unexpected(part.error());
    BindingReply reply;
    reply.storedBytes = (*draft)->bytes();
    reply.json = Json{{"partNumber", part->number}, {"etag", part->etag}};
    co_return reply;
}

} // namespace

asio::awaitable<Result<BindingReply>> useBinding(std::shared_ptr<binding::Bindings> bindings,
                                                 api::SandboxId sandbox,
                                                 binding::StoreRequest request,
                                                 std::shared_ptr<BodySource> body)
{
    if (!bindings)
        co_return fail(Error::Code::Unavailable, "nothing can be bound here");
    const auto catalogue = bindings->catalogue();
    const auto access =
        request.writes() ? api::BindingAccess::ReadWrite : api::BindingAccess::ReadOnly;
    const auto usable =
        catalogue->open(sandbox, request.kind, request.name, access, binding::Caller::Handler);
    if (!usable)
        co_return tl::unexpected(usable.error());
    const auto work =
        std::make_shared<Work>(Work{std::move(bindings), std::move(request), usable->entry->id});
    if (work->request.operation == Operation::Get) {
        auto getting = get(work);
        co_return co_await std::move(getting);
    }
    if (work->request.takesBody()) {
        auto putting = work->request.operation == Operation::Put ? put(work, std::move(body))
                                                                 : putPart(work, std::move(body));
        co_return co_await std::move(putting);
    }
    auto done = co_await offload(work->bindings->workers(), [&] { return doWithoutBody(*work); });
    if (!done)
        co_return tl::unexpected(done.error());
    BindingReply reply;
    reply.json = std::move(*done);
    co_return reply;
}

BindingReply pretendedReply(const binding::StoreRequest& request, std::string_view body)
{
    binding::Item item;
    item.key = request.keys.empty() ? std::string() : request.key();
    item.bytes = static_cast<std::int64_t>(body.size());
    item.etag = std::string(32, '0');
    item.metadata = request.properties.metadata;
    item.http = request.properties.http;
    item.storedAt = nowUnixMillis();
    BindingReply reply;
    reply.json = Json{{"item", binding::storeItemJson(request.kind, item)},
                      {"uploadId", "pretended"},
                      {"partNumber", request.partNumber},
                      {"etag", item.etag}};
    return reply;
}

} // namespace sallyport::egress
