#pragma once

// What the door knows of one sandbox's credentials: whom each may go to, its placeholder there, its
// value, and how to find either in traffic. Immutable; pure; any thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/types.h"
#include "engine/policy/pattern.h"
#include "engine/secret/credential.h"
#include "engine/secret/needles.h"
#include "engine/secret/replacer.h"
#include "engine/secret/scanner.h"
#include "engine/secret/secret_text.h"

namespace sallyport::secret {

struct KitEntry
{
    api::Credential credential;
    std::string placeholder;
    // What goes on the wire in the placeholder's stead; null where there is none now.
    SharedSecret value;
    // What it was made of, where that is another secret (an app's key).
    SharedSecret source;
    UnixMillis freshUntil = INT64_MAX; // then it is to be fetched anew
    std::string problem;               // why there is no value; a sentence
};

struct Destination
{
    policy::Host host;
    int port = 0;
    bool tls = false;
};

// Indexes of the entries that may go to a destination, the most specific host first.
using Home = std::vector<std::size_t>;

class Kit
{
public:
    explicit Kit(std::vector<KitEntry> entries);

    [[nodiscard]] const std::vector<KitEntry>& entries() const { return m_entries; }
    [[nodiscard]] Home homeAt(const Destination& destination) const;
    [[nodiscard]] std::vector<std::string> namesAt(const Destination& destination) const;

    // The entry that this text holds, in any form, and that is not at home here.
    [[nodiscard]] std::optional<std::size_t> strangerIn(std::string_view text,
                                                        const Home& home) const;
    // The text with the values of those at home for their placeholders; unset without any.
    [[nodiscard]] std::optional<std::string> withValues(std::string_view text,
                                                        const Home& home) const;
    // The same for the value of a header, where Basic's base64 is looked into.
    [[nodiscard]] std::optional<std::string> headerWithValues(std::string_view value,
                                                              const Home& home) const;
    // With values as a URL writes them.
    [[nodiscard]] std::optional<std::string> targetWithValues(std::string_view target,
                                                              const Home& home) const;
    // The text with placeholders for all values; unset without any.
    [[nodiscard]] std::optional<std::string> withPlaceholders(std::string_view text) const;
    [[nodiscard]] std::optional<std::string> headerWithPlaceholders(std::string_view value) const;

    // Whether there is any value that an answer could tell.
    [[nodiscard]] bool hasValues() const { return !m_arriving.scanner.isEmpty(); }

    // For streams of bodies. What is of use to nobody is empty.
    struct Stream
    {
        const Scanner& scanner;
        const std::vector<std::size_t>& lengths;
        const std::vector<std::size_t>& owners; // an entry for each needle
        std::vector<MatchAction> actions;
        bool keepsLength = true; // every replacement is as long as what it replaces
    };
    [[nodiscard]] Stream leaving(const Home& home) const;
    [[nodiscard]] Stream arriving() const;

private:
    struct Search
    {
        Search() = default;
        explicit Search(std::vector<Needle> sought);
        std::vector<Needle> needles;
        Scanner scanner;
        std::vector<std::size_t> lengths;
        std::vector<std::size_t> owners;
    };
    [[nodiscard]] static Search everything(const std::vector<KitEntry>& entries);
    [[nodiscard]] static Search wireValues(const std::vector<KitEntry>& entries,
                                           std::vector<std::string>& instead);
    [[nodiscard]] static std::optional<std::string>
    replaced(const Search& search, std::string_view text, const std::vector<MatchAction>& actions);
    [[nodiscard]] std::vector<MatchAction> valueActions(const Home& home,
                                                        std::vector<std::string>* encoded) const;

    std::vector<KitEntry> m_entries;
    std::vector<std::vector<policy::Pattern>> m_hosts;
    Search m_leaving;                   // placeholders and values, in all forms
    std::vector<std::string> m_instead; // for each needle of m_arriving, the placeholder's form
    Search m_arriving;                  // values in all forms
};

} // namespace sallyport::secret
