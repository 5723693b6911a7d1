// What the first connection to a host costs more than the next: its leaf is minted. Prints figures;
// not a test.
#include <chrono>
#include <cstdio>
#include <string>

#include "engine/base/clock.h"
#include "engine/tls/leaf_cache.h"

using namespace sallyport;

namespace {

double microseconds(tls::LeafCache& leaves, int hosts)
{
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < hosts; ++i)
        if (!leaves.contextFor(policy::Host("h" + std::to_string(i) + ".example.com"),
                               nowUnixMillis())) {
            std::fputs("no leaf could be made\n", stderr);
            return 0;
        }
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - start;
    return taken.count() / hosts;
}

} // namespace

int main()
{
    constexpr int Hosts = 400;
    auto authority = tls::CertificateAuthority::create("bench", nowUnixMillis());
    if (!authority)
        return 1;
    auto leaves = tls::LeafCache::create(
        std::make_shared<const tls::CertificateAuthority>(std::move(*authority)));
    if (!leaves)
        return 1;
    const double first = microseconds(*leaves, Hosts);
    const double known = microseconds(*leaves, Hosts);
    std::printf("leaf of a host seen first: %.1f us, of a known one: %.2f us\n", first, known);
    return 0;
}
