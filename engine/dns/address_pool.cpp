#include "engine/dns/address_pool.h"

#include <algorithm>
#include <array>

namespace sallyport::dns {
namespace {

// Room in a range, without its first and last address.
std::uint32_t roomIn(const policy::AddressRange& range)
{
    const int bits = std::min(range.address().bits() - range.bits(), 24);
    return bits < 2 ? 0 : (std::uint32_t{1} << static_cast<unsigned>(bits)) - 2;
}

policy::Address plus(const policy::Address& start, std::uint32_t number)
{
    std::array<std::uint8_t, 16> bytes{};
    const auto from = start.bytes();
    std::copy(from.begin(), from.end(), bytes.begin());
    for (std::size_t i = from.size(); number != 0 && i-- > 0; number >>= 8U)
        bytes[i] = static_cast<std::uint8_t>(bytes[i] | (number & 0xffU));
    return *policy::Address::fromBytes({bytes.data(), from.size()});
}

} // namespace

policy::AddressRange AddressPool::defaultV6()
{
    return {*policy::Address::parse("fd53:5350:1::"), 64};
}

AddressPool::AddressPool(Options options)
    : m_options(options)
{
}

std::uint32_t AddressPool::mostNumber() const
{
    return std::min(roomIn(m_options.v4), roomIn(m_options.v6));
}

std::optional<std::uint32_t> AddressPool::takeNumber()
{
    if (m_nextFresh <= mostNumber())
        return m_nextFresh++;
    if (m_freed.empty())
        return std::nullopt;
    const std::uint32_t number = m_freed.front();
    m_freed.pop_front();
    return number;
}

AddressPool::Addresses AddressPool::addressesOf(std::uint32_t number) const
{
    return {plus(m_options.v4.address(), number), plus(m_options.v6.address(), number)};
}

std::optional<std::uint32_t> AddressPool::numberOf(const policy::Address& address) const
{
    if (!contains(address))
        return std::nullopt;
    const policy::AddressRange& range = address.isV4() ? m_options.v4 : m_options.v6;
    std::uint32_t number = 0;
    const auto bytes = address.bytes();
    const auto start = range.address().bytes();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (number >> 24U != 0)
            return std::nullopt; // far beyond every number given out
        number = (number << 8U) | static_cast<std::uint32_t>(bytes[i] ^ start[i]);
    }
    return number;
}

std::optional<AddressPool::Addresses> AddressPool::assign(std::string_view name)
{
    if (const auto known = m_byName.find(std::string(name)); known != m_byName.end()) {
        m_entries.splice(m_entries.end(), m_entries, known->second);
        return addressesOf(known->second->number);
    }
    if (m_entries.size() >= m_options.mostNames) {
        const auto oldest = std::find_if(m_entries.begin(), m_entries.end(),
                                         [](const Entry& entry) { return entry.pins == 0; });
        if (oldest == m_entries.end())
            return std::nullopt;
        m_freed.push_back(oldest->number);
        m_byNumber.erase(oldest->number);
        m_byName.erase(oldest->name);
        m_entries.erase(oldest);
    }
    const std::optional<std::uint32_t> number = takeNumber();
    if (!number)
        return std::nullopt;
    const auto entry = m_entries.insert(m_entries.end(), Entry{std::string(name), *number, 0});
    m_byName.emplace(entry->name, entry);
    m_byNumber.emplace(entry->number, entry);
    if (m_onAssigned)
        m_onAssigned(entry->name, entry->number);
    return addressesOf(*number);
}

std::optional<std::string> AddressPool::nameOf(const policy::Address& address)
{
    const std::optional<std::uint32_t> number = numberOf(address);
    const auto known = number ? m_byNumber.find(*number) : m_byNumber.end();
    if (known == m_byNumber.end())
        return std::nullopt;
    m_entries.splice(m_entries.end(), m_entries, known->second);
    return known->second->name;
}

bool AddressPool::contains(const policy::Address& address) const
{
    return m_options.v4.contains(address) || m_options.v6.contains(address);
}

void AddressPool::pin(std::string_view name)
{
    if (const auto known = m_byName.find(std::string(name)); known != m_byName.end())
        ++known->second->pins;
}

void AddressPool::unpin(std::string_view name)
{
    const auto known = m_byName.find(std::string(name));
    if (known != m_byName.end() && known->second->pins > 0)
        --known->second->pins;
}

AddressPool::Saved AddressPool::save() const
{
    Saved saved;
    saved.reserve(m_entries.size());
    for (const Entry& entry : m_entries)
        saved.emplace_back(entry.name, entry.number);
    return saved;
}

void AddressPool::restore(const Saved& saved)
{
    m_entries.clear();
    m_byName.clear();
    m_byNumber.clear();
    m_freed.clear();
    m_nextFresh = 1;
    // The most recently used ones matter most, so where there is no room the first ones go.
    const std::size_t tooMany =
        saved.size() > m_options.mostNames ? saved.size() - m_options.mostNames : 0;
    for (std::size_t i = tooMany; i < saved.size(); ++i) {
        const auto& [name, number] = saved[i];
        if (number == 0 || number > mostNumber() || m_byNumber.contains(number) ||
            m_byName.contains(name))
            continue;
        const auto entry = m_entries.insert(m_entries.end(), Entry{name, number, 0});
        m_byName.emplace(name, entry);
        m_byNumber.emplace(number, entry);
        m_nextFresh = std::max(m_nextFresh, number + 1);
    }
    // Numbers below that nobody holds are free as well.
    for (std::uint32_t number = 1; number < m_nextFresh; ++number) {
        if (!m_byNumber.contains(number))
            m_freed.push_back(number);
    }
}

} // namespace sallyport::dns
