#pragma once

// Small parts that every page uses, so that pages look alike.

#include <QFrame>
#include <QLabel>
#include <QString>
#include <QStringList>
#include <QWidget>

#include "ui/theme/tones.h"

class QAction;
class QHBoxLayout;
class QPushButton;
class QTableWidget;

namespace sallyport::ui::theme {

// The spacing of the product, in pixels: Gap between neighbours, Pad inside cards and pages.
inline constexpr int Gap = 8;
inline constexpr int Pad = 16;
inline constexpr int PagePad = 24;

// Text as it is: never rich text, since parts of it can come from a guest. Wraps where `wrap`.
[[nodiscard]] QLabel* bodyLabel(const QString& text, QWidget* parent = nullptr);
[[nodiscard]] QLabel* mutedLabel(const QString& text, QWidget* parent = nullptr);
[[nodiscard]] QLabel* headingLabel(const QString& text, QWidget* parent = nullptr); // of a card
[[nodiscard]] QLabel* titleLabel(const QString& text, QWidget* parent = nullptr);   // of a page
void setLabelTone(QLabel* label, Tone tone);

// Push buttons by weight; the style sheet reads the property "kind".
void makePrimary(QPushButton* button);
void makeDanger(QPushButton* button);
// A button that presses an action and is enabled as it is. With a text of its own it shows that and
// no icon, else those of the action.
[[nodiscard]] QPushButton*
actionButton(QAction* action, QWidget* parent = nullptr, const QString& text = {});

// A table to be read and chosen from, a row at a time. Columns are as wide as what is in them.
[[nodiscard]] QTableWidget* listTable(const QStringList& headings, QWidget* parent = nullptr);

// A rounded surface with a hairline.
class Card : public QFrame
{
    Q_OBJECT

public:
    explicit Card(QWidget* parent = nullptr);
};

// A dot and a word on a tint: "Running".
class Pill : public QWidget
{
    Q_OBJECT

public:
    explicit Pill(QWidget* parent = nullptr);
    void setContent(const QString& text, Tone tone);
    [[nodiscard]] QString text() const { return m_text; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
    Tone m_tone = Tone::Muted;
};

// A strip across a page: icon, text, a second line, and buttons at its end. Hidden at first.
class Banner : public QFrame
{
    Q_OBJECT

public:
    explicit Banner(Tone tone, QWidget* parent = nullptr);

    void setText(const QString& text, const QString& detail = {});
    [[nodiscard]] QString text() const;
    [[nodiscard]] QString detail() const;
    // The button belongs to the banner.
    QPushButton* addButton(const QString& text, const QString& objectName);
    void addButton(QAction* action, const QString& objectName);

private:
    QLabel* m_text = nullptr;
    QLabel* m_detail = nullptr;
    QHBoxLayout* m_buttons = nullptr;
};

// A fixed-pitch font of the system at the application's text size.
[[nodiscard]] QFont monospaceFont();

} // namespace sallyport::ui::theme
