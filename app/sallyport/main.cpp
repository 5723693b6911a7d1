// The window of Sallyport. It shows and asks; the engine decides.

#include <cstdio>

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>

#include "app/sallyport/single_instance.h"
#include "engine/base/paths.h"
#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"
#include "ui/theme/theme.h"
#include "ui/window/main_window.h"

using namespace sallyport;

namespace {

struct Options
{
    QString socket;
    QString theme; // empty: as it was left
    QString sandbox;
};

Options parseOptions(const QCoreApplication& application)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Run untrusted code in microVMs and decide what leaves them."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption socket(
        QStringLiteral("socket"),
        QStringLiteral("Use the engine that listens on this socket; none is started."),
        QStringLiteral("path"));
    const QCommandLineOption theme(
        QStringLiteral("theme"), QStringLiteral("light, dark or system."), QStringLiteral("name"));
    const QCommandLineOption sandbox(QStringLiteral("sandbox"),
                                     QStringLiteral("Show this sandbox."), QStringLiteral("name"));
    parser.addOptions({socket, theme, sandbox});
    parser.process(application);
    return {parser.value(socket), parser.value(theme), parser.value(sandbox)};
}

// Beside us, as in a build or an installed tree; else in PATH.
std::filesystem::path findEngine()
{
    const QString name = QStringLiteral("sallyportd");
    const QString here = QCoreApplication::applicationDirPath();
    for (const QString& folder : {here, here + QStringLiteral("/../sallyportd")}) {
        const QFileInfo file(folder + QLatin1Char('/') + name);
        if (file.isFile() && file.isExecutable())
            return ui::fromQt(file.absoluteFilePath());
    }
    return ui::fromQt(QStandardPaths::findExecutable(name));
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("sallyport"));
    QApplication::setApplicationDisplayName(QStringLiteral("Sallyport"));
    QApplication::setApplicationVersion(QStringLiteral(SALLYPORT_VERSION));
    QApplication::setOrganizationName(QStringLiteral("sallyport"));
    QApplication::setDesktopFileName(QStringLiteral("sallyport"));
    // The main window says when it ends: with a tray, closing it does not.
    QApplication::setQuitOnLastWindowClosed(false);
    const Options options = parseOptions(application);

    const auto paths = Paths::fromEnvironment();
    if (!paths) {
        std::fprintf(stderr, "sallyport: %s\n", paths.error().text.c_str());
        return 1;
    }

    const bool ownEngine = options.socket.isEmpty();
    // A window on another engine stands on its own.
    SingleInstance instance(ui::toQt((paths->runtime / "window.sock").native()));
    if (ownEngine && instance.handOver(options.sandbox))
        return 0;
    if (ownEngine)
        instance.listen();

    QSettings settings;
    ui::theme::Theme theme(application);
    const QString wantedTheme = options.theme.isEmpty()
                                    ? settings.value(QStringLiteral("window/theme")).toString()
                                    : options.theme;
    theme.setChoice(ui::theme::Theme::choiceFromName(wantedTheme));

    ui::EngineLink link(ownEngine ? paths->apiSocket()
                                  : std::filesystem::path(ui::fromQt(options.socket)),
                        ownEngine ? findEngine() : std::filesystem::path());
    ui::window::MainWindow window(link, theme, settings);
    if (!options.sandbox.isEmpty())
        window.selectByName(options.sandbox);
    QObject::connect(&instance, &SingleInstance::broughtUp, &window,
                     [&window](const QString& sandbox) {
                         if (!sandbox.isEmpty())
                             window.selectByName(sandbox);
                         window.bringUp();
                     });
    window.show();
    link.open();
    return QApplication::exec();
}
