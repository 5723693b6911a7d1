#include <QTest>
class EgressHostileTest : public QObject
{
    Q_OBJECT
};
QTEST_GUILESS_MAIN(EgressHostileTest)
#include "egress_hostile_test.moc"
