#include "engine/egress/fields.h"

#include <algorithm>

namespace sallyport::egress {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

} // namespace

// Names of one length mostly differ in their first letter.
bool sameToken(std::string_view a, std::string_view b)
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    return true;
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
    const char* const name = m_text.data() + slot.start;
    return {{name, slot.nameSize}, {name + slot.nameSize, slot.valueSize}};
}

// The slot at or after `from` whose field has that name; the number of slots where there is none.
std::size_t Fields::seek(std::string_view name, std::size_t from) const
{
    const std::string_view text(m_text);
    for (; from < m_slots.size(); ++from) {
        const Slot& slot = m_slots[from];
        if (slot.nameSize == name.size() &&
            sameToken({text.data() + slot.start, slot.nameSize}, name))
            break;
    }
    return from;
}

std::size_t Fields::count(std::string_view name) const
{
    std::size_t found = 0;
    for (std::size_t at = seek(name, 0); at < m_slots.size(); at = seek(name, at + 1))
        ++found;
    return found;
}

std::optional<std::string_view> Fields::find(std::string_view name) const
{
    const std::size_t at = seek(name, 0);
    return at < m_slots.size() ? std::optional((*this)[at].value) : std::nullopt;
}

bool Fields::hasToken(std::string_view name, std::string_view token) const
{
    bool found = false;
    for (std::size_t at = seek(name, 0); at < m_slots.size(); at = seek(name, at + 1))
        forEachToken((*this)[at].value,
                     [&](std::string_view each) { found |= sameToken(each, token); });
    return found;
}

} // namespace sallyport::egress
