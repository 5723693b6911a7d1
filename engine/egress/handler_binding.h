#pragma once

// What a handler gets by env.NAME of a namespace or a bucket. The catalogue says what its sandbox
// may; the ladder is not asked, since nothing leaves. Network thread; the disk is waited for on a
// worker.

#include <memory>
#include <string>

#include "engine/binding/bindings.h"
#include "engine/binding/store_request.h"
#include "engine/egress/body.h"

namespace sallyport::egress {

struct BindingReply
{
    nlohmann::ordered_json json;
    std::string bytes; // of a small content, all that was asked for
    // In place of the bytes, of a larger one.
    std::shared_ptr<BodySource> body;
    std::uint64_t length = 0;     // of the body
    std::int64_t storedBytes = 0; // of the request's
};

// `body` is what a request that takes one stores; it is read to its end. Null: nothing.
[[nodiscard]] boost::asio::awaitable<Result<BindingReply>>
useBinding(std::shared_ptr<binding::Bindings> bindings,
           api::SandboxId sandbox,
           binding::StoreRequest request,
           std::shared_ptr<BodySource> body);

// What useBinding() would say of a request that writes, where nothing is to be done: for trials.
[[nodiscard]] BindingReply pretendedReply(const binding::StoreRequest& request,
                                          std::string_view body);

} // namespace sallyport::egress
