#pragma once

#include <functional>

#include <QStringList>
#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;

namespace sallyport::ui {
class FlowLayout;
}

namespace sallyport::ui::policy {

// A list of patterns as chips that can be removed, with a field that adds one. Shows what it is
// given and tells what the person wants; the owner sends it to the engine.
class HostList : public QWidget
{
    Q_OBJECT

public:
    // Says what is wrong with an entry; empty when nothing is.
    using Check = std::function<QString(const QString& entry)>;

    // `name` prefixes the object names of the parts ("denied" makes deniedEdit, deniedAdd).
    HostList(const QString& label, const QString& name, Check check, QWidget* parent = nullptr);

    void setEntries(const QStringList& entries);
    [[nodiscard]] const QStringList& entries() const { return m_entries; }

signals:
    // What the list should become.
    void changeWanted(const QStringList& entries);
    void removed(const QString& entry);

private:
    void add();
    void judge();
    void addChip(const QString& entry);

    QString m_name;
    Check m_check;
    QStringList m_entries;
    QWidget* m_chips;
    FlowLayout* m_flow;
    QLineEdit* m_edit;
    QPushButton* m_add;
    QLabel* m_problem;
};

} // namespace sallyport::ui::policy
