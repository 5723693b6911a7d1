#pragma once

// What a sandbox may use of this machine besides its disk (docs/bindings.md): namespaces of keys
// and values, buckets of objects, and services (a port of this machine's loopback, or of another
// sandbox). Each is bound to sandboxes one by one. Plain values, as those of types.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/types.h"

namespace sallyport::api {

enum class BindingKind
{
    Kv,      // a namespace: keys and values
    Objects, // a bucket: objects of any size
    Service, // a port
};

enum class BindingAccess
{
    ReadOnly,
    ReadWrite,
};

// Who of a sandbox gets at a binding.
enum class BindingReach
{
    Sandbox,  // its programs, by the virtual hosts, and its handlers, by env
    Handlers, // its handlers only
};

// Who may use a binding, and how.
struct BindingUse
{
    std::optional<SandboxId> sandbox; // unset: every sandbox, those to come included
    BindingAccess access = BindingAccess::ReadWrite;
    std::string variable; // env.NAME in handlers; empty: none
    BindingReach reach = BindingReach::Sandbox;
};

struct Binding
{
    BindingKind kind = BindingKind::Kv;
    std::string name;               // [a-z0-9] with inner '-', 3 to 63 bytes; its own for each kind
    std::int64_t mostBytes = 0;     // of a namespace or a bucket: all contents together
    int port = 0;                   // of a service
    std::optional<SandboxId> owner; // of a service: whose port; unset: this machine's loopback
    std::string note;               // the person's own words
    std::vector<BindingUse> uses;
    UnixMillis createdAt = 0;
    std::int64_t entries = 0; // keys or objects
    std::int64_t bytes = 0;   // of their values
};

struct KvKey
{
    std::string name;
    std::int64_t bytes = 0;
    std::optional<UnixMillis> expiresAt;
    std::string metadata = "null"; // a JSON text; on the wire the JSON itself
    UnixMillis storedAt = 0;
};

struct KvPage
{
    std::vector<KvKey> keys;           // in the order of their bytes
    std::optional<std::string> cursor; // pass it to read on; unset at the end
};

struct ObjectInfo
{
    std::string key;
    std::int64_t bytes = 0;
    std::string etag; // hexadecimal MD5, or MD5-N of N parts
    std::string contentType;
    std::string metadata = "{}"; // JSON: names and texts
    UnixMillis storedAt = 0;
};

struct ObjectPage
{
    std::vector<ObjectInfo> objects;   // in the order of their keys' bytes
    std::vector<std::string> prefixes; // where a delimiter was given: what lies below, once
    std::optional<std::string> cursor;
};

// Some bytes of a value or an object.
struct ContentPiece
{
    std::string bytes;     // base64 on the wire
    std::int64_t size = 0; // of the whole
    std::string etag;      // of the whole; pass it to read on in the same
};

} // namespace sallyport::api
