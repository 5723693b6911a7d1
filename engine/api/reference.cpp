#include "engine/api/reference.h"

#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "engine/api/binding_fields.h"
#include "engine/api/budget_fields.h"
#include "engine/api/connection.h"
#include "engine/api/fields.h"
#include "engine/api/json.h"
#include "engine/api/methods.h"
#include "engine/api/phase_fields.h"
#include "engine/api/rpc.h"
#include "engine/api/server.h"
#include "engine/api/setting_fields.h"

namespace sallyport::api {
namespace {

// The wire's name of a C++ type.
template <typename T> struct Wire
{
    static std::string name()
    {
        if constexpr (std::is_same_v<T, bool>)
            return "bool";
        else if constexpr (std::is_integral_v<T>)
            return "int";
        else if constexpr (std::is_floating_point_v<T>)
            return "number";
        else if constexpr (std::is_same_v<T, std::string>)
            return "string";
        else if constexpr (std::is_enum_v<T>)
            return std::string(Names<T>::Type);
        else
            return std::string(Fields<T>::Type);
    }
};

template <typename T> struct Wire<std::vector<T>>
{
    static std::string name() { return "[" + Wire<T>::name() + "]"; }
};

template <typename T> struct Wire<std::optional<T>>
{
    static std::string name() { return Wire<T>::name(); }
};

template <> struct Wire<std::pair<std::string, std::string>>
{
    static std::string name() { return "[string, string]"; }
};

template <typename M> struct IsOptional : std::false_type
{
};
template <typename M> struct IsOptional<std::optional<M>> : std::true_type
{
};

template <typename T, typename M> std::string fieldLine(Field<T, M> field)
{
    std::string absent;
    if (IsOptional<M>::value)
        absent = "not set";
    else if (field.presence == Presence::Defaulted)
        absent = "`" + toJson(T{})[std::string(field.name)].dump() + "`";
    return fmt::format("| `{}` | {} | {} |\n", field.name, Wire<M>::name(), absent);
}

template <typename T> std::string fieldLine(BytesField<T> field)
{
    return fmt::format("| `{}` | base64 |  |\n", field.name);
}

template <typename T> std::string fieldLine(JsonField<T> field)
{
    return fmt::format("| `{}` | any JSON | `{}` |\n", field.name, T{}.*field.pointer);
}

template <typename T> std::string typeSection()
{
    std::string out =
        fmt::format("### {}\n\n| member | type | when absent |\n|---|---|---|\n", Fields<T>::Type);
    std::apply([&](const auto&... fields) { ((out += fieldLine(fields)), ...); }, Fields<T>::List);
    return out + "\n";
}

template <typename E> std::string enumLine()
{
    std::string names;
    for (const auto& [value, name] : Names<E>::List)
        names += fmt::format("{}`{}`", names.empty() ? "" : ", ", name);
    return fmt::format("- **{}**: {}\n", Names<E>::Type, names);
}

template <typename... T> std::string typeSections(TypeList<T...>)
{
    return (typeSection<T>() + ...);
}

template <typename... E> std::string enumLines(TypeList<E...>)
{
    return (enumLine<E>() + ...);
}

std::string methodSection(const MethodInfo& method)
{
    return fmt::format("### `{}`\n\n{}\n\n- parameters: `{}`\n- result: `{}`\n\n", method.name,
                       method.summary, method.parameters, method.result);
}

std::string eventSection(const MethodInfo& event)
{
    return fmt::format("### `{}`\n\n{}\n\n- parameters: `{}`\n\n", event.name, event.summary,
                       event.parameters);
}

std::string introduction()
{
    return fmt::format(
        R"md(# The engine's interface

This page is made by `api_docs` from `engine/api/methods.h` and `engine/api/fields.h`; a test compares it. What each member means stands
in `engine/api/types.h`.

## Transport

JSON-RPC 2.0 on the Unix socket `$XDG_RUNTIME_DIR/sallyport/api.sock` (mode 0600; the engine turns away other users by their uid, and so
does the client).

- A message is one line of UTF-8 JSON, at most {} bytes, at most {} levels deep. Batches are refused.
- Parameters go by name. A request without an id is carried out and not answered.
- Requests of one connection start in the order in which they came, run side by side (at most {}; past that they fail with
  `unavailable`), and are answered as they end.
- Events are notifications from the engine. A connection gets them after `engine.subscribe`; `exec.output` and `exec.exit` come without
  that to the connection that started the program. A program is hung up when its connection closes.
- A client that does not read: past {} KiB unread its further requests are not read, `exec.output` waits (so the program does), and
  `log.row` events are dropped, counted, and reported by `log.gap`. Past {} MiB unread it is disconnected.
- A message that is too long, or not JSON, is answered with an error; one that is too long also ends the connection.

## Values

Times are milliseconds since the Unix epoch, durations milliseconds, sizes bytes unless the name says otherwise. A member that is *not
set* is absent, never null. Unknown members are ignored; a wrong type, an unknown name or a missing member is an error that names it.
Text that came from a guest is as it was sent, but for bytes that are not UTF-8 (`\xNN`): escape it before you show it.

## Errors

| code | meaning |
|---|---|
| {} | not JSON, or past a limit |
| {} | not a request |
| {} | no such method |
| {} | wrong parameters |
| {} | the request failed; `error.data.code` says how |

`error.message` is a sentence for a person. `error.data.code` is one of `invalid`, `notFound`, `exists`, `conflict`, `refused`,
`unavailable`, `timedOut`, `tooLarge`, `io`, `internal`.

)md",
        MostMessageBytes, MostMessageDepth, Server::MostRunning, Connection::LowWaterBytes >> 10U,
        Connection::MostQueuedBytes >> 20U, static_cast<int>(RpcCode::ParseError),
        static_cast<int>(RpcCode::InvalidRequest), static_cast<int>(RpcCode::MethodNotFound),
        static_cast<int>(RpcCode::InvalidParams), static_cast<int>(RpcCode::ApplicationError));
}

} // namespace

std::string reference()
{
    std::string out = introduction() + "## Methods\n\n";
    for (const MethodInfo& method : Methods)
        out += methodSection(method);
    out += "## Events\n\n";
    for (const MethodInfo& event : Events)
        out += eventSection(event);
    out += "## Types\n\n" + typeSections(AllTypes{}) + typeSections(BindingTypes{}) + typeSections(BudgetTypes{}) +
           typeSections(PhaseTypes{}) + typeSections(SettingTypes{});
    out += "## Names\n\n" + enumLines(AllEnums{}) + enumLines(BindingEnums{}) +
           enumLines(SettingEnums{});
    return out;
}

} // namespace sallyport::api
