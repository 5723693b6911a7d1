// Where values lie in memory, as the kernel says.
#include <fstream>
#include <sstream>

#include <sys/prctl.h>

#include <QtTest>

#include "engine/secret/secret_text.h"

using namespace sallyport::secret;

namespace {

// The flags of the mapping that holds this address: "rd wr … lo … dd".
std::string flagsAt(const void* address)
{
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/smaps");
    bool isHere = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t from = 0;
        std::uintptr_t to = 0;
        char dash = 0;
        std::istringstream head(line);
        if (head >> std::hex >> from >> dash >> to && dash == '-')
            isHere = from <= wanted && wanted < to;
        else if (isHere && line.starts_with("VmFlags:"))
            return line.substr(8) + " ";
    }
    return {};
}

bool has(const std::string& flags, std::string_view flag)
{
    return flags.find(" " + std::string(flag) + " ") != std::string::npos;
}

} // namespace

class SecretMemoryTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase() { reserveSecretMemory(); }

    void valuesAreLockedAndLeftOutOfDumps()
    {
        std::string text = "a value that was typed";
        const SharedSecret kept = takeSecret(std::move(text));
        const std::string flags = flagsAt(kept->view().data());
        QVERIFY2(has(flags, "lo"), flags.c_str()); // never swapped
        QVERIFY2(has(flags, "dd"), flags.c_str()); // never in a core dump
        const int onTheStack = 0;
        QVERIFY(!has(flagsAt(&onTheStack), "dd"));
    }

    void whatIsTakenIsWiped()
    {
        std::string text(64, 's');
        const char* const bytes = text.data();
        const SharedSecret kept = takeSecret(std::move(text));
        QVERIFY(kept->view() == std::string(64, 's'));
        for (int i = 0; i < 64; ++i)
            QCOMPARE(bytes[i], '\0');
    }

    void theProcessMakesNoCoreDumps()
    {
        forbidCoreDumps();
        QCOMPARE(::prctl(PR_GET_DUMPABLE), 0);
    }
};

QTEST_GUILESS_MAIN(SecretMemoryTest)
#include "secret_memory_test.moc"
