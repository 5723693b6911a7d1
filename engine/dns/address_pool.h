#pragma once

// The stable map of one sandbox between the names that it asked for and the addresses that our
// resolver made up for them: an IPv4 address of 198.18.0.0/15 and an IPv6 address of a ULA prefix,
// the same number in both. The listener looks the destination of a connection up here to learn
// which name the guest meant. One owner, one thread; no clock.

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/policy/address.h"

namespace sallyport::dns {

class AddressPool
{
public:
    struct Options
    {
        policy::AddressRange v4{policy::Address::v4(198, 18, 0, 0), 15};
        policy::AddressRange v6 = defaultV6();
        // Names at once. When full, the name used longest ago whose connections have all ended
        // loses its address, which is given out again as late as possible. When every name is in
        // use, assign() gives nothing.
        std::size_t mostNames = 65'536;
    };
    struct Addresses
    {
        policy::Address v4;
        policy::Address v6;
        friend bool operator==(const Addresses&, const Addresses&) = default;
    };
    // fd53:5350:1::/64
    [[nodiscard]] static policy::AddressRange defaultV6();

    AddressPool() = default;
    explicit AddressPool(Options options);

    // The addresses of a canonical name, made up at the first call. nullopt: full, all in use.
    [[nodiscard]] std::optional<Addresses> assign(std::string_view name);
    // The name that has this address now. Counts as use.
    [[nodiscard]] std::optional<std::string> nameOf(const policy::Address& address);
    // Within the ranges, given out or not.
    [[nodiscard]] bool contains(const policy::Address& address) const;
    [[nodiscard]] std::size_t size() const { return m_entries.size(); }

    // Called by assign() for each name that gets an address anew, with its number: for the store.
    using AssignedHandler = std::function<void(const std::string& name, std::uint32_t number)>;
    void setAssignedHandler(AssignedHandler handler) { m_onAssigned = std::move(handler); }

    // Between these two calls, made for every open connection to it, a name keeps its address.
    // A name that the pool does not know is ignored.
    void pin(std::string_view name);
    void unpin(std::string_view name);

    // Names with their numbers, least recently used first; for the store, so that a restarted
    // engine gives the same answers. restore() drops what does not fit and starts unpinned.
    using Saved = std::vector<std::pair<std::string, std::uint32_t>>;
    [[nodiscard]] Saved save() const;
    void restore(const Saved& saved);

private:
    struct Entry
    {
        std::string name;
        std::uint32_t number = 0; // from the start of the ranges; never 0
        int pins = 0;
    };
    using Entries = std::list<Entry>; // least recently used first

    [[nodiscard]] std::uint32_t mostNumber() const;
    [[nodiscard]] std::optional<std::uint32_t> takeNumber();
    [[nodiscard]] std::optional<std::uint32_t> numberOf(const policy::Address& address) const;
    [[nodiscard]] Addresses addressesOf(std::uint32_t number) const;

    Options m_options;
    AssignedHandler m_onAssigned;
    Entries m_entries;
    std::unordered_map<std::string, Entries::iterator> m_byName;
    std::unordered_map<std::uint32_t, Entries::iterator> m_byNumber;
    std::list<std::uint32_t> m_freed; // oldest first; used when no fresh number is left
    std::uint32_t m_nextFresh = 1;
};

} // namespace sallyport::dns
