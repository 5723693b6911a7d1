#include "engine/tls/host_authorities.h"

#include <algorithm>
#include <string>

#include <openssl/pem.h>

namespace sallyport::tls {

namespace {

constexpr std::string_view Begin = "-----BEGIN ";
constexpr std::string_view End = "-----END ";

tl::unexpected<Error> wrong(int line, const std::string& why)
{
    return fail(Error::Code::Invalid, "line " + std::to_string(line) + ": " + why);
}

Result<CertificatePtr> certificateOf(const std::string& pem)
{
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    CertificatePtr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                   : nullptr);
    if (!certificate)
        return fail(Error::Code::Invalid, "not a certificate: " + takeErrors());
    return certificate;
}

Status addPatterns(std::string_view line, std::vector<policy::Pattern>& patterns)
{
    constexpr std::string_view Between = ", \t";
    while (!line.empty()) {
        const std::size_t end = std::min(line.find_first_of(Between), line.size());
        if (end > 0) {
            auto pattern = policy::Pattern::parse(line.substr(0, end));
            if (!pattern)
                return tl::unexpected(pattern.error());
            patterns.push_back(std::move(*pattern));
        }
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return {};
}

} // namespace

Result<std::vector<HostAuthorities>> parseHostAuthorities(std::string_view text)
{
    std::vector<HostAuthorities> all;
    std::string pem; // of the certificate that is being read
    int number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
            line.remove_suffix(1);
        if (!pem.empty() || line.starts_with(Begin)) {
            if (all.empty())
                return wrong(number, "name the hosts before their certificate");
            pem += line;
            pem += '\n';
            if (!line.starts_with(End))
                continue;
            auto certificate = certificateOf(pem);
            if (!certificate)
                return wrong(number, certificate.error().text);
            all.back().certificates.push_back(std::move(*certificate));
            pem.clear();
        } else if (!line.empty() && line.front() != '#') {
            // Hosts after a certificate begin anew.
            if (all.empty() || !all.back().certificates.empty())
                all.emplace_back();
            if (Status added = addPatterns(line, all.back().hosts); !added)
                return wrong(number, added.error().text);
        }
    }
    if (!pem.empty() || (!all.empty() && all.back().certificates.empty()))
        return wrong(number, "a certificate is missing or has no end");
    return all;
}

} // namespace sallyport::tls
