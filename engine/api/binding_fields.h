#pragma once

// What fields.h is for types.h, for bindings.h. Included by json.cpp and reference.cpp only.

#include "engine/api/bindings.h"
#include "engine/api/fields.h"

namespace sallyport::api {

template <> struct Names<BindingKind>
{
    static constexpr std::string_view Type = "BindingKind";
    static constexpr auto List = std::to_array<std::pair<BindingKind, std::string_view>>({
        {BindingKind::Kv, "kv"},
        {BindingKind::Objects, "objects"},
        {BindingKind::Service, "service"},
    });
};

template <> struct Names<BindingAccess>
{
    static constexpr std::string_view Type = "BindingAccess";
    static constexpr auto List = std::to_array<std::pair<BindingAccess, std::string_view>>({
        {BindingAccess::ReadOnly, "readOnly"},
        {BindingAccess::ReadWrite, "readWrite"},
    });
};

template <> struct Names<BindingReach>
{
    static constexpr std::string_view Type = "BindingReach";
    static constexpr auto List = std::to_array<std::pair<BindingReach, std::string_view>>({
        {BindingReach::Sandbox, "sandbox"},
        {BindingReach::Handlers, "handlers"},
    });
};

template <> struct Fields<BindingUse>
{
    static constexpr std::string_view Type = "BindingUse";
    static constexpr auto List = std::tuple(may("sandbox", &BindingUse::sandbox),
                                            may("access", &BindingUse::access),
                                            may("variable", &BindingUse::variable),
                                            may("reach", &BindingUse::reach));
};

template <> struct Fields<Binding>
{
    static constexpr std::string_view Type = "Binding";
    static constexpr auto List = std::tuple(need("kind", &Binding::kind),
                                            need("name", &Binding::name),
                                            may("mostBytes", &Binding::mostBytes),
                                            may("port", &Binding::port),
                                            may("owner", &Binding::owner),
                                            may("note", &Binding::note),
                                            may("uses", &Binding::uses),
                                            may("createdAt", &Binding::createdAt),
                                            may("entries", &Binding::entries),
                                            may("bytes", &Binding::bytes));
};

template <> struct Fields<KvKey>
{
    static constexpr std::string_view Type = "KvKey";
    static constexpr auto List = std::tuple(need("name", &KvKey::name),
                                            need("bytes", &KvKey::bytes),
                                            may("expiresAt", &KvKey::expiresAt),
                                            JsonField<KvKey>{"metadata", &KvKey::metadata},
                                            need("storedAt", &KvKey::storedAt));
};

template <> struct Fields<KvPage>
{
    static constexpr std::string_view Type = "KvPage";
    static constexpr auto List =
        std::tuple(need("keys", &KvPage::keys), may("cursor", &KvPage::cursor));
};

template <> struct Fields<ObjectInfo>
{
    static constexpr std::string_view Type = "ObjectInfo";
    static constexpr auto List =
        std::tuple(need("key", &ObjectInfo::key),
                   need("bytes", &ObjectInfo::bytes),
                   need("etag", &ObjectInfo::etag),
                   may("contentType", &ObjectInfo::contentType),
                   JsonField<ObjectInfo>{"metadata", &ObjectInfo::metadata},
                   need("storedAt", &ObjectInfo::storedAt));
};

template <> struct Fields<ObjectPage>
{
    static constexpr std::string_view Type = "ObjectPage";
    static constexpr auto List = std::tuple(need("objects", &ObjectPage::objects),
                                            may("prefixes", &ObjectPage::prefixes),
                                            may("cursor", &ObjectPage::cursor));
};

template <> struct Fields<ContentPiece>
{
    static constexpr std::string_view Type = "ContentPiece";
    static constexpr auto List = std::tuple(BytesField<ContentPiece>{"bytes", &ContentPiece::bytes},
                                            need("size", &ContentPiece::size),
                                            need("etag", &ContentPiece::etag));
};

using BindingEnums = TypeList<BindingKind, BindingAccess, BindingReach>;
using BindingTypes =
    TypeList<BindingUse, Binding, KvKey, KvPage, ObjectInfo, ObjectPage, ContentPiece>;

} // namespace sallyport::api
