#include "engine/tls/handles.h"

#include <array>

#include <fmt/format.h>
#include <openssl/err.h>

namespace sallyport::tls {

SSL_CTX* newReference(const ContextPtr& context)
{
    SSL_CTX_up_ref(context.get());
    return context.get();
}

std::string takeErrors()
{
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        const char* const reason = ERR_reason_error_string(code);
        const std::string one = reason != nullptr ? reason : fmt::format("error {:x}", code);
        if (text.size() < 300)
            text += (text.empty() ? "" : "; ") + one;
    }
    return text;
}

tl::unexpected<Error> failTls(std::string_view doing)
{
    const std::string errors = takeErrors();
    return fail(Error::Code::Internal, errors.empty() ? fmt::format("{} failed", doing)
                                                      : fmt::format("{}: {}", doing, errors));
}

} // namespace sallyport::tls
