#include "engine/secret/file_vault.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/base/unique_fd.h"

namespace sallyport::secret {

namespace {

using Json = nlohmann::json;

constexpr std::uintmax_t MostFileBytes = std::uintmax_t{16} << 20U;

// {"name": "base64", …}. The text is secret: whoever gets it wipes it.
std::string textOf(const Values& values)
{
    std::string text = "{";
    for (const auto& [name, value] : values) {
        std::string encoded = text::toBase64(value->view());
        text.append(text.size() > 1 ? "," : "").append(Json(name).dump());
        text.append(":\"").append(encoded).append("\"");
        wipe(encoded);
    }
    return text.append("}");
}

Result<Values> valuesOf(std::string_view text)
{
    const Json read = Json::parse(text, nullptr, false);
    if (!read.is_object())
        return fail(Error::Code::Invalid, "the vault's contents are not as expected");
    Values values;
    for (const auto& [name, encoded] : read.items()) {
        std::string value;
        if (!encoded.is_string() || !text::fromBase64(encoded.get_ref<const std::string&>(), value))
            return fail(Error::Code::Invalid, "the vault's contents are not as expected");
        values[name] = takeSecret(std::move(value));
    }
    return values;
}

Result<std::string> readFile(const std::filesystem::path& path)
{
    std::error_code error;
    if (std::filesystem::file_size(path, error) > MostFileBytes || error)
        return fail(Error::Code::Io, "can't read " + path.string());
    std::ifstream file(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && !file.eof())
        return fail(Error::Code::Io, "can't read " + path.string());
    return bytes;
}

// Whole or not at all, and there when this returns.
Status replaceFile(const std::filesystem::path& path, std::string_view bytes)
{
    const std::string beside = path.string() + ".new";
    const UniqueFd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.isOpen())
        return failErrno("write " + beside, errno);
    while (!bytes.empty()) {
        const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR)
            return failErrno("write " + beside, errno);
        bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    if (::fsync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0)
        return failErrno("write " + path.string(), errno);
    const UniqueFd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.isOpen())
        ::fsync(folder.get());
    return {};
}

} // namespace

bool FileVault::exists() const
{
    std::error_code error;
    return std::filesystem::exists(m_file, error);
}

api::Vault FileVault::status()
{
    return {api::VaultKind::File, !exists(), !m_box.has_value(), {}};
}

Status FileVault::unlock(std::string_view passphrase)
{
    if (!exists()) {
        auto made = SealedBox::create(passphrase, m_cost);
        if (!made)
            return tl::unexpected(made.error());
        m_box = std::move(*made);
        m_values.clear();
        auto written = write(m_values);
        if (!written)
            m_box.reset();
        return written;
    }
    const auto sealed = readFile(m_file);
    if (!sealed)
        return tl::unexpected(sealed.error());
    auto opened = SealedBox::open(*sealed, passphrase);
    if (!opened)
        return tl::unexpected(opened.error());
    auto values = valuesOf(opened->plain.view());
    if (!values)
        return tl::unexpected(values.error());
    m_box = std::move(opened->box);
    m_values = std::move(*values);
    return {};
}

void FileVault::lock()
{
    m_box.reset();
    m_values.clear();
}

Result<Values> FileVault::load()
{
    if (!m_box)
        return fail(Error::Code::Unavailable, "the vault is locked");
    return m_values;
}

Status FileVault::store(const std::string& name, const SharedSecret& value)
{
    Values changed = m_values;
    changed[name] = value;
    return write(changed);
}

Status FileVault::remove(const std::string& name)
{
    if (m_box && !m_values.contains(name))
        return {};
    Values changed = m_values;
    changed.erase(name);
    return write(changed);
}

Status FileVault::write(const Values& values)
{
    if (!m_box)
        return fail(Error::Code::Unavailable, "the vault is locked: unlock it first");
    std::string text = textOf(values);
    const auto sealed = m_box->seal(text);
    wipe(text);
    if (!sealed)
        return tl::unexpected(sealed.error());
    if (auto replaced = replaceFile(m_file, *sealed); !replaced)
        return replaced;
    m_values = values;
    return {};
}

} // namespace sallyport::secret
