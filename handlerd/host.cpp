#include "handlerd/host.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <sys/random.h>
#include <unistd.h>

#include "handlerd/confinement.h"
#include "handlerd/natives.h"
#include "handlerd/resources.h"

namespace sallyport::handlerd {

namespace {

using handler::FrameType;

constexpr std::size_t MostOutput = 16 * 1024 * 1024;
constexpr std::size_t FramesPerTurn = 64;
constexpr int TidyAfter = 300; // milliseconds
constexpr double IdleFrame = 255; // as main.js knows it

std::chrono::nanoseconds processorTime()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::uint32_t toId(double number)
{
    return number >= 0 && number < 4294967296.0 ? static_cast<std::uint32_t>(number) : 0;
}

} // namespace

Host::Host(int socket, handler::SharedPage* page, HostOptions options)
    : m_channel(socket)
    , m_page(page)
    , m_options(options)
    , m_script(options.callSeconds, [this] {
        if (!m_isLoading && m_current != 0)
            endSpent();
        return false;
    })
{
}

void Host::endSpent()
{
    // What state the script is in now is anybody's guess, so the process ends.
    m_channel.send(FrameType::Spent, 0, m_current, {});
    m_channel.flushAll();
    ::_exit(3);
}

JSValueRef Host::send(Arguments arguments)
{
    if (arguments.size() < 3)
        m_script.throwError("send: too few arguments");
    const auto type = static_cast<FrameType>(toId(m_script.toNumber(arguments[0])) & 0xffU);
    const std::uint32_t id = toId(m_script.toNumber(arguments[1]));
    const std::string head = m_script.toText(arguments[2]);
    std::string tailText;
    std::string_view tail;
    if (arguments.size() > 3 && m_script.isString(arguments[3])) {
        m_script.appendText(tailText, arguments[3]);
        tail = tailText;
    } else if (arguments.size() > 3) {
        tail = m_script.toBytes(arguments[3]).value_or(std::string_view());
    }
    std::uint32_t call = m_current;
    if (arguments.size() > 4)
        call = toId(m_script.toNumber(arguments[4]));
    if (head.size() + tail.size() + 4 > handler::MaxHostPayload && type != FrameType::Ready)
        m_script.throwError("too large a message");
    if (type == FrameType::Fetch || type == FrameType::Op || type == FrameType::Use ||
        type == FrameType::Pull)
        m_owners[id] = m_current;
    if (m_channel.queued() > MostOutput)
        m_script.throwError("too much at once");
    m_channel.send(type, id, call, head, tail);
    return m_script.undefined();
}

JSValueRef Host::load(std::string_view name)
{
    const bool outer = std::exchange(m_isLoading, true);
    const auto start = processorTime();
    JSValueRef value = m_script.undefined();
    try {
        value = m_script.evaluate(resource(name), ("sallyport:" + std::string(name)).c_str());
    } catch (const Thrown&) {
        m_isLoading = outer;
        throw;
    }
    m_isLoading = outer;
    m_unchargedTime += processorTime() - start;
    return value;
}

void Host::addNatives(JSObjectRef natives)
{
    const auto add = [&](const char* name, NativeFunction native) {
        m_script.set(natives, name, m_script.function(name, std::move(native)));
    };
    add("send", [this](Arguments arguments) { return send(arguments); });
    add("timer", [this](Arguments arguments) {
        const double delay = std::clamp(m_script.toNumber(arguments[0]), 0.0, 2147483647.0);
        const std::uint32_t id = toId(m_script.toNumber(arguments[1]));
        m_timers.emplace(Clock::now() + std::chrono::microseconds(static_cast<std::int64_t>(delay * 1000)),
                         Timer{id, m_current});
        return m_script.undefined();
    });
    // The call that runs now; for streams, says whose they are.
    add("current", [this](Arguments) { return m_script.number(m_current); });
    add("own", [this](Arguments arguments) {
        m_owners[toId(m_script.toNumber(arguments[0]))] = m_current;
        return m_script.undefined();
    });
    add("load", [this](Arguments arguments) { return load(m_script.toText(arguments[0])); });
    add("evaluate", [this](Arguments arguments) {
        const std::string name = m_script.toText(arguments[1]);
        return m_script.evaluate(m_script.toText(arguments[0]), name.c_str());
    });
    add("now", [this](Arguments) {
        const auto now = Clock::now().time_since_epoch();
        return m_script.number(std::chrono::duration<double, std::milli>(now).count());
    });
    add("random", [this](Arguments arguments) {
        std::string bytes(std::min<std::size_t>(toId(m_script.toNumber(arguments[0])), 65536), '\0');
        for (std::size_t done = 0; done < bytes.size();) {
            const ssize_t count = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
            done += count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        return m_script.bytes(bytes);
    });
    m_script.set(natives, "mostBuffered", m_script.number(static_cast<double>(m_options.mostBufferedBytes)));
    addTextNatives(m_script, natives);
    addUrlNatives(m_script, natives);
    addCryptoNatives(m_script, natives);
    addKeyNatives(m_script, natives);
    addInflateNatives(m_script, natives);
    addDeflateNatives(m_script, natives);
}

bool Host::loadRuntime()
{
    JSObjectRef natives = m_script.newObject();
    addNatives(natives);
    try {
        // A program whose value is a function: (natives) => dispatch
        JSValueRef start = load("runtime");
        const std::array<JSValueRef, 1> arguments{natives};
        m_isLoading = true;
        const auto made = m_script.call(JSValueToObject(m_script.context(), start, nullptr), arguments);
        m_isLoading = false;
        if (!made)
            return false;
        m_dispatch = JSValueToObject(m_script.context(), *made, nullptr);
        m_script.protect(m_dispatch);
    } catch (const Thrown&) {
        return false;
    }
    return true;
}

std::uint32_t Host::ownerOf(const handler::Frame& frame)
{
    switch (frame.type) {
    case FrameType::Fetched:
    case FrameType::FetchFailed:
    case FrameType::OpReply:
    case FrameType::OpFailed:
    case FrameType::Piece:
    case FrameType::PieceEnd:
    case FrameType::PieceFailed: {
        const auto found = m_owners.find(frame.id);
        const std::uint32_t owner = found == m_owners.end() ? frame.call : found->second;
        if (found != m_owners.end())
            m_owners.erase(found);
        return owner;
    }
    case FrameType::Pull:
    case FrameType::Cancel: {
        const auto found = m_owners.find(frame.id);
        return found == m_owners.end() ? frame.call : found->second;
    }
    default:
        return frame.call;
    }
}

void Host::enter(std::uint32_t call, Arguments arguments)
{
    m_current = call;
    m_page->call = call;
    m_page->entry = m_page->entry + 1;
    m_unchargedTime = {};
    m_hasGarbage = true;
    const auto start = processorTime();
    static_cast<void>(m_script.call(m_dispatch, arguments));
    const auto spent = processorTime() - start - m_unchargedTime;
    m_page->call = 0;
    if (call != 0) {
        auto& sum = m_spent[call];
        sum += spent;
        if (m_options.callSeconds > 0 &&
            sum > std::chrono::duration<double>(m_options.callSeconds))
            endSpent();
    }
    m_current = 0;
}

void Host::dispatch(const handler::Frame& frame)
{
    const std::uint32_t owner = ownerOf(frame);
    const bool hasBytes = frame.type == FrameType::Piece || frame.type == FrameType::OpReply;
    const bool hasText = frame.type == FrameType::Compile || frame.type == FrameType::Init;
    const std::array<JSValueRef, 5> arguments{
        m_script.number(static_cast<double>(frame.type)), m_script.number(frame.id),
        m_script.number(frame.call), m_script.text(frame.head),
        hasBytes  ? m_script.bytes(frame.tail)
        : hasText ? m_script.text(frame.tail)
                  : m_script.undefined()};
    enter(owner, arguments);
    if (frame.type == FrameType::Release)
        m_spent.erase(frame.call);
}

void Host::lookForStuckCalls()
{
    const std::array<JSValueRef, 1> arguments{m_script.number(IdleFrame)};
    enter(0, arguments);
}

void Host::fireTimers()
{
    const Clock::time_point now = Clock::now();
    while (!m_timers.empty() && m_timers.begin()->first <= now) {
        const Timer timer = m_timers.begin()->second;
        m_timers.erase(m_timers.begin());
        const std::array<JSValueRef, 5> arguments{
            m_script.number(0), m_script.number(timer.id), m_script.number(timer.call),
            m_script.undefined(), m_script.undefined()};
        enter(timer.call, arguments);
    }
}

int Host::untilNextTimer() const
{
    if (m_timers.empty())
        return -1;
    const auto left = m_timers.begin()->first - Clock::now();
    return static_cast<int>(std::clamp<std::int64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 60'000));
}

int Host::run()
{
    if (!loadRuntime())
        return 2;
    if (const std::string problem = confine(m_options.mayCompile); !problem.empty())
        return 4;
    for (bool isOpen = true; isOpen;) {
        handler::Frame frame;
        std::size_t count = 0;
        // A burst of frames is answered in one write.
        while (count < FramesPerTurn && m_channel.next(frame, isOpen)) {
            dispatch(frame);
            ++count;
        }
        fireTimers();
        if (!m_channel.flush())
            return 0;
        if (count == FramesPerTurn || !isOpen)
            continue;
        // With nothing to do for a while, give memory back.
        const int untilTimer = untilNextTimer();
        const bool tidies = m_hasGarbage && untilTimer < 0;
        const bool isNews = m_channel.wait(tidies ? TidyAfter : untilTimer);
        if (tidies && !isNews) {
            lookForStuckCalls();
            m_script.collectGarbage();
            m_hasGarbage = false;
        }
    }
    return 0;
}

} // namespace sallyport::handlerd
