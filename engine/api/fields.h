#pragma once

// The members of every type of types.h and the names of every enumerator, written once. json.cpp
// makes both directions of the conversion from these lists and api_docs the reference. Included by
// those two only.

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/api/handlers.h"
#include "engine/api/types.h"

namespace sallyport::api {

enum class Presence
{
    Required,
    Defaulted, // may be left out; then it has the default of types.h
};

template <typename T, typename M> struct Field
{
    std::string_view name;
    M T::*pointer;
    Presence presence;
};

// A string of any bytes, base64 on the wire.
template <typename T> struct BytesField
{
    std::string_view name;
    std::string T::*pointer;
};

// A string that holds a JSON text, that JSON on the wire. May be left out.
template <typename T> struct JsonField
{
    std::string_view name;
    std::string T::*pointer;
};

template <typename T, typename M> constexpr Field<T, M> need(std::string_view name, M T::*pointer)
{
    return {name, pointer, Presence::Required};
}

template <typename T, typename M> constexpr Field<T, M> may(std::string_view name, M T::*pointer)
{
    return {name, pointer, Presence::Defaulted};
}

template <typename T> struct Fields;
template <typename E> struct Names;

// ---- Enumerations

template <> struct Names<SandboxState>
{
    static constexpr std::string_view Type = "SandboxState";
    static constexpr auto List = std::to_array<std::pair<SandboxState, std::string_view>>({
        {SandboxState::Created, "created"},
        {SandboxState::Starting, "starting"},
        {SandboxState::Running, "running"},
        {SandboxState::Stopping, "stopping"},
        {SandboxState::Stopped, "stopped"},
        {SandboxState::Crashed, "crashed"},
    });
};

template <> struct Names<DefaultAction>
{
    static constexpr std::string_view Type = "DefaultAction";
    static constexpr auto List = std::to_array<std::pair<DefaultAction, std::string_view>>({
        {DefaultAction::Ask, "ask"},
        {DefaultAction::Deny, "deny"},
        {DefaultAction::Allow, "allow"},
    });
};

template <> struct Names<SizeName>
{
    static constexpr std::string_view Type = "SizeName";
    static constexpr auto List = std::to_array<std::pair<SizeName, std::string_view>>({
        {SizeName::Lite, "lite"},
        {SizeName::Basic, "basic"},
        {SizeName::Standard, "standard"},
    });
};

template <> struct Names<Action>
{
    static constexpr std::string_view Type = "Action";
    static constexpr auto List = std::to_array<std::pair<Action, std::string_view>>({
        {Action::Allow, "allow"},
        {Action::Deny, "deny"},
    });
};

template <> struct Names<RuleOrigin>
{
    static constexpr std::string_view Type = "RuleOrigin";
    static constexpr auto List = std::to_array<std::pair<RuleOrigin, std::string_view>>({
        {RuleOrigin::Person, "person"},
        {RuleOrigin::Answer, "answer"},
    });
};

template <> struct Names<Step>
{
    static constexpr std::string_view Type = "Step";
    static constexpr auto List = std::to_array<std::pair<Step, std::string_view>>({
        {Step::Floor, "floor"},
        {Step::Denied, "denied"},
        {Step::Gate, "gate"},
        {Step::Handler, "handler"},
        {Step::Rule, "rule"},
        {Step::Default, "default"},
        {Step::Answer, "answer"},
        {Step::Protocol, "protocol"},
        {Step::Credential, "credential"},
    });
};

template <> struct Names<HandlerKind>
{
    static constexpr std::string_view Type = "HandlerKind";
    static constexpr auto List = std::to_array<std::pair<HandlerKind, std::string_view>>({
        {HandlerKind::Native, "native"},
        {HandlerKind::JavaScript, "javaScript"},
    });
};

template <> struct Names<HandlerOrigin>
{
    static constexpr std::string_view Type = "HandlerOrigin";
    static constexpr auto List = std::to_array<std::pair<HandlerOrigin, std::string_view>>({
        {HandlerOrigin::RunTime, "runTime"},
        {HandlerOrigin::Declared, "declared"},
    });
};

template <> struct Names<ParameterType>
{
    static constexpr std::string_view Type = "ParameterType";
    static constexpr auto List = std::to_array<std::pair<ParameterType, std::string_view>>({
        {ParameterType::Text, "text"},
        {ParameterType::LongText, "longText"},
        {ParameterType::Number, "number"},
        {ParameterType::Flag, "flag"},
        {ParameterType::Choice, "choice"},
        {ParameterType::Hosts, "hosts"},
        {ParameterType::Headers, "headers"},
    });
};

template <> struct Names<LineLevel>
{
    static constexpr std::string_view Type = "LineLevel";
    static constexpr auto List = std::to_array<std::pair<LineLevel, std::string_view>>({
        {LineLevel::Debug, "debug"},
        {LineLevel::Info, "info"},
        {LineLevel::Warning, "warning"},
        {LineLevel::Error, "error"},
    });
};

template <> struct Names<QuestionState>
{
    static constexpr std::string_view Type = "QuestionState";
    static constexpr auto List = std::to_array<std::pair<QuestionState, std::string_view>>({
        {QuestionState::Open, "open"},
        {QuestionState::Answered, "answered"},
        {QuestionState::Withdrawn, "withdrawn"},
    });
};

template <> struct Names<Reach>
{
    static constexpr std::string_view Type = "Reach";
    static constexpr auto List = std::to_array<std::pair<Reach, std::string_view>>({
        {Reach::ThisRequest, "thisRequest"},
        {Reach::MethodAndPath, "methodAndPath"},
        {Reach::MethodAndHost, "methodAndHost"},
        {Reach::Host, "host"},
        {Reach::Domain, "domain"},
    });
};

template <> struct Names<Lifetime>
{
    static constexpr std::string_view Type = "Lifetime";
    static constexpr auto List = std::to_array<std::pair<Lifetime, std::string_view>>({
        {Lifetime::Once, "once"},
        {Lifetime::UntilStop, "untilStop"},
        {Lifetime::Minutes15, "minutes15"},
        {Lifetime::Hour, "hour"},
        {Lifetime::Always, "always"},
    });
};

template <> struct Names<Scope>
{
    static constexpr std::string_view Type = "Scope";
    static constexpr auto List = std::to_array<std::pair<Scope, std::string_view>>({
        {Scope::Sandbox, "sandbox"},
        {Scope::All, "all"},
    });
};

template <> struct Names<RowState>
{
    static constexpr std::string_view Type = "RowState";
    static constexpr auto List = std::to_array<std::pair<RowState, std::string_view>>({
        {RowState::Held, "held"},
        {RowState::Open, "open"},
        {RowState::Done, "done"},
        {RowState::Denied, "denied"},
        {RowState::Failed, "failed"},
        {RowState::Withdrawn, "withdrawn"},
    });
};

template <> struct Names<OutputStream>
{
    static constexpr std::string_view Type = "OutputStream";
    static constexpr auto List = std::to_array<std::pair<OutputStream, std::string_view>>({
        {OutputStream::Out, "out"},
        {OutputStream::Err, "err"},
    });
};

template <> struct Names<CredentialSource>
{
    static constexpr std::string_view Type = "CredentialSource";
    static constexpr auto List = std::to_array<std::pair<CredentialSource, std::string_view>>({
        {CredentialSource::Vault, "vault"},
        {CredentialSource::Command, "command"},
    });
};

template <> struct Names<CredentialUse>
{
    static constexpr std::string_view Type = "CredentialUse";
    static constexpr auto List = std::to_array<std::pair<CredentialUse, std::string_view>>({
        {CredentialUse::Header, "header"},
        {CredentialUse::Basic, "basic"},
        {CredentialUse::Query, "query"},
        {CredentialUse::Placeholder, "placeholder"},
        {CredentialUse::AwsSigV4, "awsSigV4"},
        {CredentialUse::GitHubApp, "gitHubApp"},
    });
};

template <> struct Names<CredentialState>
{
    static constexpr std::string_view Type = "CredentialState";
    static constexpr auto List = std::to_array<std::pair<CredentialState, std::string_view>>({
        {CredentialState::Ready, "ready"},
        {CredentialState::Locked, "locked"},
        {CredentialState::Missing, "missing"},
        {CredentialState::Failed, "failed"},
    });
};

template <> struct Names<VaultKind>
{
    static constexpr std::string_view Type = "VaultKind";
    static constexpr auto List = std::to_array<std::pair<VaultKind, std::string_view>>({
        {VaultKind::SecretService, "secretService"},
        {VaultKind::File, "file"},
    });
};

template <> struct Names<CheckState>
{
    static constexpr std::string_view Type = "CheckState";
    static constexpr auto List = std::to_array<std::pair<CheckState, std::string_view>>({
        {CheckState::Ok, "ok"},
        {CheckState::Warning, "warning"},
        {CheckState::Failed, "failed"},
    });
};

// ---- Types. What only the engine sends is required; what a client may leave to the default is
// not.

template <> struct Fields<Size>
{
    static constexpr std::string_view Type = "Size";
    static constexpr auto List = std::tuple(need("name", &Size::name),
                                            need("memoryMib", &Size::memoryMib),
                                            need("vcpus", &Size::vcpus));
};

template <> struct Fields<SandboxStats>
{
    static constexpr std::string_view Type = "SandboxStats";
    static constexpr auto List = std::tuple(need("cpuPercent", &SandboxStats::cpuPercent),
                                            need("memoryUsedBytes", &SandboxStats::memoryUsedBytes),
                                            need("diskUsedBytes", &SandboxStats::diskUsedBytes));
};

template <> struct Fields<Sandbox>
{
    static constexpr std::string_view Type = "Sandbox";
    static constexpr auto List = std::tuple(need("id", &Sandbox::id),
                                            need("name", &Sandbox::name),
                                            need("size", &Sandbox::size),
                                            need("image", &Sandbox::image),
                                            need("diskMib", &Sandbox::diskMib),
                                            need("state", &Sandbox::state),
                                            need("stateReason", &Sandbox::stateReason),
                                            need("defaultAction", &Sandbox::defaultAction),
                                            may("allowedHosts", &Sandbox::allowedHosts),
                                            need("deniedHosts", &Sandbox::deniedHosts),
                                            need("grants", &Sandbox::grants),
                                            need("accelerator", &Sandbox::accelerator),
                                            need("createdAt", &Sandbox::createdAt),
                                            may("startedAt", &Sandbox::startedAt),
                                            need("stats", &Sandbox::stats),
                                            need("openQuestions", &Sandbox::openQuestions));
};

template <> struct Fields<NewSandbox>
{
    static constexpr std::string_view Type = "NewSandbox";
    static constexpr auto List = std::tuple(may("name", &NewSandbox::name),
                                            may("size", &NewSandbox::size),
                                            may("image", &NewSandbox::image),
                                            may("diskMib", &NewSandbox::diskMib),
                                            may("defaultAction", &NewSandbox::defaultAction));
};

template <> struct Fields<Match>
{
    static constexpr std::string_view Type = "Match";
    static constexpr auto List = std::tuple(need("host", &Match::host),
                                            may("port", &Match::port),
                                            may("scheme", &Match::scheme),
                                            may("method", &Match::method),
                                            may("path", &Match::path));
};

template <> struct Fields<Rule>
{
    static constexpr std::string_view Type = "Rule";
    static constexpr auto List = std::tuple(may("id", &Rule::id),
                                            may("sandbox", &Rule::sandbox),
                                            need("action", &Rule::action),
                                            need("match", &Rule::match),
                                            may("enabled", &Rule::enabled),
                                            may("expiresAt", &Rule::expiresAt),
                                            may("untilStop", &Rule::untilStop),
                                            may("origin", &Rule::origin),
                                            may("reason", &Rule::reason),
                                            may("note", &Rule::note),
                                            may("createdAt", &Rule::createdAt),
                                            may("hits", &Rule::hits),
                                            may("lastHitAt", &Rule::lastHitAt));
};

template <> struct Fields<Handler>
{
    static constexpr std::string_view Type = "Handler";
    static constexpr auto List = std::tuple(need("host", &Handler::host),
                                            need("origin", &Handler::origin),
                                            need("kind", &Handler::kind),
                                            need("name", &Handler::name),
                                            JsonField<Handler>{"params", &Handler::params},
                                            need("text", &Handler::text),
                                            need("setAt", &Handler::setAt));
};

template <> struct Fields<HandlerParameter>
{
    static constexpr std::string_view Type = "HandlerParameter";
    static constexpr auto List = std::tuple(need("name", &HandlerParameter::name),
                                            need("title", &HandlerParameter::title),
                                            need("type", &HandlerParameter::type),
                                            need("required", &HandlerParameter::required),
                                            need("summary", &HandlerParameter::summary),
                                            need("choices", &HandlerParameter::choices));
};

template <> struct Fields<BuiltIn>
{
    static constexpr std::string_view Type = "BuiltIn";
    static constexpr auto List = std::tuple(need("name", &BuiltIn::name),
                                            need("summary", &BuiltIn::summary),
                                            need("parameters", &BuiltIn::parameters));
};

template <> struct Fields<ModuleProblem>
{
    static constexpr std::string_view Type = "ModuleProblem";
    static constexpr auto List = std::tuple(need("text", &ModuleProblem::text),
                                            need("line", &ModuleProblem::line),
                                            need("column", &ModuleProblem::column));
};

template <> struct Fields<Module>
{
    static constexpr std::string_view Type = "Module";
    static constexpr auto List = std::tuple(need("sandbox", &Module::sandbox),
                                            need("source", &Module::source),
                                            need("inForce", &Module::inForce),
                                            need("problems", &Module::problems),
                                            need("handlers", &Module::handlers),
                                            may("savedAt", &Module::savedAt));
};

template <> struct Fields<HandlerLine>
{
    static constexpr std::string_view Type = "HandlerLine";
    static constexpr auto List = std::tuple(need("id", &HandlerLine::id),
                                            need("time", &HandlerLine::time),
                                            need("sandbox", &HandlerLine::sandbox),
                                            may("row", &HandlerLine::row),
                                            need("handler", &HandlerLine::handler),
                                            need("level", &HandlerLine::level),
                                            need("text", &HandlerLine::text),
                                            need("line", &HandlerLine::line),
                                            need("column", &HandlerLine::column));
};

template <> struct Fields<HandlerLinePage>
{
    static constexpr std::string_view Type = "HandlerLinePage";
    static constexpr auto List =
        std::tuple(need("lines", &HandlerLinePage::lines), may("before", &HandlerLinePage::before));
};

template <> struct Fields<LadderStep>
{
    static constexpr std::string_view Type = "LadderStep";
    static constexpr auto List = std::tuple(need("step", &LadderStep::step),
                                            need("title", &LadderStep::title),
                                            need("text", &LadderStep::text),
                                            need("rules", &LadderStep::rules),
                                            may("handlers", &LadderStep::handlers));
};

template <> struct Fields<Question>
{
    static constexpr std::string_view Type = "Question";
    static constexpr auto List = std::tuple(need("id", &Question::id),
                                            need("sandbox", &Question::sandbox),
                                            need("sandboxName", &Question::sandboxName),
                                            need("method", &Question::method),
                                            need("scheme", &Question::scheme),
                                            need("host", &Question::host),
                                            need("port", &Question::port),
                                            need("path", &Question::path),
                                            need("contentType", &Question::contentType),
                                            may("bodyBytes", &Question::bodyBytes),
                                            need("why", &Question::why),
                                            need("claimedProcess", &Question::claimedProcess),
                                            need("askedAt", &Question::askedAt),
                                            may("heldUntil", &Question::heldUntil),
                                            need("waiting", &Question::waiting),
                                            need("timesAsked", &Question::timesAsked),
                                            need("firstSeen", &Question::firstSeen),
                                            need("credentials", &Question::credentials),
                                            need("state", &Question::state));
};

// An answer says everything: a person's yes is never filled in from a default.
template <> struct Fields<Answer>
{
    static constexpr std::string_view Type = "Answer";
    static constexpr auto List = std::tuple(need("question", &Answer::question),
                                            need("action", &Answer::action),
                                            may("reason", &Answer::reason),
                                            need("reach", &Answer::reach),
                                            need("lifetime", &Answer::lifetime),
                                            need("scope", &Answer::scope));
};

template <> struct Fields<Row>
{
    static constexpr std::string_view Type = "Row";
    static constexpr auto List = std::tuple(need("id", &Row::id),
                                            need("time", &Row::time),
                                            need("sandbox", &Row::sandbox),
                                            need("sandboxName", &Row::sandboxName),
                                            need("protocol", &Row::protocol),
                                            need("method", &Row::method),
                                            need("scheme", &Row::scheme),
                                            need("host", &Row::host),
                                            need("port", &Row::port),
                                            need("path", &Row::path),
                                            need("state", &Row::state),
                                            may("verdict", &Row::verdict),
                                            need("step", &Row::step),
                                            may("rule", &Row::rule),
                                            may("question", &Row::question),
                                            need("reason", &Row::reason),
                                            need("status", &Row::status),
                                            need("requestBytes", &Row::requestBytes),
                                            need("responseBytes", &Row::responseBytes),
                                            need("durationMs", &Row::durationMs),
                                            need("heldMs", &Row::heldMs),
                                            need("upstreamAddress", &Row::upstreamAddress),
                                            need("error", &Row::error),
                                            need("credentials", &Row::credentials));
};

template <> struct Fields<WebSocketFrame>
{
    static constexpr std::string_view Type = "WebSocketFrame";
    static constexpr auto List = std::tuple(need("fromGuest", &WebSocketFrame::fromGuest),
                                            need("opcode", &WebSocketFrame::opcode),
                                            need("isFinal", &WebSocketFrame::isFinal),
                                            need("bytes", &WebSocketFrame::bytes),
                                            need("atMs", &WebSocketFrame::atMs));
};

template <> struct Fields<WebSocketLog>
{
    static constexpr std::string_view Type = "WebSocketLog";
    static constexpr auto List =
        std::tuple(need("framesFromGuest", &WebSocketLog::framesFromGuest),
                   need("framesFromUpstream", &WebSocketLog::framesFromUpstream),
                   need("frames", &WebSocketLog::frames));
};

template <> struct Fields<RowDetail>
{
    static constexpr std::string_view Type = "RowDetail";
    static constexpr auto List = std::tuple(need("row", &RowDetail::row),
                                            need("requestHeaders", &RowDetail::requestHeaders),
                                            need("responseHeaders", &RowDetail::responseHeaders),
                                            need("upstreamTls", &RowDetail::upstreamTls),
                                            may("webSocket", &RowDetail::webSocket));
};

template <> struct Fields<RowFilter>
{
    static constexpr std::string_view Type = "RowFilter";
    static constexpr auto List = std::tuple(may("sandbox", &RowFilter::sandbox),
                                            may("verdict", &RowFilter::verdict),
                                            may("state", &RowFilter::state),
                                            may("method", &RowFilter::method),
                                            may("text", &RowFilter::text),
                                            may("status", &RowFilter::status));
};

template <> struct Fields<RowPage>
{
    static constexpr std::string_view Type = "RowPage";
    static constexpr auto List =
        std::tuple(need("rows", &RowPage::rows), may("before", &RowPage::before));
};

template <> struct Fields<ExecRequest>
{
    static constexpr std::string_view Type = "ExecRequest";
    static constexpr auto List = std::tuple(need("sandbox", &ExecRequest::sandbox),
                                            may("argv", &ExecRequest::argv),
                                            may("environment", &ExecRequest::environment),
                                            may("directory", &ExecRequest::directory),
                                            may("user", &ExecRequest::user),
                                            may("pty", &ExecRequest::pty),
                                            may("columns", &ExecRequest::columns),
                                            may("rows", &ExecRequest::rows),
                                            may("term", &ExecRequest::term));
};

template <> struct Fields<ExecOutput>
{
    static constexpr std::string_view Type = "ExecOutput";
    static constexpr auto List = std::tuple(need("stream", &ExecOutput::stream),
                                            need("channel", &ExecOutput::channel),
                                            BytesField<ExecOutput>{"bytes", &ExecOutput::bytes});
};

template <> struct Fields<ExecExit>
{
    static constexpr std::string_view Type = "ExecExit";
    static constexpr auto List = std::tuple(need("stream", &ExecExit::stream),
                                            need("status", &ExecExit::status),
                                            need("signal", &ExecExit::signal),
                                            need("error", &ExecExit::error));
};

template <> struct Fields<Credential>
{
    static constexpr std::string_view Type = "Credential";
    static constexpr auto List = std::tuple(may("id", &Credential::id),
                                            need("name", &Credential::name),
                                            may("source", &Credential::source),
                                            may("command", &Credential::command),
                                            may("cacheSeconds", &Credential::cacheSeconds),
                                            need("hosts", &Credential::hosts),
                                            may("plainHttp", &Credential::plainHttp),
                                            may("use", &Credential::use),
                                            may("header", &Credential::header),
                                            may("user", &Credential::user),
                                            may("parameter", &Credential::parameter),
                                            may("variable", &Credential::variable),
                                            may("inBodies", &Credential::inBodies),
                                            may("sandboxes", &Credential::sandboxes),
                                            may("note", &Credential::note),
                                            may("createdAt", &Credential::createdAt),
                                            may("placeholderBytes", &Credential::placeholderBytes),
                                            may("state", &Credential::state),
                                            may("problem", &Credential::problem),
                                            may("uses", &Credential::uses),
                                            may("lastUsedAt", &Credential::lastUsedAt));
};

template <> struct Fields<Vault>
{
    static constexpr std::string_view Type = "Vault";
    static constexpr auto List = std::tuple(need("kind", &Vault::kind),
                                            need("isNew", &Vault::isNew),
                                            need("isLocked", &Vault::isLocked),
                                            need("problem", &Vault::problem));
};

template <> struct Fields<CredentialAlarm>
{
    static constexpr std::string_view Type = "CredentialAlarm";
    static constexpr auto List = std::tuple(need("time", &CredentialAlarm::time),
                                            need("sandbox", &CredentialAlarm::sandbox),
                                            need("sandboxName", &CredentialAlarm::sandboxName),
                                            need("credential", &CredentialAlarm::credential),
                                            need("host", &CredentialAlarm::host),
                                            need("row", &CredentialAlarm::row),
                                            need("text", &CredentialAlarm::text));
};

template <> struct Fields<Check>
{
    static constexpr std::string_view Type = "Check";
    static constexpr auto List = std::tuple(need("id", &Check::id),
                                            need("title", &Check::title),
                                            need("state", &Check::state),
                                            need("detail", &Check::detail),
                                            need("remedy", &Check::remedy));
};

template <> struct Fields<EngineInfo>
{
    static constexpr std::string_view Type = "EngineInfo";
    static constexpr auto List =
        std::tuple(need("version", &EngineInfo::version),
                   need("pid", &EngineInfo::pid),
                   need("imageReady", &EngineInfo::imageReady),
                   need("imageProblem", &EngineInfo::imageProblem),
                   need("accelerator", &EngineInfo::accelerator),
                   need("acceleratorReason", &EngineInfo::acceleratorReason),
                   need("openQuestions", &EngineInfo::openQuestions),
                   need("rows", &EngineInfo::rows),
                   need("holdBudgetMs", &EngineInfo::holdBudgetMs));
};

template <> struct Fields<ModuleSettings>
{
    static constexpr std::string_view Type = "ModuleSettings";
    static constexpr auto List =
        std::tuple(may("allowedHosts", &ModuleSettings::allowedHosts),
                   may("deniedHosts", &ModuleSettings::deniedHosts),
                   may("enableInternet", &ModuleSettings::enableInternet),
                   may("interceptHttps", &ModuleSettings::interceptHttps),
                   may("sleepAfterSeconds", &ModuleSettings::sleepAfterSeconds),
                   may("hooks", &ModuleSettings::hooks));
};

template <> struct Fields<TrialRequest>
{
    static constexpr std::string_view Type = "TrialRequest";
    static constexpr auto List = std::tuple(may("method", &TrialRequest::method),
                                            need("url", &TrialRequest::url),
                                            may("headers", &TrialRequest::headers),
                                            may("body", &TrialRequest::body));
};

template <> struct Fields<TrialStep>
{
    static constexpr std::string_view Type = "TrialStep";
    static constexpr auto List = std::tuple(need("kind", &TrialStep::kind),
                                            need("text", &TrialStep::text),
                                            may("headers", &TrialStep::headers),
                                            may("body", &TrialStep::body),
                                            may("isSent", &TrialStep::isSent),
                                            may("status", &TrialStep::status));
};

template <> struct Fields<TrialResult>
{
    static constexpr std::string_view Type = "TrialResult";
    static constexpr auto List = std::tuple(need("verdict", &TrialResult::verdict),
                                            may("handler", &TrialResult::handler),
                                            need("step", &TrialResult::step),
                                            may("reason", &TrialResult::reason),
                                            may("status", &TrialResult::status),
                                            may("statusText", &TrialResult::statusText),
                                            may("headers", &TrialResult::headers),
                                            may("body", &TrialResult::body),
                                            may("bodyBytes", &TrialResult::bodyBytes),
                                            may("steps", &TrialResult::steps),
                                            may("lines", &TrialResult::lines),
                                            may("problems", &TrialResult::problems),
                                            may("startMs", &TrialResult::startMs),
                                            may("callMs", &TrialResult::callMs));
};

// Everything above, for whoever must visit all of it.
template <typename... T> struct TypeList
{
};

using AllEnums = TypeList<SandboxState,
                          DefaultAction,
                          SizeName,
                          Action,
                          RuleOrigin,
                          HandlerKind,
                          HandlerOrigin,
                          ParameterType,
                          LineLevel,
                          Step,
                          QuestionState,
                          Reach,
                          Lifetime,
                          Scope,
                          RowState,
                          OutputStream,
                          CredentialSource,
                          CredentialUse,
                          CredentialState,
                          VaultKind,
                          CheckState>;

using AllTypes = TypeList<Size,
                          SandboxStats,
                          Sandbox,
                          NewSandbox,
                          Match,
                          Rule,
                          Handler,
                          HandlerParameter,
                          BuiltIn,
                          ModuleProblem,
                          Module,
                          ModuleSettings,
                          TrialRequest,
                          TrialStep,
                          TrialResult,
                          HandlerLine,
                          HandlerLinePage,
                          LadderStep,
                          Question,
                          Answer,
                          Row,
                          WebSocketFrame,
                          WebSocketLog,
                          RowDetail,
                          RowFilter,
                          RowPage,
                          ExecRequest,
                          ExecOutput,
                          ExecExit,
                          Credential,
                          Vault,
                          CredentialAlarm,
                          Check,
                          EngineInfo>;

} // namespace sallyport::api
