#include <QTest>

#include "engine/egress/masking.h"

using namespace sallyport::egress;

class MaskingTest : public QObject
{
    Q_OBJECT

private slots:
    void masksSecretFields()
    {
        Fields fields;
        fields.add("Authorization", "Bearer abc");
        fields.add("Accept", "*/*");
        fields.add("X-API-Key", "k");
        fields.add("set-cookie", "a=b");
        const auto masked = maskedFields(fields);
        QCOMPARE(masked[0].second, std::string("••• (10 bytes)"));
        QCOMPARE(masked[1].second, std::string("*/*"));
        QCOMPARE(masked[2].second, std::string("••• (1 bytes)"));
        QCOMPARE(masked[3].second, std::string("••• (3 bytes)"));
    }

    void masksSecretParameters_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("masked");
        QTest::newRow("no query") << "/a/token=1"
                                  << "/a/token=1";
        QTest::newRow("token") << "/?access_token=abc&x=1"
                               << "/?access_token=***&x=1";
        QTest::newRow("signature") << "/?x=1&X-Amz-Signature=0123"
                                   << "/?x=1&X-Amz-Signature=***";
        QTest::newRow("key") << "/?key=k;b=2"
                             << "/?key=***;b=2";
        QTest::newRow("keyword") << "/?keyword=k"
                                 << "/?keyword=k";
        QTest::newRow("empty") << "/?password=&x"
                               << "/?password=&x";
        QTest::newRow("bare") << "/?"
                              << "/?";
    }
    void masksSecretParameters()
    {
        QFETCH(QString, path);
        QFETCH(QString, masked);
        QCOMPARE(QString::fromStdString(maskedPath(path.toStdString())), masked);
    }
};

QTEST_APPLESS_MAIN(MaskingTest)
#include "masking_test.moc"
