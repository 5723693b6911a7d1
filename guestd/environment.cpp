#include "guestd/environment.h"

namespace sallyport::guestd {

Environment trustEnvironment()
{
    Environment variables;
    for (const std::string_view name :
         {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "PIP_CERT",
          "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"})
        variables.emplace_back(name, BundleFile);
    for (const std::string_view name : {"NODE_EXTRA_CA_CERTS", "DENO_CERT"})
        variables.emplace_back(name, CaFile);
    return variables;
}

Environment
processEnvironment(const User& user, bool terminal, bool trusted, const Environment& additions)
{
    Environment result;
    setVariable(result, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    setVariable(result, "HOME", user.home);
    setVariable(result, "USER", user.name);
    setVariable(result, "LOGNAME", user.name);
    setVariable(result, "SHELL", user.shell);
    setVariable(result, "LANG", "C.UTF-8");
    if (terminal)
        setVariable(result, "TERM", "xterm-256color");
    if (trusted)
        for (const auto& [name, value] : trustEnvironment())
            setVariable(result, name, value);
    for (const auto& [name, value] : additions)
        setVariable(result, name, value);
    return result;
}

void setVariable(Environment& environment, std::string_view name, std::string_view value)
{
    for (auto& [key, current] : environment) {
        if (key == name) {
            current = value;
            return;
        }
    }
    environment.emplace_back(name, value);
}

} // namespace sallyport::guestd
