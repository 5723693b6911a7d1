#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace sallyport::binding {

class Depot;

// Contents that are being written: in memory while they are small, else in a file. Gone with this
// object unless the depot has taken them. One thread at a time. It keeps the depot.
class Draft
{
public:
    enum class Place
    {
        Any,  // small ones lie in the database
        File, // a part of an upload
    };
    static constexpr std::size_t MostInline = 64 * 1024;

    Draft(std::shared_ptr<Depot> depot, std::int64_t store, Place place, std::int64_t most);
    ~Draft();
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    // TooLarge past the limit of the store or of one content.
    [[nodiscard]] Status append(std::string_view bytes);
    // Nothing more comes. Waits until a file is on the disk.
    [[nodiscard]] Status finish();

    [[nodiscard]] std::int64_t bytes() const { return m_bytes; }
    // Hexadecimal, once finished.
    [[nodiscard]] const std::string& md5() const { return m_md5; }
    [[nodiscard]] const std::string& digest() const { return m_digest; }
    // To be called before the first append(): computes that too. "sha256", or as OpenSSL names it.
    [[nodiscard]] Status hash(const std::string& algorithm);

private:
    friend class Depot;
    struct FreeDigest
    {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

    [[nodiscard]] Status spill();
    [[nodiscard]] Status write(std::string_view bytes);
    [[nodiscard]] static std::string hexOf(const Digest& digest);

    std::shared_ptr<Depot> m_depot;
    std::int64_t m_store;
    Place m_place;
    std::int64_t m_most;
    std::int64_t m_bytes = 0;
    std::int64_t m_reserved = 0;
    std::string m_inline;
    std::string m_file; // its name; empty: inline
    UniqueFd m_fd;
    Digest m_md5Digest;
    Digest m_otherDigest;
    std::string m_md5;
    std::string m_digest;
    bool m_isTaken = false;
};

} // namespace sallyport::binding
