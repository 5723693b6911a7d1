// The first bytes say how the rest is cut up. However that is: a stream comes out as in one piece,
// and one with a stranger in it ends without it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/secret/kit.h"

namespace {

using namespace sallyport;
using namespace sallyport::secret;

constexpr std::string_view Value = "aabaabab";
constexpr std::string_view Placeholder = "sp_aabaab";
constexpr std::string_view Stranger = "abbaabba";

void require(bool condition)
{
    if (!condition)
        std::abort();
}

KitEntry entry(const char* host, std::string_view placeholder, std::string_view value)
{
    KitEntry made;
    made.credential.name = host;
    made.credential.hosts = {host};
    made.credential.inBodies = true;
    made.placeholder = placeholder;
    made.value = std::make_shared<const SecretText>(value);
    return made;
}

Kit makeKit()
{
    std::vector<KitEntry> entries;
    entries.push_back(entry("a.example", Placeholder, Value));
    entries.push_back(entry("b.example", "sp_strange", Stranger));
    return Kit(std::move(entries));
}

struct Outcome
{
    std::string out;
    bool stopped = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome carry(const Kit::Stream& stream, std::string_view text, std::size_t size, bool waits)
{
    Replacer replacer(stream.scanner, stream.lengths, stream.actions);
    Outcome outcome;
    for (std::size_t at = 0; at < text.size() && !outcome.stopped; at += size) {
        outcome.stopped = replacer.feed(text.substr(at, size), outcome.out).has_value();
        if (waits && !outcome.stopped)
            replacer.release(outcome.out);
    }
    if (!outcome.stopped)
        replacer.finish(outcome.out);
    return outcome;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Kit kit = makeKit();
    if (size < 2)
        return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = 1 + data[0] % 16;
    const std::string_view text = input.substr(1);
    const Home home{0};

    const Outcome whole = carry(kit.leaving(home), text, text.size(), false);
    const Outcome pieces = carry(kit.leaving(home), text, cut, false);
    require(whole == pieces);
    require(whole.out.find(Stranger) == std::string::npos);
    require(whole.stopped || text.find(Stranger) == std::string_view::npos);
    const Outcome waiting = carry(kit.leaving(home), text, cut, true);
    require(waiting.stopped == whole.stopped);
    require(waiting.out.find(Stranger) == std::string::npos);

    const Outcome back = carry(kit.arriving(), text, cut, false);
    require(back == carry(kit.arriving(), text, text.size(), false));
    require(!back.stopped);

    static_cast<void>(kit.strangerIn(text, home));
    static_cast<void>(kit.headerWithValues(text, home));
    static_cast<void>(kit.headerWithPlaceholders(text));
    static_cast<void>(kit.targetWithValues(text, home));
    return 0;
}
