#pragma once

// The vocabulary of the product: what the engine stores, sends to the window and the command line,
// and takes from them. Plain values; every one has to_json/from_json in json.h. Times are
// UnixMillis, durations milliseconds, sizes bytes unless the name says otherwise. An empty optional
// means "not set", which differs from an empty list or string.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"

namespace sallyport::api {

using SandboxId = std::int64_t;
using RuleId = std::int64_t;
using QuestionId = std::int64_t;
using RowId = std::int64_t;
using StreamId = std::int64_t;
using CredentialId = std::int64_t;

// ---- Sandboxes

enum class SandboxState
{
    Created, // never started
    Starting,
    Running,
    Stopping,
    Stopped,
    Crashed, // ended without having announced it; the disk is whole
};

// What happens to a request that nothing above decided (the last step of the ladder).
enum class DefaultAction
{
    Ask,
    Deny,
    Allow,
};

enum class SizeName
{
    Lite,     // 256 MiB, 1 vCPU
    Basic,    // 1 GiB, 1 vCPU
    Standard, // 4 GiB, 2 vCPUs
};

struct Size
{
    SizeName name = SizeName::Basic;
    int memoryMib = 1024;
    int vcpus = 1;
};

// The three sizes, smallest first.
[[nodiscard]] const std::vector<Size>& sizes();

struct SandboxStats
{
    double cpuPercent = 0; // of one CPU
    std::int64_t memoryUsedBytes = 0;
    std::int64_t diskUsedBytes = 0;
};

struct Sandbox
{
    SandboxId id = 0;
    std::string name;
    SizeName size = SizeName::Basic;
    std::string image = "debian-12";
    int diskMib = 8192;
    SandboxState state = SandboxState::Created;
    std::string stateReason; // for Crashed and failed starts: what happened and what to do
    DefaultAction defaultAction = DefaultAction::Ask;
    std::optional<std::vector<std::string>>
        allowedHosts; // the gate: unset is open, the empty list denies all
    std::vector<std::string> deniedHosts;
    std::vector<std::string> grants; // openings of the floor: "ADDRESS[/BITS]:PORT"
    std::string accelerator;         // "kvm" or "tcg" while it runs
    UnixMillis createdAt = 0;
    std::optional<UnixMillis> startedAt;
    SandboxStats stats;    // live; zero while it does not run
    int openQuestions = 0; // waiting for the person, held or not
};

struct NewSandbox
{
    std::string name; // [a-z0-9] with inner '-', at most 40; empty: the engine picks "agent-N"
    SizeName size = SizeName::Basic;
    std::string image = "debian-12";
    int diskMib = 8192;
    DefaultAction defaultAction = DefaultAction::Ask;
};

// ---- Rules

enum class Action
{
    Allow,
    Deny,
};

enum class RuleOrigin
{
    Person, // written in the policy editor or by the command line
    Answer, // made by the answer to a question
};

// What a rule or an answer applies to. Patterns as in docs/policy.md.
struct Match
{
    std::string host; // "api.example.com", "*.example.com", "203.0.113.7", "2001:db8::/32", "*"
    std::optional<int> port; // unset: any
    std::string scheme;      // "http", "https", "tcp"; empty: any
    std::string method;      // "GET"; empty: any
    std::string path;        // glob: "*" is any run without '/', "**" any run; empty: any
};

struct Rule
{
    RuleId id = 0;
    std::optional<SandboxId> sandbox; // unset: all sandboxes
    Action action = Action::Deny;
    Match match;
    bool enabled = true;
    std::optional<UnixMillis> expiresAt;
    bool untilStop = false; // ends when its sandbox stops
    RuleOrigin origin = RuleOrigin::Person;
    std::string reason; // for Deny: what the guest reads
    std::string note;   // the person's own words
    UnixMillis createdAt = 0;
    std::int64_t hits = 0;
    std::optional<UnixMillis> lastHitAt;
};

// ---- Outbound handlers

enum class HandlerKind
{
    Native,     // built in
    JavaScript, // of the sandbox's module
};

enum class HandlerOrigin
{
    RunTime,  // set by the person, the command line or a handler
    Declared, // by the sandbox's module
};

// A handler in its place on the ladder: for the hosts of a pattern, or for all (the catch-all).
struct Handler
{
    std::string host; // a pattern as in docs/policy.md; empty: the catch-all
    HandlerOrigin origin = HandlerOrigin::RunTime;
    HandlerKind kind = HandlerKind::Native;
    std::string name;
    std::string params = "{}"; // a JSON text; on the wire the JSON itself
    std::string text;          // what it does there, in a sentence; made by the engine
    UnixMillis setAt = 0;
};

enum class ParameterType
{
    Text,
    LongText,
    Number,
    Flag,
    Choice,  // one of `choices`
    Hosts,   // a list of host patterns
    Headers, // an object: name to value, or to null to remove it
};

struct HandlerParameter
{
    std::string name;
    std::string title;
    ParameterType type = ParameterType::Text;
    bool required = false;
    std::string summary;
    std::vector<std::string> choices;
};

// A handler that needs no code, and the form for its parameters.
struct BuiltIn
{
    std::string name;
    std::string summary;
    std::vector<HandlerParameter> parameters;
};

// What is wrong with a module; line and column count from 1, 0 is not known.
struct ModuleProblem
{
    std::string text;
    int line = 0;
    int column = 0;
};

// A sandbox's handler module as it was saved last.
struct Module
{
    SandboxId sandbox = 0;
    std::string source;
    bool inForce = false; // false with problems: the last good one, if any, goes on
    std::vector<ModuleProblem> problems;
    std::vector<std::string> handlers; // the names that the one in force declares
    std::optional<UnixMillis> savedAt; // unset: there is no module
};

enum class LineLevel
{
    Debug,
    Info,
    Warning,
    Error, // also exceptions
};

// One line of the handlers' log.
struct HandlerLine
{
    std::int64_t id = 0;
    UnixMillis time = 0;
    SandboxId sandbox = 0;
    std::optional<RowId> row; // the request that caused it
    std::string handler;
    LineLevel level = LineLevel::Info;
    std::string text;
    int line = 0; // of the module, from 1; 0: not known
    int column = 0;
};

struct HandlerLinePage
{
    std::vector<HandlerLine> lines;     // newest first
    std::optional<std::int64_t> before; // pass it to read on; unset at the end
};

// ---- The ladder

enum class Step
{
    Floor,
    Denied,  // deniedHosts and deny rules
    Gate,    // allowedHosts
    Handler, // host or catch-all handler
    Rule,    // allow rules and remembered answers
    Default,
    Answer,     // the person's answer to this very request
    Protocol,   // refused before the ladder: names that disagree, malformed messages, limits
    Credential, // refused for a credential: on its way to a host that may not have it, or not to be
                // had
};

// One rung of a sandbox's ladder as the policy tab shows it, first decided first.
struct LadderStep
{
    Step step = Step::Default;
    std::string title;
    std::string text;        // what it does in this sandbox, in a sentence
    std::vector<Rule> rules; // those that belong to this step, in the order in which they win
    std::vector<Handler> handlers; // the same of Step::Handler
};

// ---- Questions and answers

enum class QuestionState
{
    Open,
    Answered,
    Withdrawn, // every client that waited has hung up before its hold budget ended
};

struct Question
{
    QuestionId id = 0;
    SandboxId sandbox = 0;
    std::string sandboxName;
    std::string method;
    std::string scheme;
    std::string host;
    int port = 0;
    std::string path;        // of the request that asked first, with its query; elided
    std::string contentType; // of its body, empty without one
    std::optional<std::int64_t> bodyBytes; // where Content-Length says
    std::string why;                       // the step that asks, in a sentence
    std::string claimedProcess;            // as the guest claims; empty when unknown
    UnixMillis askedAt = 0;
    std::optional<UnixMillis> heldUntil; // end of the hold budget; unset: nothing is held any more,
                                         // the answer serves the retry
    int waiting = 0;                     // requests held by this question
    int timesAsked = 1;
    bool firstSeen = true;                // no earlier row of this sandbox names the host
    std::vector<std::string> credentials; // names of those that the request would be given
    QuestionState state = QuestionState::Open;
};

// How far an answer reaches. Each is one line of the dialog.
enum class Reach
{
    ThisRequest,
    MethodAndPath, // method, host and path prefix
    MethodAndHost,
    Host,
    Domain, // "*.domain" and the domain itself
};

enum class Lifetime
{
    Once,
    UntilStop,
    Minutes15,
    Hour,
    Always,
};

enum class Scope
{
    Sandbox,
    All,
};

struct Answer
{
    QuestionId question = 0;
    Action action = Action::Deny;
    std::string reason; // for Deny: what the guest reads, at most 500 bytes
    Reach reach = Reach::MethodAndHost;
    Lifetime lifetime = Lifetime::UntilStop;
    Scope scope = Scope::Sandbox;
};

// ---- The egress log

enum class RowState
{
    Held,      // waits for the person
    Open,      // let through, still running
    Done,      // complete: an answer of the upstream reached the guest
    Denied,    // refused by us
    Failed,    // let through, but the upstream or TLS failed
    Withdrawn, // the client hung up before an answer
};

struct Row
{
    RowId id = 0;
    UnixMillis time = 0;
    SandboxId sandbox = 0;
    std::string sandboxName;
    std::string protocol; // "http/1.1", "h2", "tls", "tcp", "udp", "dns"
    std::string method;
    std::string scheme;
    std::string host;
    int port = 0;
    std::string path; // with its query, secrets masked
    RowState state = RowState::Held;
    std::optional<Action> verdict; // unset while it is held
    Step step = Step::Default;
    std::optional<RuleId> rule;
    std::optional<QuestionId> question;
    std::string reason;            // why it was decided so, in a sentence
    int status = 0;                // what the guest read; 0 where there was no HTTP answer
    std::int64_t requestBytes = 0; // bodies
    std::int64_t responseBytes = 0;
    std::int64_t durationMs = 0;
    std::int64_t heldMs = 0;
    std::string upstreamAddress; // that was dialled, with port
    std::string error;           // for Failed
    std::string credentials;     // names of those that were used, or that leaked; "a, b"
};

// One frame of a WebSocket that passed. Its contents are not kept.
struct WebSocketFrame
{
    bool fromGuest = true;
    int opcode = 0; // 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong
    bool isFinal = true;
    std::int64_t bytes = 0;
    std::int64_t atMs = 0; // since the upgrade
};

// "text", "ping", …; "opcode 11" for what no standard names.
[[nodiscard]] std::string opcodeName(int opcode);

struct WebSocketLog
{
    std::int64_t framesFromGuest = 0;
    std::int64_t framesFromUpstream = 0;
    std::vector<WebSocketFrame> frames; // the last ones, at most 100
};

// The headers of one row, fetched for the detail pane only. Values of Authorization, Cookie and the
// like are masked.
struct RowDetail
{
    Row row;
    std::vector<std::pair<std::string, std::string>> requestHeaders;
    std::vector<std::pair<std::string, std::string>> responseHeaders;
    std::string upstreamTls; // "TLSv1.3, issued to api.example.com by Example CA"; empty without
    std::optional<WebSocketLog> webSocket; // what passed, where the request became one
};

// What the log view and `sallyctl log` ask for. Empty parts match all.
struct RowFilter
{
    std::optional<SandboxId> sandbox;
    std::optional<Action> verdict;
    std::optional<RowState> state;
    std::string method;
    std::string text; // contained in host or path, ignoring case
    std::optional<int> status;
};

struct RowPage
{
    std::vector<Row> rows;       // newest first
    std::optional<RowId> before; // pass it to read on; unset at the end
};

// ---- Running programs

struct ExecRequest
{
    SandboxId sandbox = 0;
    std::vector<std::string> argv; // empty: the user's login shell
    std::vector<std::pair<std::string, std::string>> environment;
    std::string directory; // empty: the user's home
    std::string user;      // empty: root
    bool pty = false;
    int columns = 80;
    int rows = 24;
    std::string term = "xterm-256color";
};

enum class OutputStream
{
    Out, // also a pty's
    Err,
};

struct ExecOutput
{
    StreamId stream = 0;
    OutputStream channel = OutputStream::Out;
    std::string bytes; // base64 on the wire
};

struct ExecExit
{
    StreamId stream = 0;
    int status = 0;    // exit status, or 128 + signal
    int signal = 0;    // 0: it exited by itself
    std::string error; // why it could not be started or was lost; empty otherwise
};

// ---- Credentials: a reference to a secret, never the secret. Values go in by credentials.add and
// credentials.update and come out nowhere.

enum class CredentialSource
{
    Vault,   // the value lies in the vault
    Command, // a program of the person's prints it
};

// How a credential is put into a request to one of its hosts. A placeholder of it is replaced there
// in each case.
enum class CredentialUse
{
    Header,      // `header`, with {} for the value
    Basic,       // Authorization: Basic, `user` and the value as password
    Query,       // the query parameter `parameter`
    Placeholder, // only where the guest put the placeholder
    AwsSigV4,    // signs anew what the guest signed; the value is ACCESS-KEY-ID:SECRET[:TOKEN]
    GitHubApp,   // a token of the installation `parameter` of the app `user`; the value is its key
};

enum class CredentialState
{
    Ready,   // for a command: it has not failed
    Locked,  // the vault is to be unlocked first
    Missing, // the vault has no value for it
    Failed,  // see `problem`
};

struct Credential
{
    CredentialId id = 0;
    std::string name; // [a-z0-9] with inner '-' and '_', at most 40
    CredentialSource source = CredentialSource::Vault;
    std::vector<std::string> command; // for Command: program and arguments, no shell
    int cacheSeconds = 300;           // for Command: how long what it printed is used
    std::vector<std::string> hosts;   // patterns of those that may get it; "*" is refused
    bool plainHttp = false;           // may also go to them over HTTP without TLS
    CredentialUse use = CredentialUse::Header;
    std::string header = "Authorization: Bearer {}";
    std::string user;
    std::string parameter;
    std::string variable;  // of the guest's programs, holds the placeholder; empty: none
    bool inBodies = false; // placeholders are replaced in bodies of requests too
    std::optional<std::vector<SandboxId>> sandboxes; // that may use it; unset: all
    std::string note;                                // the person's own words
    UnixMillis createdAt = 0;
    int placeholderBytes = 0; // set by the engine: the length of the first value, within bounds
    CredentialState state = CredentialState::Missing;
    std::string problem;
    std::int64_t uses = 0;
    std::optional<UnixMillis> lastUsedAt;
};

enum class VaultKind
{
    SecretService, // the desktop's keyring
    File,          // sealed with a passphrase
};

struct Vault
{
    VaultKind kind = VaultKind::File;
    bool isNew = false; // a file that the first passphrase makes
    bool isLocked = true;
    std::string problem; // why it can't be read; empty otherwise
};

// A credential, or a placeholder of one, was on its way to a host that may not have it.
struct CredentialAlarm
{
    UnixMillis time = 0;
    SandboxId sandbox = 0;
    std::string sandboxName;
    std::string credential;
    std::string host;
    RowId row = 0;
    std::string text; // a sentence
};

// ---- The engine

enum class CheckState
{
    Ok,
    Warning,
    Failed,
};

// One line of `sallyctl doctor`.
struct Check
{
    std::string id; // "kvm", "userns", …
    std::string title;
    CheckState state = CheckState::Ok;
    std::string detail;
    std::string remedy; // a command or a step that mends it; empty when ok
};

struct EngineInfo
{
    std::string version;
    std::int64_t pid = 0;
    bool imageReady = false;
    std::string imageProblem; // what to do when it is not
    std::string accelerator;  // "kvm", "tcg", or empty before the first start
    std::string acceleratorReason;
    int openQuestions = 0;
    std::int64_t rows = 0;
    std::int64_t holdBudgetMs = 25000;
};

} // namespace sallyport::api
