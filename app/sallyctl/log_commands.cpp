// log, why.
#include "app/sallyctl/commands.h"

#include <algorithm>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/sallyctl/context.h"
#include "app/sallyctl/inbox.h"
#include "app/sallyctl/output.h"
#include "app/sallyctl/values.h"
#include "engine/api/row_kind.h"
#include "engine/base/text.h"

namespace sallyport::ctl {
namespace {

using api::Json;

struct Options
{
    std::string sandbox;
    std::string verdict;
    std::string state;
    api::RowFilter filter;
    int limit = 50;
    bool follow = false;
};

std::string target(const api::Row& row)
{
    const bool isUsualPort = (row.scheme == "https" && row.port == 443) ||
                             (row.scheme == "http" && row.port == 80) || row.port == 0;
    return (row.scheme.empty() ? row.protocol : row.scheme) + "://" + row.host +
           (isUsualPort ? "" : ":" + std::to_string(row.port)) + row.path;
}

std::string verdictText(const api::Row& row)
{
    if (row.verdict)
        return enumText(*row.verdict);
    return row.state == api::RowState::Held ? "held" : "-";
}

std::string statusText(const api::Row& row)
{
    return row.status != 0 ? std::to_string(row.status) : "-";
}

std::vector<std::string> cells(const api::Row& row)
{
    return {std::to_string(row.id),
            timeText(row.time),
            row.sandboxName,
            enumText(row.state),
            verdictText(row),
            enumText(row.step),
            statusText(row),
            bytesText(row.responseBytes),
            durationText(row.durationMs),
            orDash(row.method),
            target(row)};
}

const std::vector<std::string>& titles()
{
    static const std::vector<std::string> all = {"ID",      "TIME",   "SANDBOX", "STATE",
                                                 "VERDICT", "STEP",   "STATUS",  "BYTES",
                                                 "TOOK",    "METHOD", "URL"};
    return all;
}

// While following, columns cannot wait for the widest.
void printFollowed(const api::Row& row)
{
    std::string line =
        fmt::format("{:>6}  {}  {:<12}  {:<9}  {:<7}  {:<8}  {:>3}  {:<7} {}", row.id,
                    timeText(row.time), row.sandboxName, enumText(row.state), verdictText(row),
                    enumText(row.step), statusText(row), orDash(row.method), target(row));
    if (!row.reason.empty() && row.verdict == api::Action::Deny)
        line += "  (" + row.reason + ")";
    if (!row.error.empty())
        line += "  (" + row.error + ")";
    printLine(line);
}

Status readFilter(Context& context, Options& options)
{
    if (!options.verdict.empty()) {
        const auto verdict = enumFromText<api::Action>(options.verdict);
        if (!verdict)
            return fail("--verdict", verdict.error());
        options.filter.verdict = *verdict;
    }
    if (!options.state.empty()) {
        const auto state = enumFromText<api::RowState>(options.state);
        if (!state)
            return fail("--state", state.error());
        options.filter.state = *state;
    }
    if (options.sandbox.empty())
        return {};
    // An id alone may be that of a sandbox that is gone; its rows are not.
    if (const Json id = sandboxParameter(options.sandbox); id.is_number()) {
        options.filter.sandbox = id.get<api::SandboxId>();
        return {};
    }
    const auto sandbox = context.sandbox(options.sandbox);
    if (!sandbox)
        return tl::unexpected<Error>(sandbox.error());
    options.filter.sandbox = sandbox->id;
    return {};
}

// The newest `limit` rows, oldest first.
Result<std::vector<api::Row>> newestRows(Context& context, const Options& options)
{
    std::vector<api::Row> rows;
    Json parameters = {{"filter", api::toJson(options.filter)}};
    while (static_cast<int>(rows.size()) < options.limit) {
        parameters["limit"] = std::min(1000, options.limit - static_cast<int>(rows.size()));
        auto page = context.callFor<api::RowPage>("log.list", parameters);
        if (!page)
            return tl::unexpected<Error>(std::move(page.error()));
        rows.insert(rows.end(), page->rows.begin(), page->rows.end());
        if (!page->before)
            break;
        parameters["before"] = *page->before;
    }
    std::reverse(rows.begin(), rows.end());
    return rows;
}

Result<int> list(Context& context, Options& options)
{
    if (auto read = readFilter(context, options); !read)
        return tl::unexpected<Error>(std::move(read.error()));
    const auto rows = newestRows(context, options);
    if (!rows)
        return tl::unexpected<Error>(rows.error());
    if (context.json) {
        printJson(api::toJson(*rows));
        return ExitOk;
    }
    Table table(titles());
    for (const api::Row& row : *rows)
        table.add(cells(row));
    if (table.isEmpty())
        printLine("No rows.");
    else
        table.print();
    return ExitOk;
}

// As the engine's filter; the text is compared by ASCII letters, as there.
bool matches(const api::Row& row, const api::RowFilter& filter)
{
    const auto contains = [&](std::string_view where) {
        return text::toLower(where).find(text::toLower(filter.text)) != std::string::npos;
    };
    return (!filter.sandbox || row.sandbox == *filter.sandbox) &&
           (!filter.verdict || row.verdict == filter.verdict) &&
           (!filter.state || row.state == *filter.state) &&
           (filter.method.empty() || row.method == filter.method) &&
           (!filter.status || row.status == *filter.status) &&
           (filter.text.empty() || contains(row.host) || contains(row.path));
}

class Follower
{
public:
    Follower(Context& context, Options& options)
        : m_context(context)
        , m_options(options)
    {
    }
    ~Follower()
    {
        m_inbox.stop();
        m_context.disconnect();
    }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    Result<int> run()
    {
        if (auto begun = begin(); !begun)
            return tl::unexpected<Error>(std::move(begun.error()));
        for (;;) {
            const auto event = m_inbox.next();
            if (!event)
                return tl::unexpected<Error>(event.error());
            if (event->name == "log.row") {
                if (const auto row = api::fromJson<api::Row>(event->parameters))
                    show(*row);
            } else if (auto caughtUp = catchUp(); !caughtUp) {
                return tl::unexpected<Error>(std::move(caughtUp.error()));
            }
        }
    }

private:
    // Subscribes before it lists, so that no row falls between the two.
    Status begin()
    {
        auto engine = m_context.engine(
            [this](const std::string& name, const Json& parameters) {
                if (name == "log.row" || name == "log.gap")
                    m_inbox.offer(name, parameters);
            },
            [this](Error why) { m_inbox.close(std::move(why)); });
        if (!engine)
            return tl::unexpected<Error>(std::move(engine.error()));
        if (auto read = readFilter(m_context, m_options); !read)
            return read;
        const auto subscribed = m_context.call("engine.subscribe", {{"canAnswer", false}});
        if (!subscribed)
            return tl::unexpected<Error>(subscribed.error());
        const auto rows = newestRows(m_context, m_options);
        if (!rows)
            return tl::unexpected<Error>(rows.error());
        for (const api::Row& row : *rows)
            show(row);
        return {};
    }

    // Rows were dropped since we were slow: fetch what is newer than the last that we showed.
    Status catchUp()
    {
        for (;;) {
            const auto page = m_context.callFor<api::RowPage>(
                "log.list",
                {{"filter", api::toJson(m_options.filter)}, {"after", m_last}, {"limit", 1000}});
            if (!page)
                return tl::unexpected<Error>(page.error());
            if (page->rows.empty())
                return {};
            for (const api::Row& row : page->rows)
                show(row);
        }
    }

    // Each row once for each state; one that merely runs is left to its end, unless in JSON.
    void show(const api::Row& row)
    {
        if (!matches(row, m_options.filter))
            return;
        m_last = std::max(m_last, row.id);
        const bool isRunning = row.state == api::RowState::Open;
        if (!m_context.json && isRunning && m_options.filter.state != api::RowState::Open)
            return;
        if (const auto [known, isNew] = m_shown.emplace(row.id, row.state); !isNew) {
            if (known->second == row.state)
                return;
            known->second = row.state;
        }
        while (m_shown.size() > 10000)
            m_shown.erase(m_shown.begin());
        if (m_context.json)
            printJson(api::toJson(row));
        else
            printFollowed(row);
    }

    Context& m_context;
    Options& m_options;
    Inbox m_inbox;
    std::map<api::RowId, api::RowState> m_shown;
    api::RowId m_last = 0;
};

void printHeaders(const char* title,
                  const std::vector<std::pair<std::string, std::string>>& headers)
{
    if (headers.empty())
        return;
    printLine("");
    printLine(title);
    for (const auto& [name, value] : headers)
        printLine("  " + name + ": " + value);
}

void print(const char* name, const std::string& value)
{
    if (!value.empty())
        printLine(fmt::format("{:<10} {}", name, value));
}

void printWebSocket(const api::WebSocketLog& log)
{
    print("WebSocket", fmt::format("{} frames sent, {} received", log.framesFromGuest,
                                   log.framesFromUpstream));
    for (const api::WebSocketFrame& frame : log.frames)
        print("", fmt::format("{} {} {}{}, {}", frame.fromGuest ? "->" : "<-",
                              durationText(frame.atMs), api::opcodeName(frame.opcode),
                              frame.isFinal ? "" : " (goes on)", bytesText(frame.bytes)));
}

Result<int> why(Context& context, api::RowId id)
{
    const auto detail = context.callFor<api::RowDetail>("log.get", {{"row", id}});
    if (!detail)
        return tl::unexpected<Error>(detail.error());
    if (context.json) {
        printJson(api::toJson(*detail));
        return ExitOk;
    }
    const api::Row& row = detail->row;
    print("Request", fmt::format("{} {} by {}", row.method, target(row), row.sandboxName));
    print("When", timeText(row.time));
    print("Verdict", verdictText(row) + ", now " + enumText(row.state));
    print("Decided by", "step " + enumText(row.step) +
                            (row.rule ? ", rule " + std::to_string(*row.rule) : "") +
                            (row.question ? ", question " + std::to_string(*row.question) : ""));
    print("Because", row.reason);
    print("Error", row.error);
    if (api::isDistrusted(row))
        print("To pass it", fmt::format("unread: sallyctl handler set {} tunnel --host {}",
                                        row.sandboxName, row.host));
    print("Answer", row.status != 0 ? std::to_string(row.status) : "");
    print("Bytes", fmt::format("{} sent, {} received", bytesText(row.requestBytes),
                               bytesText(row.responseBytes)));
    print("Took", durationText(row.durationMs) +
                      (row.heldMs > 0 ? ", held " + durationText(row.heldMs) : ""));
    print("Protocol", row.protocol);
    print("Upstream", row.upstreamAddress);
    print("TLS", detail->upstreamTls);
    if (detail->webSocket)
        printWebSocket(*detail->webSocket);
    printHeaders("Request headers", detail->requestHeaders);
    printHeaders("Response headers", detail->responseHeaders);
    return ExitOk;
}

} // namespace

void addLogCommands(CLI::App& app, Context& context)
{
    const auto options = std::make_shared<Options>();
    auto* log = app.add_subcommand("log", "Show what the sandboxes sent, newest last");
    log->add_option("--sandbox", options->sandbox, "Only of this sandbox (name or id)");
    log->add_option("--verdict", options->verdict, "allow or deny");
    log->add_option("--state", options->state, "held, open, done, denied, failed, withdrawn");
    log->add_option("--method", options->filter.method, "As in the request: GET, POST");
    log->add_option("--status", options->filter.status, "HTTP status that the guest read");
    log->add_option("--text", options->filter.text, "Contained in host or path");
    log->add_option("-n,--limit", options->limit, "At most so many rows")
        ->capture_default_str()
        ->check(CLI::Range(0, 1000000));
    log->add_flag("-f,--follow", options->follow, "Go on with new rows until Ctrl-C");
    log->callback([&context, options] {
        context.command = [&context, options] {
            return options->follow ? Follower(context, *options).run() : list(context, *options);
        };
    });

    const auto row = std::make_shared<api::RowId>(0);
    auto* whyCommand = app.add_subcommand("why", "Explain one row of the log");
    whyCommand->add_option("row", *row, "Its id")->required();
    whyCommand->callback(
        [&context, row] { context.command = [&context, row] { return why(context, *row); }; });
}

} // namespace sallyport::ctl
