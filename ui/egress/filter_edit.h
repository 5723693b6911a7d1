#pragma once

#include <functional>

#include <QLineEdit>
#include <QTimer>

class QCompleter;
class QStringListModel;

namespace sallyport::ui::egress {

// A line of words and tokens that completes the word before the cursor. Tells of a new text when
// typing pauses.
class FilterEdit : public QLineEdit
{
    Q_OBJECT

public:
    // From the word before the cursor to what it may become.
    using Completions = std::function<QStringList(const QString& word)>;

    explicit FilterEdit(Completions completions, QWidget* parent = nullptr);

    // Adds a token, or puts it in the place of one of the same name.
    void putToken(const QString& name, const QString& value);

signals:
    void settled(const QString& text);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void offer();
    void accept(const QString& completion);
    [[nodiscard]] int wordStart() const;

    Completions m_completions;
    QCompleter* m_completer;
    QStringListModel* m_offered;
    QTimer m_pause;
};

} // namespace sallyport::ui::egress
