#pragma once

#include <QObject>
#include <QVariant>

class QApplication;
class QDBusVariant;

namespace sallyport::ui::theme {

enum class Choice
{
    System, // as org.freedesktop.appearance color-scheme says; light where nobody says
    Light,
    Dark,
};

// Dresses the application: Fusion, our palette and style sheet, and again whenever the choice or
// the desktop's setting changes. One per application, made by main() or a test. GUI thread.
class Theme : public QObject
{
    Q_OBJECT

public:
    explicit Theme(QApplication& application, QObject* parent = nullptr);

    void setChoice(Choice choice);
    [[nodiscard]] Choice choice() const { return m_choice; }
    [[nodiscard]] bool isDark() const;

    // "light", "dark", "system"; anything else is System.
    [[nodiscard]] static Choice choiceFromName(const QString& name);
    [[nodiscard]] static QString choiceName(Choice choice);

signals:
    void changed();

private slots:
    // org.freedesktop.portal.Settings.SettingChanged
    void settingChanged(const QString& space, const QString& key, const QDBusVariant& value);

private:
    void watchPortal();
    void setSystemScheme(const QVariant& value);
    void apply();

    QApplication& m_application;
    Choice m_choice = Choice::System;
    bool m_systemDark = false;
    bool m_portalAsked = false;
};

} // namespace sallyport::ui::theme
