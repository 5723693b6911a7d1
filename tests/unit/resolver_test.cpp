#include <QTest>

#include "engine/dns/resolver.h"

using namespace sallyport;
using namespace sallyport::dns;

namespace {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& bytes, unsigned value)
{
    bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
    bytes.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

struct QueryOptions
{
    unsigned flags = 0x0100;
    unsigned klass = 1;
    unsigned questions = 1;
    int edns = -1; // version, or none
    unsigned payload = 1232;
};

Bytes query(const std::string& name, unsigned type, const QueryOptions& options = {})
{
    Bytes bytes;
    put16(bytes, 0x1234);
    put16(bytes, options.flags);
    put16(bytes, options.questions);
    put16(bytes, 0);
    put16(bytes, 0);
    put16(bytes, options.edns >= 0 ? 1 : 0);
    std::size_t start = 0;
    while (start < name.size()) {
        const std::size_t dot = std::min(name.find('.', start), name.size());
        bytes.push_back(static_cast<std::uint8_t>(dot - start));
        bytes.insert(bytes.end(), name.begin() + static_cast<std::ptrdiff_t>(start),
                     name.begin() + static_cast<std::ptrdiff_t>(dot));
        start = dot + 1;
    }
    bytes.push_back(0);
    put16(bytes, type);
    put16(bytes, options.klass);
    if (options.edns >= 0) {
        bytes.push_back(0);
        put16(bytes, 41);
        put16(bytes, options.payload);
        bytes.push_back(0);
        bytes.push_back(static_cast<std::uint8_t>(options.edns));
        put16(bytes, 0);
        put16(bytes, 0);
    }
    return bytes;
}

struct Parsed
{
    int rcode = -1;
    int answers = -1;
    bool truncated = false;
    QByteArray data; // of the first answer
    int type = 0;
};

// Reads our own replies; asserts the header.
Parsed parse(const Bytes& reply, const Bytes& asked)
{
    Parsed parsed;
    if (reply.size() < 12 || reply[0] != asked[0] || reply[1] != asked[1] || !(reply[2] & 0x80U))
        return parsed;
    parsed.rcode = reply[3] & 0x0f;
    parsed.truncated = (reply[2] & 0x02U) != 0;
    parsed.answers = reply[6] * 256 + reply[7];
    std::size_t at = 12;
    if (reply[5] == 1) {
        while (reply[at] != 0)
            at += reply[at] + 1U;
        at += 5;
    }
    if (parsed.answers > 0) {
        parsed.type = reply[at + 2] * 256 + reply[at + 3];
        const std::size_t size = reply[at + 10] * 256U + reply[at + 11];
        parsed.data = QByteArray(reinterpret_cast<const char*>(reply.data() + at + 12),
                                 static_cast<qsizetype>(size));
    }
    return parsed;
}

Parsed ask(AddressPool& pool, const Bytes& bytes, Transport transport = Transport::Udp)
{
    return parse(answer(bytes, transport, pool, {}).bytes, bytes);
}

constexpr unsigned A = 1;
constexpr unsigned Aaaa = 28;
constexpr unsigned Ptr = 12;
constexpr unsigned Https = 65;

} // namespace

class ResolverTest : public QObject
{
    Q_OBJECT

private slots:
    void answersFromThePool()
    {
        AddressPool pool;
        const Parsed v4 = ask(pool, query("Api.Example.COM", A));
        QCOMPARE(v4.rcode, 0);
        QCOMPARE(v4.answers, 1);
        QCOMPARE(v4.data, QByteArray("\xc6\x12\x00\x01", 4));
        const Parsed v6 = ask(pool, query("api.example.com", Aaaa));
        QCOMPARE(
            v6.data,
            QByteArray("\xfd\x53\x53\x50\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 16));
        QCOMPARE(pool.size(), std::size_t{1});
        QCOMPARE(pool.nameOf(policy::Address::v4(198, 18, 0, 1)),
                 std::optional<std::string>("api.example.com"));
    }

    void answersByKind_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("type");
        QTest::addColumn<int>("rcode");
        QTest::addColumn<int>("answers");
        const auto row = [](const char* name, unsigned type, Rcode rcode, int answers) {
            QTest::addRow("%s %u", name, type)
                << name << static_cast<int>(type) << static_cast<int>(rcode) << answers;
        };
        row("example.com", Https, Rcode::NoError, 0);
        row("example.com", 64, Rcode::NoError, 0);
        row("example.com", 16, Rcode::NoError, 0);
        row("example.com", 15, Rcode::NoError, 0);
        row("_dns.resolver.arpa", 64, Rcode::NoError, 0);
        row("example.com", 255, Rcode::NoError, 1);
        row("example.com", 252, Rcode::Refused, 0);
        row("example.com", 251, Rcode::Refused, 0);
        row("example.com", 41, Rcode::FormErr, 0);
        row("_dmarc.example.com", A, Rcode::NoError, 1);
        row("localhost", A, Rcode::NoError, 1);
        row("a.localhost", Aaaa, Rcode::NoError, 1);
        row("intranet", A, Rcode::NxDomain, 0);
        row("printer.local", A, Rcode::NxDomain, 0);
        row("hidden.onion", A, Rcode::NxDomain, 0);
        row("nas.home.arpa", A, Rcode::NxDomain, 0);
        row("exa mple.com", A, Rcode::NxDomain, 0);
        row("203.0.113.7", A, Rcode::NxDomain, 0);
        row("0x7f.1", A, Rcode::NxDomain, 0);
        row("xn--999999999.example", A, Rcode::NxDomain, 0);
        row("", A, Rcode::NoError, 0);
        row("", 2, Rcode::NoError, 0);
        row("1.0.18.198.in-addr.arpa", Ptr, Rcode::NxDomain, 0);
        row("7.113.0.203.in-addr.arpa", Ptr, Rcode::NxDomain, 0);
        row("x.in-addr.arpa", Ptr, Rcode::NxDomain, 0);
        row("in-addr.arpa", Ptr, Rcode::NxDomain, 0);
        row("metadata.google.internal", A, Rcode::NoError, 1); // the floor refuses it, with words
    }
    void answersByKind()
    {
        QFETCH(QString, name);
        QFETCH(int, type);
        AddressPool pool;
        const Parsed parsed = ask(pool, query(name.toStdString(), static_cast<unsigned>(type)));
        QTEST(parsed.rcode, "rcode");
        QTEST(parsed.answers, "answers");
    }

    void localhostIsTheGuestItself()
    {
        AddressPool pool;
        QCOMPARE(ask(pool, query("localhost", A)).data, QByteArray("\x7f\x00\x00\x01", 4));
        QCOMPARE(pool.size(), std::size_t{0});
    }

    void pointsBackFromThePool()
    {
        AddressPool pool;
        static_cast<void>(ask(pool, query("api.example.com", A)));
        const Parsed v4 = ask(pool, query("1.0.18.198.IN-ADDR.arpa", Ptr));
        QCOMPARE(v4.type, 12);
        QCOMPARE(v4.data, QByteArray("\x03"
                                     "api\x07"
                                     "example\x03"
                                     "com\x00",
                                     17));
        const std::string v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.5.3.5.3.5.d.f";
        QCOMPARE(ask(pool, query(v6 + ".ip6.arpa", Ptr)).data, v4.data);
        QCOMPARE(ask(pool, query(v6 + ".ip6.arpa", A)).answers, 0);
        QCOMPARE(ask(pool, query("g" + v6.substr(1) + ".ip6.arpa", Ptr)).rcode, 3);
    }

    void refusesOddMessages_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("rcode"); // -1: no reply
        const auto row = [](const char* name, const Bytes& bytes, int rcode) {
            QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<qsizetype>(bytes.size()))
                                << rcode;
        };
        row("empty", {}, -1);
        row("short header", Bytes(11), -1);
        row("header alone", Bytes(12), 1);
        row("a reply", query("example.com", A, {.flags = 0x8180}), -1);
        row("status", query("example.com", A, {.flags = 0x1000}), 4);
        row("update", query("example.com", A, {.flags = 0x2800}), 4);
        row("chaos", query("version.bind", 16, {.klass = 3}), 5);
        row("class any", query("example.com", A, {.klass = 255}), 5);
        row("no question", query("example.com", A, {.questions = 0}), 1);
        row("two questions", query("example.com", A, {.questions = 2}), 1);
        row("edns 1", query("example.com", A, {.edns = 1}), 0); // BADVERS is 16: low bits zero
        Bytes bytes = query("example.com", A);
        bytes.push_back(0);
        row("trailing byte", bytes, 1);
        bytes = query("example.com", A);
        bytes[12] = 0xc0;
        bytes[13] = 0x0c;
        row("pointer to itself", bytes, 1);
        bytes = query("example.com", A);
        bytes[12] = 0x40;
        row("label of another kind", bytes, 1);
        bytes = query("example.com", A);
        bytes[12] = 0x3f;
        row("label past the end", bytes, 1);
        bytes = query("example.com", A);
        bytes[7] = 1;
        row("answers promised", bytes, 1);
        bytes[7] = 0;
        bytes[10] = 0xff;
        row("many additionals promised", bytes, 1);
        bytes = query("example.com", A, {.edns = 0});
        bytes[11] = 2;
        row("second additional missing", bytes, 1);
        for (std::size_t size = 12; size < 29; ++size) {
            bytes = query("example.com", A);
            bytes.resize(size);
            row(qPrintable(QString("cut at %1").arg(size)), bytes, 1);
        }
        bytes = query("exa.mple", A);
        bytes[12] = 7;
        bytes[16] = '.';
        bytes[20] = 0;
        bytes.resize(21);
        put16(bytes, A);
        put16(bytes, 1);
        row("a dot inside of a label", bytes, 3);
    }
    void refusesOddMessages()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, rcode);
        AddressPool pool;
        const Bytes input(bytes.begin(), bytes.end());
        for (const Transport transport : {Transport::Udp, Transport::Tcp}) {
            const Reply reply = answer(input, transport, pool, {});
            QCOMPARE(reply.bytes.empty(), rcode < 0);
            if (rcode >= 0)
                QCOMPARE(parse(reply.bytes, input).rcode, rcode);
            QCOMPARE(pool.size(), std::size_t{0});
        }
    }

    void longNamesAreAnsweredOrRefused()
    {
        AddressPool pool;
        std::string name;
        for (int i = 0; i < 60; ++i)
            name += "a1.";
        const Parsed sixty = ask(pool, query(name + "example", A));
        QCOMPARE(sixty.rcode, 0);
        QCOMPARE(sixty.answers, 1);
        for (int i = 0; i < 30; ++i)
            name += "a1.";
        QCOMPARE(ask(pool, query(name + "example", A)).rcode, 1); // 279 bytes
        const std::string most = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' +
                                 std::string(63, 'c') + '.' + std::string(61, 'd');
        QCOMPARE(ask(pool, query(most, A)).answers, 1);
        QCOMPARE(ask(pool, query(most + 'd', A)).rcode, 1);
    }

    void ednsIsAnsweredInKind()
    {
        AddressPool pool;
        const Bytes asked = query("example.com", A, {.edns = 0, .payload = 4096});
        const Bytes reply = answer(asked, Transport::Udp, pool, {}).bytes;
        QCOMPARE(parse(reply, asked).answers, 1);
        QCOMPARE(reply[11], std::uint8_t{1});
        const Bytes tail(reply.end() - 11, reply.end());
        QCOMPARE(tail, (Bytes{0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0}));
        const Bytes odd = query("example.com", A, {.edns = 1});
        const Bytes refused = answer(odd, Transport::Udp, pool, {}).bytes;
        QCOMPARE(refused[refused.size() - 6], std::uint8_t{1}); // the high bits of BADVERS
        QVERIFY(refused.size() <= 512);
    }

    void saysTruncatedWhereItDoesNotFit()
    {
        // Longest name and longest pointer: 508 bytes with EDNS, so it fits; over that it would
        // not.
        AddressPool pool;
        const std::string most = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' +
                                 std::string(63, 'c') + '.' + std::string(61, 'd');
        static_cast<void>(ask(pool, query(most, A)));
        for (const int edns : {-1, 0}) {
            const Parsed parsed =
                ask(pool, query("1.0.18.198.in-addr.arpa", Ptr, {.edns = edns, .payload = 0}));
            QVERIFY(!parsed.truncated);
            QCOMPARE(parsed.data.size(), qsizetype{255});
        }
    }

    void fullPoolIsServFail()
    {
        AddressPool::Options options;
        options.mostNames = 1;
        AddressPool pool(options);
        static_cast<void>(ask(pool, query("a.example", A)));
        pool.pin("a.example");
        QCOMPARE(ask(pool, query("b.example", A)).rcode, 2);
    }

    void copiesTheQuestionAsItCame()
    {
        AddressPool pool;
        const Bytes asked = query("eXaMpLe.CoM", A); // 0x20 randomisation
        const Bytes reply = answer(asked, Transport::Udp, pool, {}).bytes;
        QVERIFY(std::equal(asked.begin() + 12, asked.end(), reply.begin() + 12));
    }

    void namesItsTypes()
    {
        QCOMPARE(typeName(65), std::string("HTTPS"));
        QCOMPARE(typeName(1234), std::string("TYPE1234"));
    }
};

QTEST_APPLESS_MAIN(ResolverTest)
#include "resolver_test.moc"
