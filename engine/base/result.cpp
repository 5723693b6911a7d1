#include "engine/base/result.h"

#include <system_error>

namespace sallyport {

tl::unexpected<Error> failErrno(std::string_view doing, int errnoValue)
{
    return fail(Error::Code::Io,
                std::string(doing) + ": " + std::generic_category().message(errnoValue));
}

std::string_view codeName(Error::Code code)
{
    switch (code) {
    case Error::Code::Invalid:
        return "invalid";
    case Error::Code::NotFound:
        return "notFound";
    case Error::Code::Exists:
        return "exists";
    case Error::Code::Conflict:
        return "conflict";
    case Error::Code::Refused:
        return "refused";
    case Error::Code::Unavailable:
        return "unavailable";
    case Error::Code::TimedOut:
        return "timedOut";
    case Error::Code::TooLarge:
        return "tooLarge";
    case Error::Code::Io:
        return "io";
    case Error::Code::Internal:
        return "internal";
    }
    return "internal";
}

} // namespace sallyport
