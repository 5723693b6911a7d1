#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace sallyport {

// An expected failure. The code is for programs to branch on, the text for a person: it names what
// failed, with which input, and, where we know it, what to do about it.
struct Error
{
    enum class Code
    {
        Invalid,     // the caller's input is wrong; the same call fails again
        NotFound,    // no such sandbox, rule, question, file
        Exists,      // the name is taken
        Conflict,    // not in this state (starting a running sandbox)
        Refused,     // policy or permission says no
        Unavailable, // something this needs is missing or down; may work later
        TimedOut,
        TooLarge, // past a limit
        Io,       // the operating system or a peer failed us
        Internal, // a bug of ours
    };

    Code code = Code::Internal;
    std::string text;
};

template <typename T> using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error::Code code, std::string text)
{
    return tl::unexpected<Error>(Error{code, std::move(text)});
}

// Adds what the caller was doing to an error from below: "start agent-1: no such file: …".
[[nodiscard]] inline tl::unexpected<Error> fail(std::string_view doing, Error error)
{
    error.text.insert(0, std::string(doing) + ": ");
    return tl::unexpected<Error>(std::move(error));
}

// An Io error with the text of the given errno value.
[[nodiscard]] tl::unexpected<Error> failErrno(std::string_view doing, int errnoValue);

// The name of a code as it stands in the API: "invalid", "notFound", …
[[nodiscard]] std::string_view codeName(Error::Code code);

} // namespace sallyport
