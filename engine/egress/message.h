#pragma once

#include <cstdint>
#include <string>

#include "engine/egress/fields.h"

namespace sallyport::egress {

// How a message says where its body ends.
enum class BodyKind
{
    None,
    Length,     // known before it starts
    Chunked,    // HTTP/1.1 chunks, or HTTP/2 without content-length
    UntilClose, // HTTP/1 answers only
};

struct Framing
{
    BodyKind kind = BodyKind::None;
    std::uint64_t length = 0; // for Length
};

enum class HttpVersion
{
    Http10,
    Http11,
    Http2,
};

// The head of a request, whatever protocol carried it. Fields are as the client sent them, without
// HTTP/2 pseudo fields.
struct RequestHead
{
    HttpVersion version = HttpVersion::Http11;
    std::string method;
    std::string scheme;    // as the target or :scheme says; empty where it does not
    std::string authority; // of an absolute target, a CONNECT or :authority; else of Host
    std::string path;      // origin form with query, or "*"
    Fields fields;
    Framing framing;
    bool expectsContinue = false;
    // The protocol of a complete Upgrade of HTTP/1.1, or of an extended CONNECT of HTTP/2 (RFC 8441),
    // which is shown as the GET that it stands for. An answer of status 101 accepts either.
    std::string upgrade;

    void clear()
    {
        version = HttpVersion::Http11;
        method.clear();
        scheme.clear();
        authority.clear();
        path.clear();
        fields.clear();
        framing = {};
        expectsContinue = false;
        upgrade.clear();
    }
};

struct ResponseHead
{
    HttpVersion version = HttpVersion::Http11;
    int status = 0;
    std::string reason; // HTTP/1 only; may be empty
    Fields fields;
    Framing framing;
    bool keepAlive = true; // HTTP/1: the connection can carry another request

    void clear()
    {
        version = HttpVersion::Http11;
        status = 0;
        reason.clear();
        fields.clear();
        framing = {};
        keepAlive = true;
    }
};

} // namespace sallyport::egress
