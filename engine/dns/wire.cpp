#include "engine/dns/wire.h"

#include <algorithm>

namespace sallyport::dns {
namespace {

constexpr std::size_t MostNameBytes = 255; // on the wire, with its lengths and the root
constexpr std::size_t MostRecords = 16;    // in all sections of a query
constexpr std::uint16_t OurPayload = 1232;

// Reads big-endian numbers; past the end it fails and stays failed.
class Reader
{
public:
    explicit Reader(std::span<const std::uint8_t> bytes)
        : m_bytes(bytes)
    {
    }

    [[nodiscard]] bool hasFailed() const { return m_failed; }
    [[nodiscard]] std::size_t position() const { return m_at; }
    [[nodiscard]] std::size_t left() const { return m_bytes.size() - m_at; }

    std::uint8_t take8()
    {
        if (left() < 1) {
            m_failed = true;
            return 0;
        }
        return m_bytes[m_at++];
    }
    std::uint16_t take16()
    {
        const unsigned high = take8();
        return static_cast<std::uint16_t>((high << 8U) | take8());
    }
    void skip(std::size_t count)
    {
        if (count > left())
            m_failed = true;
        else
            m_at += count;
    }

private:
    std::span<const std::uint8_t> m_bytes;
    std::size_t m_at = 0;
    bool m_failed = false;
};

// An uncompressed name. Why not, or "" when it was read.
std::string_view readName(Reader& reader, Query& query)
{
    const std::size_t start = reader.position();
    std::string name;
    while (true) {
        const std::uint8_t length = reader.take8();
        if (reader.hasFailed())
            return "the name ends early";
        if (length == 0)
            break;
        if ((length & 0xc0U) == 0xc0U)
            return "a compressed name in a query";
        if (length > 63)
            return "a label of an unknown kind";
        if (!name.empty())
            name += '.';
        for (unsigned i = 0; i < length; ++i) {
            const char c = static_cast<char>(reader.take8());
            query.nameHasDots = query.nameHasDots || c == '.' || c == '\0';
            name += c;
        }
        if (reader.hasFailed())
            return "the name ends early";
        if (reader.position() - start >= MostNameBytes)
            return "the name is longer than 255 bytes";
    }
    query.name = name.empty() ? "." : std::move(name);
    return {};
}

std::string_view readOpt(Reader& reader, Query& query)
{
    if (query.hasEdns)
        return "two OPT records";
    query.hasEdns = true;
    query.udpPayload = std::clamp<std::size_t>(reader.take16(), 512, OurPayload);
    reader.skip(1); // extended RCODE
    query.ednsVersion = reader.take8();
    reader.skip(2); // flags
    reader.skip(reader.take16());
    return reader.hasFailed() ? "the OPT record ends early" : std::string_view{};
}

// Additional records: the OPT among them, others (TSIG, …) skipped. Owner names must be
// uncompressed as well: nothing a stub sends needs a pointer there.
std::string_view readAdditional(Reader& reader, Query& query)
{
    Query owner;
    if (const std::string_view problem = readName(reader, owner); !problem.empty())
        return problem;
    if (reader.take16() == TypeOpt)
        return owner.name == "." ? readOpt(reader, query) : "an OPT record with a name";
    reader.skip(2 + 4); // class, time to live
    reader.skip(reader.take16());
    return reader.hasFailed() ? "a record ends early" : std::string_view{};
}

} // namespace

std::optional<Query> parseQuery(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() < HeaderBytes)
        return std::nullopt;
    Reader reader(bytes);
    Query query;
    query.id = reader.take16();
    const unsigned flags = reader.take16();
    query.isReply = (flags & 0x8000U) != 0;
    query.opcode = static_cast<int>((flags >> 11U) & 0xfU);
    query.recursionDesired = (flags & 0x0100U) != 0;
    query.checkingDisabled = (flags & 0x0010U) != 0;
    const std::size_t questions = reader.take16();
    const std::size_t answers = reader.take16();
    const std::size_t authorities = reader.take16();
    const std::size_t additionals = reader.take16();
    if (questions != 1 || answers != 0 || authorities != 0 || additionals > MostRecords) {
        query.problem = "not one question alone";
        return query;
    }
    query.problem = readName(reader, query);
    if (!query.problem.empty())
        return query;
    query.type = reader.take16();
    query.klass = reader.take16();
    if (reader.hasFailed()) {
        query.problem = "the question ends early";
        return query;
    }
    query.question.assign(bytes.begin() + HeaderBytes,
                          bytes.begin() + static_cast<std::ptrdiff_t>(reader.position()));
    for (std::size_t i = 0; i < additionals && query.problem.empty(); ++i)
        query.problem = readAdditional(reader, query);
    if (query.problem.empty() && reader.left() != 0)
        query.problem = "bytes after the last record";
    return query;
}

ReplyWriter::ReplyWriter(const Query& query, unsigned rcode, bool authoritative)
    : m_hasEdns(query.hasEdns)
    , m_extendedRcode(static_cast<std::uint8_t>(rcode >> 4U))
{
    put16(query.id);
    unsigned flags = 0x8000U | 0x0080U | (rcode & 0xfU); // QR, RA
    flags |= static_cast<unsigned>(query.opcode & 0xf) << 11U;
    flags |= authoritative ? 0x0400U : 0U;
    flags |= query.recursionDesired ? 0x0100U : 0U;
    flags |= query.checkingDisabled ? 0x0010U : 0U;
    put16(static_cast<std::uint16_t>(flags));
    put16(query.question.empty() ? 0 : 1);
    put16(0);
    put16(0);
    put16(0);
    m_bytes.insert(m_bytes.end(), query.question.begin(), query.question.end());
    m_answersAt = m_bytes.size();
}

void ReplyWriter::put16(std::uint16_t value)
{
    m_bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    m_bytes.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

void ReplyWriter::startAnswer(std::uint16_t type, std::uint32_t ttl, std::size_t dataBytes)
{
    put16(0xc000U | HeaderBytes); // the name of the question
    put16(type);
    put16(ClassIn);
    put16(static_cast<std::uint16_t>(ttl >> 16U));
    put16(static_cast<std::uint16_t>(ttl & 0xffffU));
    put16(static_cast<std::uint16_t>(dataBytes));
    ++m_answers;
}

void ReplyWriter::addAddress(const policy::Address& address, std::uint32_t ttl)
{
    const auto bytes = address.bytes();
    startAnswer(address.isV4() ? TypeA : TypeAaaa, ttl, bytes.size());
    m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
}

void ReplyWriter::addPointer(std::string_view name, std::uint32_t ttl)
{
    startAnswer(TypePtr, ttl, name.size() + 2);
    while (true) {
        const std::string_view label = name.substr(0, name.find('.'));
        m_bytes.push_back(static_cast<std::uint8_t>(label.size()));
        m_bytes.insert(m_bytes.end(), label.begin(), label.end());
        if (label.size() == name.size())
            break;
        name.remove_prefix(label.size() + 1);
    }
    m_bytes.push_back(0);
}

void ReplyWriter::addHinfo(std::uint32_t ttl)
{
    static constexpr std::string_view Cpu = "RFC8482";
    startAnswer(TypeHinfo, ttl, Cpu.size() + 2);
    m_bytes.push_back(static_cast<std::uint8_t>(Cpu.size()));
    m_bytes.insert(m_bytes.end(), Cpu.begin(), Cpu.end());
    m_bytes.push_back(0);
}

void ReplyWriter::setCount(std::size_t at, std::uint16_t count)
{
    m_bytes[at] = static_cast<std::uint8_t>(count >> 8U);
    m_bytes[at + 1] = static_cast<std::uint8_t>(count & 0xffU);
}

void ReplyWriter::putOpt()
{
    m_bytes.push_back(0); // the root
    put16(TypeOpt);
    put16(OurPayload);
    m_bytes.push_back(m_extendedRcode);
    m_bytes.push_back(0); // version
    put16(0);
    put16(0);
}

std::vector<std::uint8_t> ReplyWriter::finish(std::size_t most)
{
    constexpr std::size_t OptBytes = 11;
    if (m_bytes.size() + (m_hasEdns ? OptBytes : 0) > most) {
        m_bytes.resize(m_answersAt);
        m_answers = 0;
        m_bytes[2] = static_cast<std::uint8_t>(m_bytes[2] | 0x02U); // TC
    }
    setCount(6, m_answers);
    if (m_hasEdns) {
        setCount(10, 1);
        putOpt();
    }
    return std::move(m_bytes);
}

} // namespace sallyport::dns
