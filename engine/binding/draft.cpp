#include "engine/binding/draft.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/binding/depot.h"

namespace sallyport::binding {

namespace {

// What is asked of the store's limit at a time.
constexpr std::int64_t ReservedAtOnce = 1024 * 1024;

} // namespace

Draft::Draft(std::shared_ptr<Depot> depot, std::int64_t store, Place place, std::int64_t most)
    : m_depot(std::move(depot))
    , m_store(store)
    , m_place(place)
    , m_most(most)
    , m_md5Digest(EVP_MD_CTX_new())
{
    if (m_md5Digest && EVP_DigestInit_ex(m_md5Digest.get(), EVP_md5(), nullptr) != 1)
        m_md5Digest.reset();
}

Draft::~Draft()
{
    m_depot->release(m_store, m_reserved);
    if (!m_isTaken && !m_file.empty())
        m_depot->discard(m_file);
}

Status Draft::hash(const std::string& algorithm)
{
    m_otherDigest.reset(EVP_MD_CTX_new());
    if (!m_otherDigest || EVP_DigestInit_ex(m_otherDigest.get(),
                                            EVP_get_digestbyname(algorithm.c_str()), nullptr) != 1)
        return fail(Error::Code::Internal, "no " + algorithm + " can be computed");
    return {};
}

Status Draft::append(std::string_view bytes)
{
    if (!m_md5Digest)
        return fail(Error::Code::Internal, "no MD5 can be computed");
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (size > m_most - m_bytes)
        return fail(Error::Code::TooLarge, fmt::format("more than {} bytes", m_most));
    if (m_bytes + size > m_reserved) {
        // Rounded up where there is room for it, so that a long upload asks seldom.
        const std::int64_t wanted = m_bytes + size - m_reserved;
        const std::int64_t round = std::max(wanted, m_file.empty() ? wanted : ReservedAtOnce);
        if (m_depot->reserve(m_store, round)) {
            m_reserved += round;
        } else {
            if (const Status reserved = m_depot->reserve(m_store, wanted); !reserved)
                return reserved;
            m_reserved += wanted;
        }
    }
    EVP_DigestUpdate(m_md5Digest.get(), bytes.data(), bytes.size());
    if (m_otherDigest)
        EVP_DigestUpdate(m_otherDigest.get(), bytes.data(), bytes.size());
    m_bytes += size;
    if (m_file.empty() && m_place == Place::Any && m_inline.size() + bytes.size() <= MostInline) {
        m_inline.append(bytes);
        return {};
    }
    if (m_file.empty())
        if (const Status spilt = spill(); !spilt)
            return spilt;
    return write(bytes);
}

Status Draft::spill()
{
    std::string name = Files::newName();
    auto file = m_depot->createFile(name);
    if (!file)
        return tl::unexpected(file.error());
    m_fd = std::move(*file);
    m_file = std::move(name);
    const std::string held = std::exchange(m_inline, {});
    return write(held);
}

Status Draft::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::write(m_fd.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failErrno("store contents", errno);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

std::string Draft::hexOf(const Digest& digest)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(digest.get(), bytes.data(), &size);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i)
        hex += fmt::format("{:02x}", bytes.at(i));
    return hex;
}

Status Draft::finish()
{
    if (!m_md5.empty())
        return {};
    if (!m_md5Digest)
        return fail(Error::Code::Internal, "no MD5 can be computed");
    if (m_place == Place::File && m_file.empty())
        if (const Status spilt = spill(); !spilt)
            return spilt;
    if (m_fd.isOpen() && ::fdatasync(m_fd.get()) != 0)
        return failErrno("store contents", errno);
    m_fd = UniqueFd();
    m_md5 = hexOf(m_md5Digest);
    if (m_otherDigest)
        m_digest = hexOf(m_otherDigest);
    return {};
}

} // namespace sallyport::binding
