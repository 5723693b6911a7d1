#pragma once

// What a handler asks of a namespace or a bucket by its env: JSON of handlerd/js/bindings.js, read
// and checked, and the JSON of the answers. A handler's process may have been taken over, so
// nothing passes unchecked. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/binding/depot.h"
#include "engine/binding/http.h"

namespace sallyport::binding {

struct StoreRequest
{
    enum class Operation
    {
        Get,
        Head,
        Put,
        Delete,
        List,
        BeginUpload,
        PutPart,
        CompleteUpload,
        AbortUpload,
    };

    Operation operation = Operation::Get;
    api::BindingKind kind = api::BindingKind::Kv; // or Objects
    std::string name;                             // of the namespace or bucket
    std::vector<std::string> keys;                // Delete takes several, List none, the rest one

    // Of Get, and the condition of Put.
    Condition condition;
    std::optional<std::int64_t> offset;
    std::optional<std::int64_t> length;
    std::optional<std::int64_t> suffix; // the last bytes, in place of both
    std::string range;                  // as the field of HTTP, in place of all three

    // Of Put and BeginUpload.
    ItemProperties properties;
    std::string digest;   // "sha256": the body must have it; empty: unchecked
    std::string expected; // hexadecimal

    ListQuery list;
    std::string uploadId;
    int partNumber = 0;
    std::vector<Part> parts; // of CompleteUpload: numbers and etags

    [[nodiscard]] const std::string& key() const { return keys.front(); }
    [[nodiscard]] bool writes() const;
    [[nodiscard]] std::string_view verb() const; // "get"
    [[nodiscard]] bool takesBody() const
    {
        return operation == Operation::Put || operation == Operation::PutPart;
    }
};

[[nodiscard]] Result<StoreRequest> readStoreRequest(std::string_view json, UnixMillis now);

// The part of `size` bytes that the request wants; unset: all. Invalid where it lies outside.
[[nodiscard]] Result<std::optional<ByteRange>> rangeOf(const StoreRequest& request,
                                                       std::int64_t size);

// An item as the classes of the script know it.
[[nodiscard]] nlohmann::ordered_json storeItemJson(api::BindingKind kind, const Item& item);
[[nodiscard]] nlohmann::ordered_json storePageJson(api::BindingKind kind, const ListPage& page);

} // namespace sallyport::binding
