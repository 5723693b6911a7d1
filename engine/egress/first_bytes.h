#pragma once

#include <string_view>

namespace sallyport::egress {

// What a guest's connection speaks, by its first bytes. Pure.
enum class Speaks
{
    NeedMore, // could still be any of several
    Tls,
    Http1,
    Http2, // in clear, with prior knowledge
    Other,
};

// `port` is where the guest connects to: on port 80 every method is taken for HTTP, elsewhere the
// registered ones, since other protocols begin with a word and a blank too ("NICK me").
[[nodiscard]] Speaks classify(std::string_view bytes, int port);

// Ports where silence is a slow client, not a server that speaks first: those of HTTP.
[[nodiscard]] bool clientSpeaksFirst(int port);

// Ports where silence means a server that speaks first: ssh, mail, files, MySQL, VNC.
[[nodiscard]] bool serverSpeaksFirst(int port);

} // namespace sallyport::egress
