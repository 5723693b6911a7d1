#pragma once

// A connection to the engine, for the window and the command line. No Boost, no Qt: a plain socket
// and one thread of its own that reads and writes it.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/api/json.h"
#include "engine/base/result.h"

namespace sallyport::api {

class Client
{
public:
    // All handlers run on the client's thread, one at a time, in the order of the messages. They
    // must not block on `call` (it fails at once there) nor destroy the client.
    using EventHandler = std::function<void(const std::string& event, const Json& parameters)>;
    using ClosedHandler = std::function<void(Error)>;
    using Reply = std::function<void(Result<Json>)>;

    // Unavailable when nothing listens there, Refused when the listener runs as another user.
    // `onClosed` is called once when the connection ends by anything but the destructor; every
    // pending reply has failed before it. Handlers may be empty.
    [[nodiscard]] static Result<std::unique_ptr<Client>>
    connect(const std::filesystem::path& socket,
            EventHandler onEvent = {},
            ClosedHandler onClosed = {});

    // Fails what is pending with Unavailable (on the client's thread) and waits for the thread.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Waits for the answer. Any thread but the client's own. TimedOut leaves the request running
    // in the engine.
    [[nodiscard]] Result<Json> call(std::string_view method,
                                    const Json& parameters = Json::object(),
                                    std::chrono::milliseconds timeout = std::chrono::seconds(30));

    // The same, with the result read as T.
    template <typename T>
    [[nodiscard]] Result<T> callFor(std::string_view method,
                                    const Json& parameters = Json::object(),
                                    std::chrono::milliseconds timeout = std::chrono::seconds(30))
    {
        const auto result = call(method, parameters, timeout);
        if (!result)
            return tl::unexpected<Error>(result.error());
        return fromJson<T>(*result);
    }

    // Never blocks; any thread. The reply is called exactly once, on the client's thread. Requests
    // leave in the order of the calls. More than MostUnsentBytes waiting to be sent fail with
    // Unavailable.
    void callAsync(std::string_view method, const Json& parameters, Reply reply);

    [[nodiscard]] bool isOpen() const;
    // Process id of the engine, as the kernel says (SO_PEERCRED).
    [[nodiscard]] int enginePid() const;

    static constexpr std::size_t MostUnsentBytes = std::size_t{8} << 20U;

private:
    class Session;
    explicit Client(std::unique_ptr<Session> session);
    std::unique_ptr<Session> m_session;
};

} // namespace sallyport::api
