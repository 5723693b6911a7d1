#include "engine/egress/binding_exchange.h"

#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/api/offload.h"
#include "engine/base/text.h"
#include "engine/binding/s3_xml.h"
#include "engine/egress/refusal.h"
#include "engine/policy/virtual_name.h"

namespace sallyport::egress {

using api::BindingAccess;
using api::BindingKind;
using api::offload;

namespace {

int statusOf(Error::Code code)
{
    switch (code) {
    case Error::Code::Invalid:
        return 400;
    case Error::Code::Refused:
        return 403;
    case Error::Code::NotFound:
        return 404;
    case Error::Code::Conflict:
        return 405;
    case Error::Code::TooLarge:
        return 413;
    case Error::Code::Unavailable:
        return 503;
    default:
        return 500;
    }
}

std::string asciiJson(const std::string& json)
{
    return nlohmann::json::parse(json, nullptr, false)
        .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

} // namespace

BindingExchange::BindingExchange(SandboxDoor& door,
                                 GuestRequest& guest,
                                 LogRow& log,
                                 std::string host)
    : m_door(door)
    , m_guest(guest)
    , m_log(log)
    , m_host(std::move(host))
    , m_bindings(door.context->bindings)
{
}

Status BindingExchange::readHead()
{
    if (!m_bindings)
        return fail(Error::Code::Unavailable, "nothing can be bound here");
    const RequestHead& head = m_guest.head();
    m_request.method = head.method;
    for (const Field field : head.fields)
        m_request.fields.emplace(text::toLower(field.name), field.value);
    return m_request.setTarget(head.path == "*" ? "/" : head.path);
}

std::string BindingExchange::prefixOf(const std::string& pattern) const
{
    static constexpr std::string_view Name = "{sandbox}";
    std::string prefix = pattern;
    for (std::size_t at = prefix.find(Name); at != std::string::npos;
         at = prefix.find(Name, at + m_door.name.size()))
        prefix.replace(at, Name.size(), m_door.name);
    return prefix;
}

asio::awaitable<void> BindingExchange::sendContinue()
{
    if (!m_guest.head().expectsContinue)
        co_return;
    ResponseHead interim;
    interim.status = 100;
    m_guest.sendInterim(interim);
    co_await m_guest.answer().flush();
}

asio::awaitable<Result<std::shared_ptr<binding::Draft>>>
BindingExchange::receive(StoreOptions options)
{
    co_await sendContinue();
    auto stored = storeBody(m_bindings, options, m_guest.body(), m_log.row().requestBytes);
    co_return co_await std::move(stored);
}

void BindingExchange::note(int status, const std::string& reason)
{
    if (!m_denial.empty())
        m_log.refused(api::Step::Handler, m_denial, status);
    else
        m_log.end(api::RowState::Done, reason);
}

asio::awaitable<void> BindingExchange::send(Answer answer)
{
    const bool isHead = m_guest.head().method == "HEAD";
    const bool isEmpty = answer.status == 204 || answer.status == 304;
    ResponseHead head;
    head.status = answer.status;
    for (const auto& [name, value] : answer.fields)
        head.fields.add(name, value);
    const auto length =
        answer.content ? static_cast<std::uint64_t>(answer.range.length) : answer.body.size();
    if (!isEmpty) {
        if (!answer.contentType.empty())
            head.fields.add("Content-Type", answer.contentType);
        head.fields.add("Content-Length", std::to_string(length));
        head.framing = {BodyKind::Length, length};
    }
    api::Row& row = m_log.row();
    row.verdict = api::Action::Allow;
    row.status = answer.status;
    for (const Field field : head.fields)
        m_log.detail().responseHeaders.emplace_back(field.name, field.value);
    if (!answer.content || isHead || isEmpty) {
        if (!isHead && !isEmpty)
            row.responseBytes = static_cast<std::int64_t>(answer.body.size());
        sendWhole(m_guest, std::move(head), answer.body);
        note(answer.status, {});
        co_return;
    }
    m_log.write();
    head.keepAlive = skipBufferedBody(m_guest.body());
    m_guest.sendHead(head);
    StoredBody body(m_bindings, answer.content, answer.range.offset, answer.range.length);
    const PumpEnd end = co_await pump(body, m_guest.answer(), row.responseBytes);
    if (end == PumpEnd::Complete) {
        m_log.end(api::RowState::Done);
        co_return;
    }
    m_guest.abort();
    m_log.end(api::RowState::Failed,
              end == PumpEnd::SinkBroken ? "the client hung up" : body.fault());
}

// ---- Keys and values

BindingExchange::Answer BindingExchange::kvFailure(const Error& error)
{
    Answer answer;
    answer.status = statusOf(error.code);
    answer.contentType = "application/json";
    answer.body =
        nlohmann::ordered_json{{"error", codeName(error.code)}, {"reason", error.text}}.dump(
            -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
        "\n";
    return answer;
}

asio::awaitable<void> BindingExchange::run(const policy::KvHandler& handler)
{
    const Status read = readHead();
    auto request = read ? binding::readKvRequest(m_request, handler.name, nowUnixMillis())
                        : Result<binding::KvRequest>(tl::unexpected(read.error()));
    if (!request) {
        co_await send(kvFailure(request.error()));
        co_return;
    }
    auto answering = answerKv(std::move(*request), prefixOf(handler.prefix));
    auto answer = co_await std::move(answering);
    if (!answer && answer.error().code == Error::Code::Refused)
        m_denial = answer.error().text;
    co_await send(answer ? std::move(*answer) : kvFailure(answer.error()));
}

asio::awaitable<Result<BindingExchange::Answer>> BindingExchange::putKv(std::int64_t store,
                                                                        binding::KvRequest request)
{
    const StoreOptions options{store, binding::Draft::Place::Any, binding::MostKvValueBytes};
    const auto draft = co_await receive(options);
    if (!draft)
        co_return tl::unexpected(draft.error());
    const auto stored = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->put(store, request.key, **draft, request.properties, {},
                                        nowUnixMillis());
    });
    if (!stored)
        co_return tl::unexpected(stored.error());
    Answer answer;
    answer.status = 204;
    co_return answer;
}

asio::awaitable<Result<BindingExchange::Answer>>
BindingExchange::answerKv(binding::KvRequest request, std::string prefix)
{
    using Kind = binding::KvRequest::Kind;
    const auto catalogue = m_bindings->catalogue();
    Answer answer;
    answer.contentType = "application/json";
    if (request.kind == Kind::Namespaces) {
        nlohmann::json names = nlohmann::json::array();
        for (const binding::Usable& each : catalogue->usedBy(m_door.id, binding::Caller::Guest))
            if (each.entry->binding.kind == BindingKind::Kv)
                names.push_back({{"name", each.entry->binding.name},
                                 {"access", api::enumName(each.use.access)}});
        answer.body = nlohmann::json{{"namespaces", std::move(names)}}.dump() + "\n";
        co_return answer;
    }
    const bool isWrite = request.kind == Kind::Put || request.kind == Kind::Delete;
    const auto usable =
        catalogue->open(m_door.id, BindingKind::Kv, request.name,
                        isWrite ? BindingAccess::ReadWrite : BindingAccess::ReadOnly);
    if (!usable)
        co_return tl::unexpected(usable.error());
    const std::int64_t store = usable->entry->id;
    request.key.insert(0, prefix);
    if (request.kind == Kind::Put) {
        auto putting = putKv(store, std::move(request));
        co_return co_await std::move(putting);
    }
    binding::Depot& depot = *m_bindings->depot();
    if (request.kind == Kind::Delete) {
        const auto removed = co_await offload(m_bindings->workers(),
                                              [&] { return depot.removeItem(store, request.key); });
        if (!removed)
            co_return tl::unexpected(removed.error());
        answer.status = 204;
        co_return answer;
    }
    if (request.kind == Kind::List) {
        request.list.prefix.insert(0, prefix);
        if (!request.list.after.empty())
            request.list.after.insert(0, prefix);
        const auto page = co_await offload(m_bindings->workers(), [&] {
            return depot.listItems(store, request.list, nowUnixMillis());
        });
        if (!page)
            co_return tl::unexpected(page.error());
        answer.body = binding::kvListJson(*page, prefix.size());
        co_return answer;
    }
    const auto content = co_await offload(
        m_bindings->workers(), [&] { return depot.open(store, request.key, nowUnixMillis()); });
    if (!content)
        co_return tl::unexpected(content.error());
    if (!*content)
        co_return fail(Error::Code::NotFound,
                       fmt::format("the namespace {} has no such key", request.name));
    const binding::Item& item = (*content)->item();
    const binding::Condition condition = binding::conditionOf(m_request);
    const binding::Precondition holds = binding::check(condition, &item);
    answer.contentType = "application/octet-stream";
    answer.fields.emplace_back("ETag", '"' + item.etag + '"');
    if (item.metadata != "null")
        answer.fields.emplace_back("KV-Metadata", asciiJson(item.metadata));
    if (item.expiresAt)
        answer.fields.emplace_back("KV-Expiration", std::to_string(*item.expiresAt / 1000));
    if (holds != binding::Precondition::Holds) {
        answer.status = holds == binding::Precondition::Unchanged ? 304 : 412;
        co_return answer;
    }
    answer.content = *content;
    answer.range = {0, item.bytes};
    co_return answer;
}

// ---- Objects

asio::awaitable<void> BindingExchange::run(const policy::ObjectsHandler& handler)
{
    const Status read = readHead();
    S3Reply reply;
    if (!read) {
        reply = tl::unexpected(binding::s3ErrorOf(read.error()));
    } else {
        const auto label = policy::labelBelow(m_host, policy::ObjectsHost);
        std::string bucket = handler.name;
        if (bucket.empty() && label)
            bucket = *label;
        auto request = binding::readS3Request(m_request, bucket);
        if (request) {
            m_s3 = std::move(*request);
            auto answering = answerS3(prefixOf(handler.prefix));
            reply = co_await std::move(answering);
        } else {
            reply = tl::unexpected(request.error());
        }
    }
    if (!reply) {
        const binding::S3Error& error = reply.error();
        if (error.code == "AccessDenied")
            m_denial = error.text;
        Answer answer;
        answer.status = error.status;
        answer.contentType = "application/xml";
        answer.body = binding::errorXml(error, m_request.path);
        reply = std::move(answer);
    }
    reply->fields.emplace_back("x-amz-request-id", std::to_string(m_log.id()));
    co_await send(std::move(*reply));
}

BindingExchange::S3Reply BindingExchange::bucketAnswer()
{
    Answer answer;
    answer.contentType = "application/xml";
    if (m_s3.operation == binding::S3Operation::ListBuckets) {
        std::vector<api::Binding> buckets;
        const auto catalogue = m_bindings->catalogue();
        for (const binding::Usable& each : catalogue->usedBy(m_door.id, binding::Caller::Guest))
            if (each.entry->binding.kind == BindingKind::Objects)
                buckets.push_back(each.entry->binding);
        answer.body = binding::bucketsXml(buckets);
    } else if (m_s3.operation == binding::S3Operation::BucketProperty) {
        auto xml = binding::propertyXml(m_s3.property);
        if (!xml)
            return tl::unexpected(xml.error());
        answer.body = std::move(*xml);
    } else {
        // Of a bucket that is there: its making, or the question for it.
        answer.contentType.clear();
        answer.fields.emplace_back("x-amz-bucket-region", "us-east-1");
    }
    return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::answerS3(std::string prefix)
{
    using Operation = binding::S3Operation;
    m_prefix = std::move(prefix);
    if (m_s3.operation == Operation::ListBuckets)
        co_return bucketAnswer();
    const auto catalogue = m_bindings->catalogue();
    const auto usable = catalogue->open(m_door.id, BindingKind::Objects, m_s3.bucket,
                                        binding::writes(m_s3.operation) ? BindingAccess::ReadWrite
                                                                        : BindingAccess::ReadOnly);
    if (!usable && m_s3.operation == Operation::CreateBucket)
        co_return binding::s3Fail(403, "AccessDenied",
                                  "buckets are made and bound outside of the sandbox");
    if (!usable)
        co_return tl::unexpected(binding::s3ErrorOf(usable.error()));
    m_store = usable->entry->id;
    switch (m_s3.operation) {
    case Operation::ListObjects:
    case Operation::ListUploads:
        co_return co_await list();
    case Operation::GetObject:
        co_return co_await get();
    case Operation::PutObject:
        co_return co_await put();
    case Operation::CopyObject:
        co_return co_await copy();
    case Operation::DeleteObject:
        co_return co_await remove();
    case Operation::DeleteObjects:
        co_return co_await removeSeveral();
    case Operation::ObjectProperty:
        co_return co_await property();
    case Operation::CreateUpload:
    case Operation::PutPart:
    case Operation::CopyPart:
    case Operation::ListParts:
    case Operation::CompleteUpload:
    case Operation::AbortUpload:
        co_return co_await upload();
    default:
        co_return bucketAnswer();
    }
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::list()
{
    Answer answer;
    answer.contentType = "application/xml";
    binding::Depot& depot = *m_bindings->depot();
    m_s3.list.prefix.insert(0, m_prefix);
    if (m_s3.operation == binding::S3Operation::ListUploads) {
        const auto uploads = co_await offload(
            m_bindings->workers(), [&] { return depot.uploads(m_store, m_s3.list.prefix); });
        if (!uploads)
            co_return tl::unexpected(binding::s3ErrorOf(uploads.error()));
        answer.body = binding::uploadsXml(m_s3.bucket, *uploads, m_prefix.size());
        co_return answer;
    }
    if (!m_s3.list.after.empty())
        m_s3.list.after.insert(0, m_prefix);
    const auto page = co_await offload(m_bindings->workers(), [&] {
        return depot.listItems(m_store, m_s3.list, nowUnixMillis());
    });
    if (!page)
        co_return tl::unexpected(binding::s3ErrorOf(page.error()));
    answer.body = binding::objectsXml(m_s3, *page, m_prefix.size());
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::get()
{
    const auto content = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->open(m_store, key(), nowUnixMillis());
    });
    if (!content)
        co_return tl::unexpected(binding::s3ErrorOf(content.error()));
    if (!*content)
        co_return binding::s3Fail(404, "NoSuchKey", "the bucket has no such key");
    const binding::Item& item = (*content)->item();
    Answer answer;
    answer.fields = binding::fieldsOf(item, m_request);
    const binding::Precondition holds = binding::check(m_s3.condition, &item);
    if (holds == binding::Precondition::Failed)
        co_return binding::s3Fail(412, "PreconditionFailed", "the object is not as asked for");
    if (holds == binding::Precondition::Unchanged) {
        answer.status = 304;
        co_return answer;
    }
    answer.content = *content;
    answer.range = {0, item.bytes};
    const auto range = binding::rangeOf(m_s3.range, item.bytes);
    if (!range)
        co_return binding::s3Fail(416, "InvalidRange", range.error().text);
    if (*range) {
        answer.status = 206;
        answer.range = **range;
        answer.fields.emplace_back("Content-Range",
                                   fmt::format("bytes {}-{}/{}", answer.range.offset,
                                               answer.range.offset + answer.range.length - 1,
                                               item.bytes));
    }
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::put()
{
    StoreOptions options;
    options.store = m_store;
    options.most = std::numeric_limits<std::int64_t>::max() / 4; // the bucket's limit is less
    options.isAwsChunked = m_s3.isAwsChunked;
    options.digest = m_s3.sha256.empty() ? "" : "sha256";
    const auto draft = co_await receive(options);
    if (!draft)
        co_return tl::unexpected(binding::s3ErrorOf(draft.error()));
    if (!m_s3.contentMd5.empty() && m_s3.contentMd5 != (*draft)->md5())
        co_return binding::s3Fail(400, "BadDigest", "the body has another MD5 than Content-MD5");
    if (!m_s3.sha256.empty() && m_s3.sha256 != (*draft)->digest())
        co_return binding::s3Fail(400, "XAmzContentSHA256Mismatch",
                                  "the body has another SHA-256 than x-amz-content-sha256");
    const auto stored = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->put(m_store, key(), **draft, m_s3.properties, m_s3.condition,
                                        nowUnixMillis());
    });
    if (!stored)
        co_return tl::unexpected(binding::s3ErrorOf(stored.error()));
    if (stored->precondition != binding::Precondition::Holds)
        co_return binding::s3Fail(412, "PreconditionFailed", "the object is not as asked for");
    Answer answer;
    answer.fields.emplace_back("ETag", '"' + stored->item.etag + '"');
    co_return answer;
}

binding::S3Result<std::int64_t> BindingExchange::sourceStore() const
{
    const auto catalogue = m_bindings->catalogue();
    const auto source = catalogue->open(m_door.id, BindingKind::Objects, m_s3.sourceBucket,
                                        BindingAccess::ReadOnly);
    if (!source)
        return tl::unexpected(binding::s3ErrorOf(source.error()));
    // A handler that shows a part of a bucket shows no other one's.
    if (!m_prefix.empty() && m_s3.sourceBucket != m_s3.bucket)
        return binding::s3Fail(403, "AccessDenied", "copies stay in one bucket here");
    return source->entry->id;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::copy()
{
    const auto source = sourceStore();
    if (!source)
        co_return tl::unexpected(source.error());
    const std::string from = m_prefix + m_s3.sourceKey;
    const bool isSame = *source == m_store && from == key();
    if (isSame && !m_s3.replacesMetadata)
        co_return binding::s3Fail(400, "InvalidRequest",
                                  "a copy onto itself must replace the metadata");
    const auto copied =
        co_await offload(m_bindings->workers(), [&]() -> binding::S3Result<binding::Item> {
            binding::Depot& depot = *m_bindings->depot();
            const auto item = depot.head(*source, from, nowUnixMillis());
            if (!item)
                return tl::unexpected(binding::s3ErrorOf(item.error()));
            if (!*item)
                return binding::s3Fail(404, "NoSuchKey", "there is no such source");
            if (binding::check(m_s3.condition, &**item) != binding::Precondition::Holds)
                return binding::s3Fail(412, "PreconditionFailed", "the source is not as asked for");
            const auto properties = m_s3.replacesMetadata
                                        ? std::optional(m_s3.properties)
                                        : std::optional<binding::ItemProperties>();
            auto made = depot.copy(*source, from, m_store, key(), properties, nowUnixMillis());
            if (!made)
                return tl::unexpected(binding::s3ErrorOf(made.error()));
            return std::move(*made);
        });
    if (!copied)
        co_return tl::unexpected(copied.error());
    Answer answer;
    answer.contentType = "application/xml";
    answer.body = binding::copiedXml("CopyObjectResult", copied->etag, copied->storedAt);
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::remove()
{
    const auto removed = co_await offload(
        m_bindings->workers(), [&] { return m_bindings->depot()->removeItem(m_store, key()); });
    if (!removed)
        co_return tl::unexpected(binding::s3ErrorOf(removed.error()));
    Answer answer;
    answer.status = 204;
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::property()
{
    const auto item = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->head(m_store, key(), nowUnixMillis());
    });
    if (!item)
        co_return tl::unexpected(binding::s3ErrorOf(item.error()));
    if (!*item)
        co_return binding::s3Fail(404, "NoSuchKey", "the bucket has no such key");
    co_return bucketAnswer();
}

asio::awaitable<binding::S3Result<std::string>> BindingExchange::gather()
{
    co_await sendContinue();
    std::string bytes;
    BodySource& body = m_guest.body();
    for (;;) {
        std::string_view piece;
        switch (body.next(piece)) {
        case BodySource::State::Piece:
            m_log.row().requestBytes += static_cast<std::int64_t>(piece.size());
            if (bytes.size() + piece.size() > binding::MostXmlBytes)
                co_return binding::s3Fail(400, "MaxMessageLengthExceeded", "the body is too long");
            bytes.append(piece);
            break;
        case BodySource::State::Blocked:
            co_await body.wait();
            break;
        case BodySource::State::Failed:
            co_return binding::s3Fail(400, "IncompleteBody", body.fault());
        case BodySource::State::End:
            co_return bytes;
        }
    }
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::removeSeveral()
{
    const auto xml = co_await gather();
    auto wanted = xml ? binding::readDeletions(*xml)
                      : binding::S3Result<binding::Deletions>(tl::unexpected(xml.error()));
    if (!wanted)
        co_return tl::unexpected(wanted.error());
    const auto outcomes = co_await offload(m_bindings->workers(), [&] {
        std::vector<binding::DeletionOutcome> all;
        for (const std::string& each : wanted->keys) {
            const auto removed = m_bindings->depot()->removeItem(m_store, m_prefix + each);
            auto& outcome = all.emplace_back();
            outcome.key = each;
            if (!removed)
                outcome.error = binding::s3ErrorOf(removed.error());
        }
        return all;
    });
    Answer answer;
    answer.contentType = "application/xml";
    answer.body = binding::deletionsXml(outcomes, wanted->isQuiet);
    co_return answer;
}

// ---- Uploads in parts

asio::awaitable<BindingExchange::S3Reply> BindingExchange::upload()
{
    using Operation = binding::S3Operation;
    binding::Depot& depot = *m_bindings->depot();
    Answer answer;
    answer.contentType = "application/xml";
    if (m_s3.operation == Operation::CreateUpload) {
        const auto begun = co_await offload(m_bindings->workers(), [&] {
            return depot.beginUpload(m_store, key(), m_s3.properties, nowUnixMillis());
        });
        if (!begun)
            co_return tl::unexpected(binding::s3ErrorOf(begun.error()));
        answer.body = binding::uploadXml(m_s3, begun->id);
        co_return answer;
    }
    const auto found = co_await offload(
        m_bindings->workers(), [&] { return depot.findUpload(m_store, key(), m_s3.uploadId); });
    if (!found)
        co_return binding::s3Fail(404, "NoSuchUpload", found.error().text);
    if (m_s3.operation == Operation::PutPart || m_s3.operation == Operation::CopyPart)
        co_return co_await putPart(*found);
    if (m_s3.operation == Operation::CompleteUpload)
        co_return co_await complete(*found);
    if (m_s3.operation == Operation::AbortUpload) {
        const Status aborted = co_await offload(m_bindings->workers(),
                                                [&] { return depot.abortUpload(m_store, *found); });
        if (!aborted)
            co_return tl::unexpected(binding::s3ErrorOf(aborted.error()));
        answer.status = 204;
        co_return answer;
    }
    const auto parts = co_await offload(m_bindings->workers(), [&] { return depot.parts(*found); });
    if (!parts)
        co_return tl::unexpected(binding::s3ErrorOf(parts.error()));
    answer.body = binding::partsXml(m_s3, *parts);
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::putPart(binding::Upload upload)
{
    StoreOptions options;
    options.store = m_store;
    options.place = binding::Draft::Place::File;
    options.most = std::int64_t{5} * 1024 * 1024 * 1024; // as S3 has it
    options.isAwsChunked = m_s3.isAwsChunked;
    options.digest = m_s3.sha256.empty() ? "" : "sha256";
    const bool isCopy = m_s3.operation == binding::S3Operation::CopyPart;
    std::shared_ptr<StoredBody> source;
    if (isCopy) {
        const auto store = sourceStore();
        if (!store)
            co_return tl::unexpected(store.error());
        const auto content = co_await offload(m_bindings->workers(), [&] {
            return m_bindings->depot()->open(*store, m_prefix + m_s3.sourceKey, nowUnixMillis());
        });
        if (!content)
            co_return tl::unexpected(binding::s3ErrorOf(content.error()));
        if (!*content)
            co_return binding::s3Fail(404, "NoSuchKey", "there is no such source");
        if (binding::check(m_s3.condition, &(*content)->item()) != binding::Precondition::Holds)
            co_return binding::s3Fail(412, "PreconditionFailed", "the source is not as asked for");
        const std::int64_t size = (*content)->item().bytes;
        const auto range = binding::rangeOf(m_s3.range, size);
        if (!range)
            co_return binding::s3Fail(416, "InvalidRange", range.error().text);
        const binding::ByteRange part = range->value_or(binding::ByteRange{0, size});
        source = std::make_shared<StoredBody>(m_bindings, *content, part.offset, part.length);
    }
    std::int64_t copied = 0;
    auto storing = isCopy ? storeBody(m_bindings, options, *source, copied) : receive(options);
    const auto draft = co_await std::move(storing);
    if (!draft)
        co_return tl::unexpected(binding::s3ErrorOf(draft.error()));
    if (!m_s3.contentMd5.empty() && m_s3.contentMd5 != (*draft)->md5())
        co_return binding::s3Fail(400, "BadDigest", "the body has another MD5 than Content-MD5");
    if (!m_s3.sha256.empty() && m_s3.sha256 != (*draft)->digest())
        co_return binding::s3Fail(400, "XAmzContentSHA256Mismatch",
                                  "the body has another SHA-256 than x-amz-content-sha256");
    const auto part = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->putPart(m_store, upload, m_s3.partNumber, **draft,
                                            nowUnixMillis());
    });
    if (!part)
        co_return part.error().code == Error::Code::NotFound
            ? binding::s3Fail(404, "NoSuchUpload", part.error().text)
            : tl::unexpected(binding::s3ErrorOf(part.error()));
    Answer answer;
    if (isCopy) {
        answer.contentType = "application/xml";
        answer.body = binding::copiedXml("CopyPartResult", part->etag, part->storedAt);
    } else {
        answer.fields.emplace_back("ETag", '"' + part->etag + '"');
    }
    co_return answer;
}

asio::awaitable<BindingExchange::S3Reply> BindingExchange::complete(binding::Upload upload)
{
    const auto xml = co_await gather();
    const auto wanted =
        xml ? binding::readCompletion(*xml)
            : binding::S3Result<std::vector<binding::Part>>(tl::unexpected(xml.error()));
    if (!wanted)
        co_return tl::unexpected(wanted.error());
    const auto item = co_await offload(m_bindings->workers(), [&] {
        return m_bindings->depot()->completeUpload(m_store, upload, *wanted, nowUnixMillis());
    });
    if (!item) {
        switch (item.error().code) {
        case Error::Code::Conflict:
            co_return binding::s3Fail(400, "InvalidPartOrder", item.error().text);
        case Error::Code::Invalid:
            co_return binding::s3Fail(400, "InvalidPart", item.error().text);
        case Error::Code::TooLarge:
            co_return binding::s3Fail(400, "EntityTooSmall", item.error().text);
        case Error::Code::NotFound:
            co_return binding::s3Fail(404, "NoSuchUpload", item.error().text);
        default:
            co_return tl::unexpected(binding::s3ErrorOf(item.error()));
        }
    }
    Answer answer;
    answer.contentType = "application/xml";
    answer.body = binding::completedXml(m_s3, *item);
    co_return answer;
}

} // namespace sallyport::egress
