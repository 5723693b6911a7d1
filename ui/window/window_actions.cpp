#include "ui/window/window_actions.h"

#include <QAction>
#include <QActionGroup>
#include <QMenu>
#include <QMenuBar>

#include "ui/theme/icon.h"

namespace sallyport::ui::window {

WindowActions::WindowActions(QWidget* window)
    : QObject(window)
    , m_window(window)
{
    create = make("create", tr("&New sandbox…"), QStringLiteral("plus"));
    create->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_N));
    start = make("start", tr("&Start"), QStringLiteral("play"));
    start->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_R));
    stop = make("stop", tr("S&top"), QStringLiteral("stop"));
    stop->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Period));
    kill = make("kill", tr("Stop at &once"), QStringLiteral("power"));
    kill->setToolTip(tr("Cuts the power; what was not written to its disk is lost."));
    rename = make("rename", tr("&Rename…"), QStringLiteral("rename"));
    rename->setShortcut(QKeySequence(Qt::Key_F2));
    remove = make("remove", tr("&Delete…"), QStringLiteral("trash"));
    pause = make("pause", tr("Pa&use all egress"), QStringLiteral("pause"));
    pause->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E));
    pause->setCheckable(true);
    pause->setToolTip(tr("Denies every request of every sandbox until you resume."));
    settings = make("settings", tr("Settin&gs…"), QStringLiteral("gear"));
    settings->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Comma));
    quit = make("quit", tr("&Quit"), QStringLiteral("power"));
    quit->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Q));
    quit->setToolTip(tr("Ends this program. Sandboxes go on; what they ask is denied meanwhile."));

    questions = make("questions", tr("&Questions"), QStringLiteral("question"));
    questions->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_A));
    credentials = make("credentials", tr("Cre&dentials"), QStringLiteral("key"));
    credentials->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_K));
    bindings = make("bindings", tr("&Bindings"), QStringLiteral("box"));
    bindings->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_B));

    overview = make("overview", tr("&Overview"), QStringLiteral("overview"));
    terminal = make("terminal", tr("&Terminal"), QStringLiteral("terminal"));
    egress = make("egress", tr("&Egress"), QStringLiteral("egress"));
    policy = make("policy", tr("&Policy"), QStringLiteral("policy"));
    handlers = make("handlers", tr("&Handlers"), QStringLiteral("handlers"));
    int digit = Qt::Key_1;
    for (QAction* tab : {overview, terminal, egress, policy, handlers})
        tab->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(digit++)));
    all = make("all", tr("&All sandboxes"), QStringLiteral("layers"));
    all->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_0));
    nextSandbox = make("nextSandbox", tr("Ne&xt sandbox"), QStringLiteral("down"));
    nextSandbox->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_PageDown));
    previousSandbox = make("previousSandbox", tr("Pre&vious sandbox"), QStringLiteral("up"));
    previousSandbox->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_PageUp));
    focusRail = make("focusRail", tr("&List of sandboxes"), QStringLiteral("layers"));
    focusRail->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_L));
    refresh = make("refresh", tr("Re&fresh"), QStringLiteral("refresh"));
    refresh->setShortcut(QKeySequence(Qt::Key_F5));
    palette = make("palette", tr("&Command palette…"), QStringLiteral("search"));
    palette->setShortcuts(
        {QKeySequence(Qt::CTRL | Qt::Key_K), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P)});
    auto* themes = new QActionGroup(this);
    themeSystem = make("themeSystem", tr("As the &desktop"), QStringLiteral("gear"));
    themeLight = make("themeLight", tr("&Light"), QStringLiteral("sun"));
    themeDark = make("themeDark", tr("Da&rk"), QStringLiteral("circle"));
    for (QAction* choice : {themeSystem, themeLight, themeDark}) {
        choice->setCheckable(true);
        themes->addAction(choice);
    }

    shortcuts = make("shortcuts", tr("&Keyboard shortcuts"), QStringLiteral("keyboard"));
    shortcuts->setShortcuts({QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question)});
    checks = make("checks", tr("&Check this machine"), QStringLiteral("check"));
    about = make("about", tr("&About Sallyport"), QStringLiteral("info"));
}

QAction* WindowActions::make(const char* name, const QString& text, const QString& iconName)
{
    auto* action = new QAction(theme::icon(iconName), text, this);
    action->setObjectName(QLatin1String(name));
    m_window->addAction(action);
    m_all.push_back(action);
    return action;
}

void WindowActions::adoptTerminalAction(QAction* action)
{
    newTerminal = action;
    m_window->addAction(action);
    m_all.push_back(action);
}

QMenu* WindowActions::fillMenuBar(QMenuBar* bar)
{
    QMenu* sandbox = bar->addMenu(tr("&Sandbox"));
    sandbox->addAction(create);
    sandbox->addSeparator();
    sandbox->addAction(start);
    sandbox->addAction(stop);
    sandbox->addAction(kill);
    sandbox->addAction(newTerminal);
    sandbox->addSeparator();
    sandbox->addAction(rename);
    sandbox->addAction(remove);
    sandbox->addSeparator();
    sandbox->addAction(pause);
    sandbox->addAction(settings);
    sandbox->addSeparator();
    sandbox->addAction(quit);

    QMenu* view = bar->addMenu(tr("&View"));
    view->addActions({all, overview, terminal, egress, policy, handlers});
    view->addSeparator();
    view->addActions({previousSandbox, nextSandbox, focusRail});
    view->addSeparator();
    view->addActions({questions, credentials, bindings, palette, refresh});
    view->addSeparator();
    QMenu* theme = view->addMenu(tr("T&heme"));
    theme->addActions({themeSystem, themeLight, themeDark});

    QMenu* help = bar->addMenu(tr("&Help"));
    help->addActions({shortcuts, checks, about});

    auto* context = new QMenu(m_window);
    context->addActions({start, stop, kill});
    context->addSeparator();
    context->addActions({rename, remove});
    return context;
}

QString plainText(const QAction* action)
{
    QString text = action->text();
    text.remove(QLatin1Char('&'));
    return text;
}

} // namespace sallyport::ui::window
