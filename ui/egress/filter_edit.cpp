#include "ui/egress/filter_edit.h"

#include <QAction>
#include <QAbstractItemView>
#include <QCompleter>
#include <QKeyEvent>
#include <QRegularExpression>
#include <QStringListModel>

#include "ui/egress/filter.h"

namespace sallyport::ui::egress {

namespace {

constexpr int PauseMs = 180;
constexpr int MostCharacters = 512;

} // namespace

FilterEdit::FilterEdit(Completions completions, QWidget* parent)
    : QLineEdit(parent)
    , m_completions(std::move(completions))
    , m_completer(new QCompleter(this))
    , m_offered(new QStringListModel(this))
{
    setMaxLength(MostCharacters);
    setClearButtonEnabled(true);
    if (auto* clear = findChild<QAction*>(QStringLiteral("_q_qlineeditclearaction")))
        clear->setText(tr("Clear the filter")); // for screen readers; Qt gives it no name
    m_completer->setModel(m_offered);
    m_completer->setWidget(this);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    connect(m_completer, qOverload<const QString&>(&QCompleter::activated), this,
            &FilterEdit::accept);
    m_pause.setSingleShot(true);
    m_pause.setInterval(PauseMs);
    connect(this, &QLineEdit::textChanged, this, [this] { m_pause.start(); });
    connect(this, &QLineEdit::textEdited, this, &FilterEdit::offer);
    connect(&m_pause, &QTimer::timeout, this, [this] { emit settled(text()); });
}

void FilterEdit::putToken(const QString& name, const QString& value)
{
    QString rest = text();
    static const QRegularExpression spaces(QStringLiteral("\\s+"));
    rest.remove(QRegularExpression(QStringLiteral("(^|\\s)%1:(\"[^\"]*\"|\\S*)").arg(name),
                                   QRegularExpression::CaseInsensitiveOption));
    const QString token = tokenText(name, value);
    setText(
        (rest.replace(spaces, QStringLiteral(" ")).trimmed() + QLatin1Char(' ') + token).trimmed());
}

int FilterEdit::wordStart() const
{
    return static_cast<int>(text().left(cursorPosition()).lastIndexOf(QLatin1Char(' '))) + 1;
}

void FilterEdit::offer()
{
    const QString word = text().mid(wordStart(), cursorPosition() - wordStart());
    const QStringList offered = m_completions(word);
    if (offered.isEmpty()) {
        m_completer->popup()->hide();
        return;
    }
    m_offered->setStringList(offered);
    m_completer->complete();
}

void FilterEdit::accept(const QString& completion)
{
    const int start = wordStart();
    const QString before = text().left(start);
    const QString after = text().mid(cursorPosition());
    const bool isWhole = !completion.endsWith(QLatin1Char(':'));
    const QString ended =
        isWhole && !after.startsWith(QLatin1Char(' ')) ? completion + QLatin1Char(' ') : completion;
    setText(before + ended + after);
    setCursorPosition(start + static_cast<int>(ended.size()));
    if (!isWhole)
        offer();
}

void FilterEdit::keyPressEvent(QKeyEvent* event)
{
    const bool isPopup = m_completer->popup()->isVisible();
    const int key = event->key();
    if (isPopup && (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Tab)) {
        const QModelIndex current = m_completer->popup()->currentIndex();
        if (current.isValid() || key == Qt::Key_Tab) {
            const QModelIndex taken = current.isValid() ? current : m_offered->index(0);
            m_completer->popup()->hide();
            accept(taken.data().toString());
            return;
        }
    }
    if (key == Qt::Key_Escape && !isPopup && !text().isEmpty()) {
        clear();
        return;
    }
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        m_pause.stop();
        emit settled(text());
        return;
    }
    QLineEdit::keyPressEvent(event);
}

} // namespace sallyport::ui::egress
