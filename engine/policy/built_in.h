#pragma once

// The outbound handlers that need no code (docs/handlers.md): their names, parameters and what each
// decides. Parameters are read once, when a handler is set. Pure; any thread once built.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/api/types.h"
#include "engine/base/result.h"
#include "engine/policy/pattern.h"

namespace sallyport::policy {

inline constexpr std::size_t MostParameterBytes = std::size_t{64} * 1024;

struct AskHandler
{
    bool always = false; // also where a remembered answer allows
};
struct AllowHostsHandler
{
    std::vector<Pattern> hosts;
};
struct DenyHostsHandler
{
    std::vector<Pattern> hosts;
};
struct ReadOnlyHandler
{
};
struct NoHttpHandler
{
};
struct LogHandler
{
};
struct TunnelHandler
{
};

// Header fields to set; those without a value are removed.
using HeaderChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;
struct SetHeadersHandler
{
    HeaderChanges request;
    HeaderChanges response;
};
struct RespondHandler
{
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};
// A port of this machine's loopback, or a service that is bound to the sandbox. That it is set is
// the grant: the floor is not asked about it.
struct RedirectToHandler
{
    int port = 0; // 0: `service`
    std::string service;
    std::string name; // the person's word for what listens there; may be empty
    bool keepHost = false;
};

// Answers from what is bound to the sandbox (docs/bindings.md). Without a name the path's first
// part is one. The prefix goes before every key and is not shown; {sandbox} in it is the sandbox's
// name.
struct KvHandler
{
    std::string name;
    std::string prefix;
};
struct ObjectsHandler
{
    std::string name;
    std::string prefix;
};

using BuiltIn = std::variant<AskHandler,
                             AllowHostsHandler,
                             DenyHostsHandler,
                             ReadOnlyHandler,
                             NoHttpHandler,
                             LogHandler,
                             TunnelHandler,
                             SetHeadersHandler,
                             RespondHandler,
                             RedirectToHandler,
                             KvHandler,
                             ObjectsHandler>;

// All of them, for forms and lists.
[[nodiscard]] const std::vector<api::BuiltIn>& builtIns();
[[nodiscard]] bool isBuiltIn(std::string_view name);

// `params` is a JSON text, an object; empty and "null" are an empty one. NotFound for an unknown
// name, which lists the known ones; Invalid names the parameter that is missing, wrong or unknown.
[[nodiscard]] Result<BuiltIn> parseBuiltIn(std::string_view name, std::string_view params);

// What it does, in a sentence without a full stop's worth of detail: for the ladder.
[[nodiscard]] std::string describe(const BuiltIn& handler);

} // namespace sallyport::policy
