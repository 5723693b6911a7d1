#include "engine/egress/stored_body.h"

#include <algorithm>
#include <utility>

#include "engine/api/offload.h"
#include "engine/binding/aws_chunked.h"

namespace sallyport::egress {

namespace asio = boost::asio;
using api::offload;

namespace {

constexpr std::size_t PieceBytes = 256 * 1024;

// Takes what a body consists of out of what came of it.
class Unwrapper
{
public:
    explicit Unwrapper(bool isAwsChunked)
        : m_isAwsChunked(isAwsChunked)
    {
    }
    // False: malformed.
    [[nodiscard]] bool add(std::string_view piece, std::string& out)
    {
        if (!m_isAwsChunked) {
            out.append(piece);
            return true;
        }
        for (;;) {
            std::string_view data;
            switch (m_chunks.next(piece, data)) {
            case binding::AwsChunked::State::Data:
                out.append(data);
                break;
            case binding::AwsChunked::State::NeedMore:
                return true;
            case binding::AwsChunked::State::End:
                m_isComplete = true;
                return piece.empty();
            case binding::AwsChunked::State::Bad:
                return false;
            }
        }
    }
    [[nodiscard]] bool isComplete() const { return !m_isAwsChunked || m_isComplete; }

private:
    bool m_isAwsChunked;
    bool m_isComplete = false;
    binding::AwsChunked m_chunks;
};

asio::awaitable<Status>
append(binding::Bindings& bindings, binding::Draft& draft, std::string& waiting)
{
    const Status done = co_await offload(bindings.workers(), [&] { return draft.append(waiting); });
    waiting.clear();
    co_return done;
}

asio::awaitable<Status> fill(binding::Bindings& bindings,
                             binding::Draft& draft,
                             bool isAwsChunked,
                             BodySource& body,
                             std::int64_t& bytes)
{
    Unwrapper unwrapper(isAwsChunked);
    std::string waiting;
    for (bool isOver = false; !isOver;) {
        std::string_view piece;
        switch (body.next(piece)) {
        case BodySource::State::Piece:
            bytes += static_cast<std::int64_t>(piece.size());
            if (!unwrapper.add(piece, waiting))
                co_return fail(Error::Code::Invalid, "the body is not coded as aws-chunked");
            break;
        case BodySource::State::Blocked:
            co_await body.wait();
            break;
        case BodySource::State::Failed:
            co_return fail(Error::Code::Invalid,
                           "the body was cut off or malformed: " + body.fault());
        case BodySource::State::End:
            isOver = true;
            break;
        }
        if (waiting.size() < PieceBytes && !(isOver && !waiting.empty()))
            continue;
        const Status appended = co_await append(bindings, draft, waiting);
        if (!appended)
            co_return appended;
    }
    if (!unwrapper.isComplete())
        co_return fail(Error::Code::Invalid, "the body ends within a chunk");
    co_return co_await offload(bindings.workers(), [&] { return draft.finish(); });
}

} // namespace

StoredBody::StoredBody(std::shared_ptr<binding::Bindings> bindings,
                       std::shared_ptr<binding::Content> content,
                       std::int64_t offset,
                       std::int64_t length)
    : m_bindings(std::move(bindings))
    , m_content(std::move(content))
    , m_offset(offset)
    , m_left(length)
{
}

BodySource::State StoredBody::next(std::string_view& piece)
{
    if (!m_fault.empty())
        return State::Failed;
    if (m_read.empty())
        return m_left == 0 ? State::End : State::Blocked;
    m_given = std::exchange(m_read, {});
    piece = m_given;
    return State::Piece;
}

asio::awaitable<void> StoredBody::wait()
{
    if (!m_read.empty() || m_left == 0 || !m_fault.empty())
        co_return;
    m_given.clear();
    // What the worker uses stays, though whoever waits may be gone by then.
    struct Read
    {
        std::shared_ptr<binding::Content> content;
        std::int64_t offset;
        std::size_t most;
        Result<std::string> bytes;
    };
    const auto read = std::make_shared<Read>(
        Read{m_content, m_offset,
             static_cast<std::size_t>(std::min<std::int64_t>(m_left, PieceBytes)), std::string()});
    co_await offload(m_bindings->workers(), [read] {
        read->bytes = read->content->read(read->offset, read->most);
        return true;
    });
    if (!read->bytes || read->bytes->empty()) {
        m_fault = read->bytes ? "the contents are cut off" : read->bytes.error().text;
        co_return;
    }
    m_read = std::move(*read->bytes);
    m_offset += static_cast<std::int64_t>(m_read.size());
    m_left -= static_cast<std::int64_t>(m_read.size());
}

asio::awaitable<Result<std::shared_ptr<binding::Draft>>>
storeBody(std::shared_ptr<binding::Bindings> bindings,
          StoreOptions options,
          BodySource& body,
          std::int64_t& bytes)
{
    auto begun = co_await offload(bindings->workers(), [&] {
        return bindings->depot()->begin(options.store, options.place, options.most);
    });
    if (!begun)
        co_return tl::unexpected(begun.error());
    std::shared_ptr<binding::Draft> draft = std::move(*begun);
    if (!options.digest.empty())
        if (const Status hashed = draft->hash(options.digest); !hashed)
            co_return tl::unexpected(hashed.error());
    const Status filled = co_await fill(*bindings, *draft, options.isAwsChunked, body, bytes);
    if (filled)
        co_return draft;
    // Its file goes on a worker.
    co_await offload(bindings->workers(), [&] {
        draft.reset();
        return true;
    });
    co_return tl::unexpected(filled.error());
}

} // namespace sallyport::egress
