#pragma once

// What every command gets: the options that all share, the engine, and the form of the output.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/client.h"
#include "engine/api/json.h"
#include "engine/api/types.h"
#include "engine/base/result.h"

namespace sallyport::ctl {

// Exit codes of everything but exec and shell, which pass on the program's.
enum Exit
{
    ExitOk = 0,
    ExitFailed = 1,
    ExitUsage = 2,
    ExitNoEngine = 3,
    ExitNotFound = 4,
    ExitOwnFailure = 125, // of exec and shell: the program was not run, or its end is not known
};

class Context
{
public:
    bool json = false;
    std::filesystem::path socket; // empty: the engine's usual place, where one is started if needed
    std::vector<std::string> program; // of exec: the command line to run
    bool mayStartEngine = true;       // where none runs and no socket was named
    // Set by the parser. Returns the exit code.
    std::function<Result<int>()> command;

    // Connects once; later calls return the same connection. Handlers may be given by the first.
    [[nodiscard]] Result<api::Client*> engine(api::Client::EventHandler onEvent = {},
                                              api::Client::ClosedHandler onClosed = {});

    // Ends the connection; no handler runs after that.
    void disconnect();

    [[nodiscard]] Result<api::Json> call(std::string_view method,
                                         const api::Json& parameters = api::Json::object(),
                                         std::chrono::milliseconds timeout = ShortPatience);

    template <typename T>
    [[nodiscard]] Result<T> callFor(std::string_view method,
                                    const api::Json& parameters = api::Json::object(),
                                    std::chrono::milliseconds timeout = ShortPatience)
    {
        const auto result = call(method, parameters, timeout);
        if (!result)
            return tl::unexpected<Error>(result.error());
        return api::fromJson<T>(*result);
    }

    // The list that a result holds under this name.
    template <typename T>
    [[nodiscard]] Result<std::vector<T>>
    callForList(std::string_view method,
                std::string_view member,
                const api::Json& parameters = api::Json::object())
    {
        const auto result = call(method, parameters);
        if (!result)
            return tl::unexpected<Error>(result.error());
        return api::member<std::vector<T>>(*result, member);
    }

    // The sandbox that a person names: by its name, or, all digits, by its id.
    [[nodiscard]] Result<api::Sandbox> sandbox(const std::string& nameOrId);

    // The exit code for a failed command.
    [[nodiscard]] int exitFor(const Error& error) const;

    static constexpr auto ShortPatience = std::chrono::seconds(30);
    // A first boot without hardware virtualization takes its time.
    static constexpr auto LongPatience = std::chrono::minutes(10);

private:
    std::unique_ptr<api::Client> m_client;
    bool m_hasNoEngine = false;
};

// The parameter "sandbox" of a method.
[[nodiscard]] api::Json sandboxParameter(const std::string& nameOrId);

} // namespace sallyport::ctl
