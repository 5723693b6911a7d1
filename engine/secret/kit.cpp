#include "engine/secret/kit.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/secret/encoding.h"

namespace sallyport::secret {

namespace {

constexpr std::string_view BasicScheme = "basic ";

bool holds(const Home& home, std::size_t entry)
{
    return std::find(home.begin(), home.end(), entry) != home.end();
}

// The parts of a value that are secret by themselves: of AWS's three the last two.
std::vector<std::string_view> secretsOf(const KitEntry& entry)
{
    std::vector<std::string_view> secrets;
    for (const SharedSecret* one : {&entry.value, &entry.source}) {
        if (!*one)
            continue;
        std::string_view text = (*one)->view();
        if (entry.credential.use != api::CredentialUse::AwsSigV4) {
            secrets.push_back(text);
            continue;
        }
        text.remove_prefix(std::min(text.find(':') + 1, text.size()));
        const std::size_t colon = text.find(':');
        secrets.push_back(text.substr(0, colon));
        if (colon != std::string_view::npos)
            secrets.push_back(text.substr(colon + 1));
    }
    return secrets;
}

// Only what is the whole value on the wire can stand for the placeholder.
bool isSwappable(const KitEntry& entry)
{
    return entry.value && entry.credential.use != api::CredentialUse::AwsSigV4;
}

// The decoded pair of a Basic authorization; unset where it is none.
std::optional<std::string> basicPair(std::string_view value)
{
    std::string pair;
    if (value.size() <= BasicScheme.size() ||
        !text::equalsIgnoringCase(value.substr(0, BasicScheme.size()), BasicScheme) ||
        !text::fromBase64(value.substr(BasicScheme.size()), pair))
        return std::nullopt;
    return pair;
}

std::string basicOf(std::string_view scheme, std::string pair)
{
    std::string made(scheme.substr(0, BasicScheme.size()));
    made.append(text::toBase64(pair));
    wipe(pair);
    return made;
}

} // namespace

Kit::Search::Search(std::vector<Needle> sought)
    : needles(std::move(sought))
    , scanner(textsOf(needles))
{
    for (const Needle& needle : needles) {
        lengths.push_back(needle.text.size());
        owners.push_back(needle.owner);
    }
}

Kit::Search Kit::everything(const std::vector<KitEntry>& entries)
{
    std::vector<Needle> needles;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        addPlaceholderNeedles(needles, entries[i].placeholder, i);
        for (const std::string_view secret : secretsOf(entries[i]))
            addValueNeedles(needles, secret, i);
    }
    return Search(std::move(needles));
}

// A service that echoes what it got must not tell the guest, whatever form it chooses.
Kit::Search Kit::wireValues(const std::vector<KitEntry>& entries, std::vector<std::string>& instead)
{
    std::vector<Needle> needles;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!isSwappable(entries[i]) || entries[i].value->view().size() < ShortestNeedle)
            continue;
        std::vector<std::string> forms = allForms(entries[i].value->view());
        const std::vector<std::string> others = allForms(entries[i].placeholder);
        // A key file is not echoed in an encoding, and its forms would be many and long.
        if (forms.front().size() > LongestNeedle)
            forms.resize(1);
        for (std::size_t form = 0; form < forms.size(); ++form) {
            needles.push_back({forms[form], i, form == 0 ? Form::Value : Form::EncodedValue});
            instead.push_back(others[form]);
        }
    }
    return Search(std::move(needles));
}

Kit::Kit(std::vector<KitEntry> entries)
    : m_entries(std::move(entries))
    , m_leaving(everything(m_entries))
    , m_arriving(wireValues(m_entries, m_instead))
{
    for (const KitEntry& entry : m_entries)
        m_hosts.push_back(hostPatterns(entry.credential));
}

Home Kit::homeAt(const Destination& destination) const
{
    std::vector<std::pair<int, std::size_t>> found;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        if (!destination.tls && !m_entries[i].credential.plainHttp)
            continue;
        int best = -1;
        for (const policy::Pattern& pattern : m_hosts[i])
            if (pattern.matches(destination.host, destination.port))
                best = std::max(best, pattern.specificity());
        if (best >= 0)
            found.emplace_back(-best, i);
    }
    std::sort(found.begin(), found.end());
    Home home;
    for (const auto& [order, index] : found)
        home.push_back(index);
    return home;
}

std::vector<std::string> Kit::namesAt(const Destination& destination) const
{
    std::vector<std::string> names;
    for (const std::size_t index : homeAt(destination))
        names.push_back(m_entries[index].credential.name);
    return names;
}

std::optional<std::size_t> Kit::strangerIn(std::string_view text, const Home& home) const
{
    Scanner::State state = Scanner::Start;
    while (const auto hit = m_leaving.scanner.find(state, text)) {
        const std::size_t owner = m_leaving.owners[hit->needle];
        if (!holds(home, owner))
            return owner;
        text.remove_prefix(hit->end);
    }
    return std::nullopt;
}

std::optional<std::string>
Kit::replaced(const Search& search, std::string_view text, const std::vector<MatchAction>& actions)
{
    Scanner::State state = Scanner::Start;
    if (!search.scanner.find(state, text))
        return std::nullopt;
    Replacer replacer(search.scanner, search.lengths, actions);
    std::string made;
    static_cast<void>(replacer.feed(text, made));
    replacer.finish(made);
    if (made == text)
        return std::nullopt;
    return made;
}

std::vector<MatchAction> Kit::valueActions(const Home& home,
                                           std::vector<std::string>* encoded) const
{
    std::vector<MatchAction> actions(m_leaving.needles.size());
    if (encoded)
        encoded->resize(m_entries.size());
    for (std::size_t i = 0; i < actions.size(); ++i) {
        const Needle& needle = m_leaving.needles[i];
        const KitEntry& entry = m_entries[needle.owner];
        if (needle.form != Form::Placeholder || !holds(home, needle.owner) || !isSwappable(entry))
            continue;
        std::string_view with = entry.value->view();
        if (encoded)
            with = (*encoded)[needle.owner] = percentEncoded(with);
        actions[i] = {MatchAction::Kind::Replace, with};
    }
    return actions;
}

std::optional<std::string> Kit::withValues(std::string_view text, const Home& home) const
{
    return replaced(m_leaving, text, valueActions(home, nullptr));
}

std::optional<std::string> Kit::headerWithValues(std::string_view value, const Home& home) const
{
    if (const auto pair = basicPair(value))
        if (auto made = withValues(*pair, home))
            return basicOf(value, std::move(*made));
    return withValues(value, home);
}

std::optional<std::string> Kit::targetWithValues(std::string_view target, const Home& home) const
{
    std::vector<std::string> encoded;
    return replaced(m_leaving, target, valueActions(home, &encoded));
}

std::optional<std::string> Kit::withPlaceholders(std::string_view text) const
{
    return replaced(m_arriving, text, arriving().actions);
}

std::optional<std::string> Kit::headerWithPlaceholders(std::string_view value) const
{
    if (const auto pair = basicPair(value))
        if (auto made = withPlaceholders(*pair))
            return basicOf(value, std::move(*made));
    return withPlaceholders(value);
}

Kit::Stream Kit::leaving(const Home& home) const
{
    Stream stream{m_leaving.scanner, m_leaving.lengths, m_leaving.owners, {}, true};
    stream.actions.resize(m_leaving.needles.size());
    for (std::size_t i = 0; i < stream.actions.size(); ++i) {
        const Needle& needle = m_leaving.needles[i];
        const KitEntry& entry = m_entries[needle.owner];
        if (!holds(home, needle.owner)) {
            stream.actions[i].kind = MatchAction::Kind::Stop;
        } else if (needle.form == Form::Placeholder && entry.credential.inBodies &&
                   isSwappable(entry)) {
            stream.actions[i] = {MatchAction::Kind::Replace, entry.value->view()};
            stream.keepsLength =
                stream.keepsLength && entry.value->view().size() == needle.text.size();
        }
    }
    return stream;
}

Kit::Stream Kit::arriving() const
{
    Stream stream{m_arriving.scanner, m_arriving.lengths, m_arriving.owners, {}, true};
    for (std::size_t i = 0; i < m_instead.size(); ++i) {
        stream.actions.push_back({MatchAction::Kind::Replace, m_instead[i]});
        stream.keepsLength = stream.keepsLength && m_instead[i].size() == m_arriving.lengths[i];
    }
    return stream;
}

} // namespace sallyport::secret
