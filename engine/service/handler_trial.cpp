#include "engine/service/handler_trial.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace sallyport::service {
namespace asio = boost::asio;

using handler::FrameType;
using handler::LogLine;

namespace {

constexpr std::size_t MostSteps = 200;
constexpr std::size_t MostLines = 1100;

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string shown(std::string_view bytes)
{
    std::string text(bytes.substr(0, HandlerTrial::MostShown));
    // Bytes that are no text are replaced on the way to JSON; a character cut in two at the end as
    // well.
    return text;
}

Headers headersOf(const egress::Fields& fields)
{
    Headers headers;
    for (const egress::Field field : fields)
        headers.emplace_back(field.name, field.value);
    return headers;
}

} // namespace

HandlerTrial::HandlerTrial(asio::any_io_executor executor,
                           api::TrialRequest request,
                           Send send,
                           Use use)
    : m_executor(std::move(executor))
    , m_request(std::move(request))
    , m_send(std::move(send))
    , m_use(std::move(use))
    , m_over(m_executor, asio::steady_timer::time_point::max())
{
}

HandlerTrial::~HandlerTrial()
{
    end();
}

asio::awaitable<api::TrialResult> HandlerTrial::run(std::shared_ptr<handler::Host> host,
                                                    handler::CallHead head)
{
    const auto keep = shared_from_this();
    for (const auto& [name, value] : m_request.headers)
        head.fields.emplace_back(name, value);
    head.hasBody = !m_request.body.empty();
    m_begun = std::chrono::steady_clock::now();
    m_call = handler::Runtime::beginIn(std::move(host), *this, head);
    m_isRunning = true;
    if (m_call.body != 0)
        m_bodies[m_call.body] = m_request.body;
    co_await m_over.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return std::move(m_result);
}

void HandlerTrial::end()
{
    if (std::exchange(m_isRunning, false))
        m_call.host->end(m_call.id);
    m_over.cancel();
}

void HandlerTrial::reply(FrameType type,
                         std::uint32_t id,
                         std::string_view head,
                         std::string_view tail)
{
    if (m_isRunning)
        m_call.host->send(type, id, m_call.id, head, tail);
}

void HandlerTrial::fail(std::string reason)
{
    if (!std::exchange(m_isAnswered, true)) {
        m_result.verdict = "failed";
        m_result.status = 403;
        m_result.reason = std::move(reason);
        m_result.callMs =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_begun)
                .count();
    }
    end();
}

void HandlerTrial::addLine(const LogLine& line)
{
    if (m_result.lines.size() >= MostLines)
        return;
    api::HandlerLine made;
    made.time = nowUnixMillis();
    made.level = static_cast<api::LineLevel>(line.level);
    made.text = line.text;
    made.line = line.line;
    made.column = line.column;
    m_result.lines.push_back(std::move(made));
}

void HandlerTrial::onFrame(const handler::Frame& frame)
{
    const auto keep = shared_from_this();
    switch (frame.type) {
    case FrameType::Respond:
        onRespond(frame);
        break;
    case FrameType::CallFailed: {
        const handler::Problem problem = handler::readProblem(frame.head);
        addLine({LogLine::Level::Error, problem.text, problem.line, problem.column});
        fail(handler::problemText(problem));
        break;
    }
    case FrameType::Fetch:
        onFetch(frame);
        break;
    case FrameType::Op:
        onOperation(frame);
        break;
    case FrameType::Use:
        onUse(frame);
        break;
    case FrameType::Console:
        addLine(handler::readLine(frame.head));
        break;
    case FrameType::Pull:
        onPull(frame.id);
        break;
    case FrameType::Piece:
        if (const auto found = m_incoming.find(frame.id); found != m_incoming.end()) {
            std::string& bytes = found->second.bytes;
            bytes.append(frame.tail.substr(0, MostBody - std::min(MostBody, bytes.size())));
            if (bytes.size() < MostBody) {
                reply(FrameType::Pull, frame.id, {});
                break;
            }
            reply(FrameType::Cancel, frame.id, {});
            const auto node = m_incoming.extract(found);
            node.mapped().done(node.mapped().bytes);
        }
        break;
    case FrameType::PieceEnd:
        if (auto node = m_incoming.extract(frame.id))
            node.mapped().done(std::move(node.mapped().bytes));
        break;
    case FrameType::PieceFailed:
        if (m_incoming.erase(frame.id) > 0)
            fail("a body of the handler's ended early: " + std::string(frame.head.substr(0, 1000)));
        break;
    case FrameType::Done:
        if (m_isAnswered)
            end();
        break;
    default:
        break;
    }
}

void HandlerTrial::onLost(const std::string& reason, bool)
{
    m_isRunning = false;
    addLine({LogLine::Level::Error, reason, 0, 0});
    fail(reason);
}

void HandlerTrial::gather(const egress::HandlerBodyPlace& place,
                          std::string_view tail,
                          std::function<void(std::string)> done)
{
    using Kind = egress::HandlerBodyPlace::Kind;
    switch (place.kind) {
    case Kind::None:
        done({});
        break;
    case Kind::Bytes:
        done(std::string(tail));
        break;
    case Kind::Ref: {
        const auto found = m_bodies.find(place.number);
        done(found == m_bodies.end() ? std::string() : found->second);
        break;
    }
    case Kind::Stream:
        m_incoming[place.number] = Incoming{{}, std::move(done)};
        reply(FrameType::Pull, place.number, {});
        break;
    }
}

void HandlerTrial::onRespond(const handler::Frame& frame)
{
    auto answer = egress::readHandlerAnswer(frame.head);
    if (!answer) {
        fail(answer.error().text);
        return;
    }
    const auto head = std::make_shared<egress::HandlerAnswer>(std::move(*answer));
    gather(head->body, frame.tail,
           [this, head](const std::string& body) { answered(*head, body); });
}

void HandlerTrial::answered(const egress::HandlerAnswer& answer, const std::string& body)
{
    if (std::exchange(m_isAnswered, true))
        return;
    m_result.verdict = "answered";
    m_result.status = answer.status;
    m_result.statusText = answer.statusText;
    m_result.headers = headersOf(answer.fields);
    m_result.body = shown(body);
    m_result.bodyBytes = static_cast<std::int64_t>(body.size());
    m_result.callMs =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_begun)
            .count();
    if (!answer.isMoreToCome)
        end();
}

void HandlerTrial::onFetch(const handler::Frame& frame)
{
    auto head = egress::readHandlerFetch(frame.head);
    if (!head || m_result.steps.size() >= MostSteps) {
        reply(FrameType::FetchFailed, frame.id,
              head ? "more fetches than a trial shows" : head.error().text);
        return;
    }
    handler::HeadLines lines(frame.head);
    static_cast<void>(lines.next());
    std::string url(lines.next().value_or(""));
    api::TrialStep step;
    step.kind = "fetch";
    step.text = head->method + " " + url;
    step.headers = headersOf(head->fields);
    const std::size_t number = m_result.steps.size();
    m_result.steps.push_back(std::move(step));
    const auto kept = std::make_shared<egress::HandlerFetchHead>(std::move(*head));
    gather(kept->body, frame.tail, [this, kept, number, url, id = frame.id](std::string body) {
        m_result.steps[number].body = shown(body);
        if (m_send) {
            ++m_sending;
            asio::co_spawn(m_executor, sendOut(id, number, *kept, url, std::move(body)),
                           [keep = shared_from_this()](const std::exception_ptr&) {});
            return;
        }
        egress::ResponseHead answer;
        answer.status = 200;
        answer.reason = "Not sent";
        answer.fields.add("Sallyport-Trial", "not sent");
        answerFetch(id, answer, url, {});
    });
}

asio::awaitable<void> HandlerTrial::sendOut(std::uint32_t id,
                                            std::size_t step,
                                            egress::HandlerFetchHead head,
                                            std::string url,
                                            std::string body)
{
    const auto keep = shared_from_this();
    auto sending = m_send(std::move(head), std::move(body));
    const Answer answer = co_await std::move(sending);
    --m_sending;
    m_result.steps[step].isSent = true;
    if (!answer) {
        reply(FrameType::FetchFailed, id, answer.error().text);
        co_return;
    }
    m_result.steps[step].status = answer->head.status;
    answerFetch(id, answer->head, url, answer->body);
}

void HandlerTrial::answerFetch(std::uint32_t id,
                               const egress::ResponseHead& answer,
                               const std::string& url,
                               std::string body)
{
    if (!m_isRunning)
        return;
    std::uint32_t number = 0;
    if (!body.empty()) {
        number = m_call.host->newBody();
        m_bodies[number] = std::move(body);
    }
    reply(FrameType::Fetched, id, egress::fetchedHead(answer, url, number));
}

void HandlerTrial::onPull(std::uint32_t number)
{
    const auto found = m_bodies.find(number);
    if (found == m_bodies.end() || found->second.empty()) {
        reply(FrameType::PieceEnd, number, {});
        return;
    }
    std::string& left = found->second;
    const std::size_t size = std::min(left.size(), handler::MaxPiece);
    reply(FrameType::Piece, number, {}, std::string_view(left).substr(0, size));
    left.erase(0, size);
}

void HandlerTrial::onUse(const handler::Frame& frame)
{
    egress::HandlerBodyPlace place;
    const auto request = egress::readHandlerUse(frame.head, place);
    if (!request || m_result.steps.size() >= MostSteps) {
        reply(FrameType::OpFailed, frame.id,
              request ? "more uses of bindings than a trial shows" : request.error().text);
        return;
    }
    const std::size_t number = m_result.steps.size();
    api::TrialStep step;
    step.kind = fmt::format("{} {}", binding::kindName(request->kind), request->verb());
    step.text = request->name;
    for (const std::string& key : request->keys)
        step.text.append(" ").append(key);
    step.text = shown(step.text);
    m_result.steps.push_back(std::move(step));
    if (!request->writes()) {
        ++m_sending;
        asio::co_spawn(m_executor, read(frame.id, *request),
                       [keep = shared_from_this()](const std::exception_ptr&) {});
        return;
    }
    gather(place, frame.tail,
           [this, number, request = *request, id = frame.id](const std::string& body) {
               m_result.steps[number].body = shown(body);
               answerUse(id, egress::pretendedReply(request, body));
           });
}

asio::awaitable<void> HandlerTrial::read(std::uint32_t id, binding::StoreRequest request)
{
    const auto keep = shared_from_this();
    auto reading = m_use(std::move(request));
    auto got = co_await std::move(reading);
    while (got && got->body && got->bytes.size() < MostBody) {
        std::string_view piece;
        const auto state = got->body->next(piece);
        if (state == egress::BodySource::State::Piece)
            got->bytes.append(piece.substr(0, MostBody - got->bytes.size()));
        else if (state == egress::BodySource::State::Blocked)
            co_await got->body->wait();
        else
            break;
    }
    --m_sending;
    if (got)
        answerUse(id, std::move(*got));
    else
        reply(FrameType::OpFailed, id, got.error().text);
}

void HandlerTrial::answerUse(std::uint32_t id, egress::BindingReply answer)
{
    if (!m_isRunning)
        return;
    if (answer.body) {
        const std::uint32_t number = m_call.host->newBody();
        m_bodies[number] = std::move(answer.bytes);
        answer.bytes.clear();
        answer.json["body"] = number;
    }
    reply(FrameType::OpReply, id, egress::handlerJson(answer.json), answer.bytes);
}

void HandlerTrial::onOperation(const handler::Frame& frame)
{
    api::TrialStep step;
    step.kind = frame.head.substr(0, 100);
    step.text = frame.tail.substr(0, MostShown);
    const bool isQuestion = frame.head == "ask";
    if (isQuestion) {
        const nlohmann::json options = nlohmann::json::parse(frame.tail, nullptr, false);
        step.text = options.is_object() ? options.value("reason", std::string()) : std::string();
    }
    if (m_result.steps.size() < MostSteps)
        m_result.steps.push_back(std::move(step));
    // As if the person had allowed it; what it would change stays as it is.
    reply(FrameType::OpReply, frame.id, isQuestion ? R"({"allowed":true})" : std::string_view());
}

} // namespace sallyport::service
