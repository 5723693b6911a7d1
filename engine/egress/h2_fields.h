#pragma once

#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

namespace sallyport::egress {

// The header list of one message as nghttp2 takes it: views, copied when it is submitted.
class H2Fields
{
public:
    void add(std::string_view name, std::string_view value)
    {
        // nghttp2 takes pointers to non-const and leaves the bytes alone.
        m_fields.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                            name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    [[nodiscard]] const nghttp2_nv* data() const { return m_fields.data(); }
    [[nodiscard]] std::size_t size() const { return m_fields.size(); }

private:
    std::vector<nghttp2_nv> m_fields;
};

} // namespace sallyport::egress
