#include <QtTest>

#include "engine/secret/sigv4.h"

using namespace sallyport;
using namespace sallyport::secret;

namespace {

const std::string Keys = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

std::string credential(const std::string& scope, const std::string& headers)
{
    return "AWS4-HMAC-SHA256 Credential=sp_0123/" + scope + "/aws4_request, SignedHeaders=" + headers +
           ", Signature=00";
}

// The signature alone, or why there is none.
QString signature(const AwsRequest& request, const std::string& authorization, const std::string& keys)
{
    const auto as = AwsAuthorization::parse(authorization);
    if (!as)
        return "no authorization";
    const auto made = awsSigned(request, *as, AwsKeys::of(keys));
    return made ? QString::fromStdString(made->substr(made->find("Signature=") + 10))
                : QString::fromStdString(made.error().text);
}

} // namespace

class SecretSigv4Test : public QObject
{
    Q_OBJECT

private slots:
    // AWS's test suite ("get-vanilla") and S3's documentation ("GET Object").
    void signsAsAwsPublished()
    {
        const AwsRequest vanilla{"GET",
                                 "/",
                                 {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
                                 awsPayloadHash("")};
        QCOMPARE(signature(vanilla, credential("20150830/us-east-1/service", "host;x-amz-date"), Keys),
                 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        const std::string none = awsPayloadHash("");
        const AwsRequest object{"GET",
                                "/test.txt",
                                {{"Host", "examplebucket.s3.amazonaws.com"},
                                 {"Range", "bytes=0-9"},
                                 {"x-amz-content-sha256", none},
                                 {"x-amz-date", "20130524T000000Z"}},
                                awsPayloadHash("")};
        QCOMPARE(signature(object,
                           credential("20130524/us-east-1/s3", "host;range;x-amz-content-sha256;x-amz-date"),
                           "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    // What botocore 1.29 made of the same requests.
    void signsAsBotocoreDoes()
    {
        const char* time = "20261129T114656Z";
        const std::string day = "20261129/us-east-1/";
        const AwsRequest list{"POST",
                              "/a%20b/./c/../d?z=1&a=2%20x&a=1&empty=",
                              {{"Host", "api.example.com"},
                               {"Content-Type", "application/x-www-form-urlencoded"},
                               {"X-Amz-Date", time}},
                              awsPayloadHash("Action=List")};
        QCOMPARE(signature(list, credential(day + "service", "content-type;host;x-amz-date"), Keys),
                 "1a4052145b69a35ef33b8d282681e7858f4828fa94e3b9135964a5ca54304d0d");
        const AwsRequest table{"POST",
                               "/",
                               {{"Host", "api.example.com"},
                                {"X-Amz-Target", "T  x"},
                                {"X-Amz-Date", time},
                                {"X-Amz-Security-Token", "a/session+token="}},
                               awsPayloadHash("{}")};
        QCOMPARE(signature(table,
                           credential(day + "dynamodb", "host;x-amz-date;x-amz-security-token;x-amz-target"),
                           Keys + ":a/session+token="),
                 "c610b41ffc40833279cfbab1760311ec082c976e77af3ecd24a2dc2534645b18");
        const std::string hello = awsPayloadHash("hello");
        const AwsRequest part{"PUT",
                              "/a%20b//c%2Bd.txt?partNumber=1&uploads",
                              {{"Host", "bucket.example.com"},
                               {"X-Amz-Date", time},
                               {"X-Amz-Content-SHA256", hello}},
                              awsPayloadHash("hello")};
        QCOMPARE(signature(part, credential(day + "s3", "host;x-amz-content-sha256;x-amz-date"), Keys),
                 "5fae79be1e76c546e3b9f6b437407e14e99bbf94bbf18fba2c3ce14ffeae9e28");
    }

    void signsNothingThatItDoesNotUnderstand()
    {
        QVERIFY(!AwsAuthorization::parse("Bearer x"));
        QVERIFY(!AwsAuthorization::parse("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host"));
        QVERIFY(!AwsAuthorization::parse("AWS4-HMAC-SHA256 SignedHeaders=host"));
        const AwsRequest bare{"GET", "/", {{"Host", "api.example.com"}}, awsPayloadHash("")};
        const std::string as = credential("20150830/us-east-1/service", "host");
        QVERIFY(signature(bare, as, Keys).contains("X-Amz-Date"));
        QVERIFY(signature(bare, credential("20150830/us-east-1/service", "host;range"), Keys)
                    .contains("the header range"));
    }

    void aValueIsTakenApart()
    {
        const AwsKeys keys = AwsKeys::of("ID:SECRET:to:ken");
        QCOMPARE(keys.id, std::string_view("ID"));
        QCOMPARE(keys.secret, std::string_view("SECRET"));
        QCOMPARE(keys.token, std::string_view("to:ken"));
        QVERIFY(AwsKeys::of("ID:SECRET").token.empty());
    }
};

QTEST_APPLESS_MAIN(SecretSigv4Test)
#include "secret_sigv4_test.moc"
