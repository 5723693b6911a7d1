#include "engine/guest/messages.h"

namespace sallyport::guest {

namespace {

// One description of each message's fields (see fields() below) serves both directions: Writer
// appends them, Reader takes them off the payload and stops at the first that is not there.
class Writer
{
public:
    void number(std::uint64_t value, unsigned bytes)
    {
        for (unsigned i = 0; i < bytes; ++i)
            m_out.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
    }
    template <typename T> void field(const T& value)
    {
        number(static_cast<std::uint64_t>(value), sizeof(T));
    }
    void field(bool value) { number(value ? 1 : 0, 1); }
    void field(const std::string& text)
    {
        number(text.size(), 4);
        m_out.append(text);
    }
    template <typename T> void list(const std::vector<T>& items, std::size_t)
    {
        number(items.size(), 4);
        for (const T& item : items)
            field(item);
    }
    void field(const std::pair<std::string, std::string>& pair)
    {
        field(pair.first);
        field(pair.second);
    }

    std::string take() { return static_cast<std::string&&>(m_out); }

private:
    std::string m_out;
};

class Reader
{
public:
    explicit Reader(std::string_view in)
        : m_in(in)
    {
    }

    std::uint64_t number(unsigned bytes)
    {
        if (m_in.size() < bytes) {
            m_ok = false;
            return 0;
        }
        std::uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(m_in[i])) << (8 * i);
        m_in.remove_prefix(bytes);
        return value;
    }
    template <typename T> void field(T& value) { value = static_cast<T>(number(sizeof(T))); }
    void field(bool& value)
    {
        const std::uint64_t read = number(1);
        m_ok = m_ok && read <= 1;
        value = read == 1;
    }
    void field(std::string& text)
    {
        const std::uint64_t size = number(4);
        if (!m_ok || size > m_in.size()) {
            m_ok = false;
            return;
        }
        text.assign(m_in.substr(0, static_cast<std::size_t>(size)));
        m_in.remove_prefix(static_cast<std::size_t>(size));
    }
    template <typename T> void list(std::vector<T>& items, std::size_t most)
    {
        const std::uint64_t count = number(4);
        m_ok = m_ok && count <= most;
        items.clear();
        for (std::uint64_t i = 0; m_ok && i < count; ++i) {
            items.emplace_back();
            field(items.back());
        }
    }
    void field(std::pair<std::string, std::string>& pair)
    {
        field(pair.first);
        field(pair.second);
    }

    [[nodiscard]] bool finished() const { return m_ok && m_in.empty(); }

private:
    std::string_view m_in;
    bool m_ok = true;
};

template <typename Codec, typename Message> void helloFields(Codec& codec, Message& m)
{
    codec.field(m.version);
    codec.field(m.build);
    codec.field(m.bootId);
    codec.field(m.kernel);
    codec.field(m.configured);
    codec.field(m.problem);
}

template <typename Codec, typename Address> void addressFields(Codec& codec, Address& a)
{
    codec.field(a.address);
    codec.field(a.prefix);
    codec.field(a.gateway);
}

template <typename Codec, typename Message> void configureFields(Codec& codec, Message& m)
{
    codec.field(m.hostname);
    addressFields(codec, m.ipv4);
    addressFields(codec, m.ipv6);
    codec.list(m.nameServers, MaxNameServers);
    codec.field(m.mtu);
    codec.field(m.unixNanoseconds);
    codec.field(m.entropy);
    codec.field(m.certificate);
}

template <typename Codec, typename Message> void execFields(Codec& codec, Message& m)
{
    codec.list(m.arguments, MaxArguments);
    codec.list(m.environment, MaxEnvironment);
    codec.field(m.directory);
    codec.field(m.user);
    codec.field(m.terminal);
    codec.field(m.columns);
    codec.field(m.rows);
    codec.field(m.detached);
}

template <typename Codec, typename Message> void outcomeFields(Codec& codec, Message& m)
{
    codec.field(m.errorNumber);
    codec.field(m.text);
}

template <typename Codec, typename Message> void exitFields(Codec& codec, Message& m)
{
    codec.field(m.signalled);
    codec.field(m.value);
}

template <typename Codec, typename Message> void statsFields(Codec& codec, Message& m)
{
    codec.field(m.memoryTotal);
    codec.field(m.memoryUsed);
    codec.field(m.diskTotal);
    codec.field(m.diskUsed);
    codec.field(m.loadHundredths);
    codec.field(m.processes);
    codec.field(m.uptimeMilliseconds);
}

std::string encodeNumber(std::uint64_t value, unsigned bytes)
{
    Writer writer;
    writer.number(value, bytes);
    return writer.take();
}

template <typename T> bool decodeNumber(std::string_view payload, T& value)
{
    Reader reader(payload);
    reader.field(value);
    return reader.finished();
}

} // namespace

std::string encode(const HelloMessage& message)
{
    Writer writer;
    helloFields(writer, message);
    return writer.take();
}

std::string encode(const ConfigureMessage& message)
{
    Writer writer;
    configureFields(writer, message);
    return writer.take();
}

std::string encode(const ExecMessage& message)
{
    Writer writer;
    execFields(writer, message);
    return writer.take();
}

std::string encode(const OutcomeMessage& message)
{
    Writer writer;
    outcomeFields(writer, message);
    return writer.take();
}

std::string encode(const ExitMessage& message)
{
    Writer writer;
    exitFields(writer, message);
    return writer.take();
}

std::string encode(const StatsMessage& message)
{
    Writer writer;
    statsFields(writer, message);
    return writer.take();
}

std::string encodeU8(std::uint8_t value)
{
    return encodeNumber(value, 1);
}

std::string encodeU32(std::uint32_t value)
{
    return encodeNumber(value, 4);
}

std::string encodeU64(std::uint64_t value)
{
    return encodeNumber(value, 8);
}

std::string encodeSize(std::uint16_t columns, std::uint16_t rows)
{
    return encodeNumber(columns, 2) + encodeNumber(rows, 2);
}

bool decode(std::string_view payload, HelloMessage& message)
{
    Reader reader(payload);
    helloFields(reader, message);
    return reader.finished();
}

bool decode(std::string_view payload, ConfigureMessage& message)
{
    Reader reader(payload);
    configureFields(reader, message);
    return reader.finished();
}

bool decode(std::string_view payload, ExecMessage& message)
{
    Reader reader(payload);
    execFields(reader, message);
    return reader.finished() && !message.arguments.empty();
}

bool decode(std::string_view payload, OutcomeMessage& message)
{
    Reader reader(payload);
    outcomeFields(reader, message);
    return reader.finished();
}

bool decode(std::string_view payload, ExitMessage& message)
{
    Reader reader(payload);
    exitFields(reader, message);
    return reader.finished();
}

bool decode(std::string_view payload, StatsMessage& message)
{
    Reader reader(payload);
    statsFields(reader, message);
    return reader.finished();
}

bool decodeU8(std::string_view payload, std::uint8_t& value)
{
    return decodeNumber(payload, value);
}

bool decodeU32(std::string_view payload, std::uint32_t& value)
{
    return decodeNumber(payload, value);
}

bool decodeU64(std::string_view payload, std::uint64_t& value)
{
    return decodeNumber(payload, value);
}

bool decodeSize(std::string_view payload, std::uint16_t& columns, std::uint16_t& rows)
{
    Reader reader(payload);
    reader.field(columns);
    reader.field(rows);
    return reader.finished();
}

} // namespace sallyport::guest
