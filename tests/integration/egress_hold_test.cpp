#include <QTest>
class EgressHoldTest : public QObject
{
    Q_OBJECT
};
QTEST_GUILESS_MAIN(EgressHoldTest)
#include "egress_hold_test.moc"
