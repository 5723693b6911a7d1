#include "engine/policy/virtual_name.h"

namespace sallyport::policy {

bool isVirtualName(std::string_view name)
{
    if (!name.ends_with(VirtualDomain))
        return false;
    name.remove_suffix(VirtualDomain.size());
    return name.empty() || name.back() == '.';
}

std::optional<std::string_view> labelBelow(std::string_view name, std::string_view domain)
{
    if (name.size() < domain.size() + 2 || !name.ends_with(domain))
        return std::nullopt;
    name.remove_suffix(domain.size());
    if (name.back() != '.')
        return std::nullopt;
    name.remove_suffix(1);
    if (name.find('.') != std::string_view::npos)
        return std::nullopt;
    return name;
}

} // namespace sallyport::policy
