#pragma once

// What a guest asks of a namespace over HTTP (docs/bindings.md), read and checked. Pure.

#include <string>

#include "engine/binding/depot.h"
#include "engine/binding/http.h"

namespace sallyport::binding {

struct KvRequest
{
    enum class Kind
    {
        Namespaces, // those that may be used
        List,
        Get, // also HEAD
        Put,
        Delete,
    };
    Kind kind = Kind::Get;
    std::string name; // of the namespace
    std::string key;
    ListQuery list;
    ItemProperties properties; // of Put
};

// `name` is the namespace where the handler names it; empty: the path's first segment does.
[[nodiscard]] Result<KvRequest>
readKvRequest(const HttpRequest& request, const std::string& name, UnixMillis now);

// A page of keys as Cloudflare's KV lists them: {keys, list_complete, cursor}. `hidden` is put
// before all keys and not shown.
[[nodiscard]] std::string kvListJson(const ListPage& page, std::size_t hidden);

// A cursor is opaque: the last key.
[[nodiscard]] std::string cursorFor(const std::string& key);
[[nodiscard]] Result<std::string> keyOfCursor(const std::string& cursor);

// Metadata in one line, without letters past ASCII; checked for its size.
[[nodiscard]] Result<std::string> checkedMetadata(std::string_view json);

} // namespace sallyport::binding
