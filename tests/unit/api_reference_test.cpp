#include <fstream>
#include <iterator>
#include <string>

#include <QtTest>

#include "engine/api/methods.h"
#include "engine/api/reference.h"

using namespace sallyport;

class ApiReferenceTest : public QObject
{
    Q_OBJECT

private:
    static std::string page()
    {
        std::ifstream file(SALLYPORT_API_DOCS);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }

private slots:
    void thePageIsWhatTheCodeSays()
    {
        QVERIFY2(page() == api::reference(),
                 "docs/api.md is out of date: run api_docs > docs/api.md");
    }

    void everyMethodAndEventIsNamedWithItsParameters()
    {
        const std::string text = page();
        const auto isNamed = [&](const api::MethodInfo& info) {
            return text.find("`" + std::string(info.name) + "`") != std::string::npos &&
                   text.find("`" + std::string(info.parameters) + "`") != std::string::npos;
        };
        for (const auto& method : api::Methods)
            QVERIFY2(isNamed(method), method.name.data());
        for (const auto& event : api::Events)
            QVERIFY2(isNamed(event), event.name.data());
    }
};

QTEST_APPLESS_MAIN(ApiReferenceTest)
#include "api_reference_test.moc"
