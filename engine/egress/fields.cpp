#include "engine/egress/fields.h"

#include <algorithm>

namespace sallyport::egress {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

} // namespace

bool sameToken(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

void Fields::add(std::string_view name, std::string_view value)
{
    m_slots.push_back({static_cast<std::uint32_t>(m_text.size()),
                       static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(value.size())});
    m_text.append(name);
    m_text.append(value);
}

void Fields::clear()
{
    m_text.clear();
    m_slots.clear();
}

void Fields::remove(std::string_view name)
{
    std::erase_if(m_slots, [&](const Slot& slot) {
        return sameToken(std::string_view(m_text).substr(slot.start, slot.nameSize), name);
    });
}

Field Fields::operator[](std::size_t index) const
{
    const Slot& slot = m_slots[index];
    const std::string_view text(m_text);
    return {text.substr(slot.start, slot.nameSize),
            text.substr(slot.start + slot.nameSize, slot.valueSize)};
}

std::size_t Fields::count(std::string_view name) const
{
    std::size_t found = 0;
    for (const Field field : *this)
        found += sameToken(field.name, name) ? 1 : 0;
    return found;
}

std::optional<std::string_view> Fields::find(std::string_view name) const
{
    for (const Field field : *this)
        if (sameToken(field.name, name))
            return field.value;
    return std::nullopt;
}

bool Fields::hasToken(std::string_view name, std::string_view token) const
{
    bool found = false;
    for (const Field field : *this) {
        if (!sameToken(field.name, name))
            continue;
        forEachToken(field.value, [&](std::string_view each) { found |= sameToken(each, token); });
    }
    return found;
}

} // namespace sallyport::egress
