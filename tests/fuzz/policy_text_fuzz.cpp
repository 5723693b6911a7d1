// Names, patterns and paths: text of a guest, or of a person who pastes. The first byte chooses.
#include <cstdlib>

#include "engine/policy/host.h"
#include "engine/policy/path_glob.h"
#include "engine/policy/pattern.h"

using namespace sallyport;
using namespace sallyport::policy;

namespace {

void check(bool ok)
{
    if (!ok)
        std::abort();
}

void checkHost(std::string_view text)
{
    if (const Result<std::string> name = canonicalName(text)) {
        check(name->size() <= MostHostNameBytes && canonicalName(*name) == *name);
        check(!Address::parse(*name));
    }
    if (const Result<Authority> authority = parseAuthority(text))
        check(parseHost(authority->host.urlText()).value() == authority->host);
}

void checkPattern(std::string_view text)
{
    if (const Result<Pattern> pattern = Pattern::parse(text))
        check(Pattern::parse(pattern->text()).value() == *pattern);
}

// The pattern up to the first newline, then the path.
void checkPath(std::string_view text)
{
    const std::size_t split = std::min(text.find('\n'), text.size());
    const RequestPath path(text.substr(std::min(split + 1, text.size())));
    if (const Result<PathGlob> glob = PathGlob::parse(text.substr(0, split)))
        check(!glob->matchesEvery(path) || glob->matchesSome(path));
    for (const std::string& pattern : patternsForPrefix(text)) {
        const Result<PathGlob> glob = PathGlob::parse(pattern);
        const RequestPath whole(text);
        // A path made into a rule is matched by that rule, or no rule can be made of it.
        if (glob && pattern.find("/**") == std::string::npos)
            check(glob->matchesEvery(whole));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text(data + 1, data + size);
    switch (data[0] % 3) {
    case 0:
        checkHost(text);
        break;
    case 1:
        checkPattern(text);
        break;
    default:
        checkPath(text);
        break;
    }
    return 0;
}
