#include "ui/sandboxes/welcome_page.h"

#include <algorithm>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

#include "ui/bridge/text.h"
#include "ui/theme/icon.h"
#include "ui/theme/widgets.h"

namespace sallyport::ui::sandboxes {

namespace {

constexpr int ContentWidth = 620;

QLabel* makePicture(const QIcon& icon, int size)
{
    auto* picture = new QLabel;
    picture->setPixmap(icon.pixmap(size, size));
    return picture;
}

// A line that a person may paste into a shell.
QWidget* makeRemedy(const QString& remedy)
{
    auto* holder = new QWidget;
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 2, 0, 0);
    row->setSpacing(theme::Gap);
    auto* code = theme::bodyLabel(remedy);
    code->setProperty("kind", QStringLiteral("code"));
    code->setFont(theme::monospaceFont());
    code->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* copy = new QPushButton(theme::icon(QStringLiteral("copy")), WelcomePage::tr("Copy"));
    copy->setObjectName(QStringLiteral("copyRemedy"));
    copy->setAccessibleName(WelcomePage::tr("Copy what mends it"));
    QObject::connect(copy, &QPushButton::clicked, copy,
                     [copy, remedy] {
                         QApplication::clipboard()->setText(remedy);
                         copy->setText(WelcomePage::tr("Copied"));
                     });
    row->addWidget(code, 1);
    row->addWidget(copy, 0, Qt::AlignTop);
    return holder;
}

} // namespace

WelcomePage::WelcomePage(QAction* create, QAction* checkAgain, QWidget* parent)
    : QScrollArea(parent)
    , m_image(new theme::Card)
    , m_imageText(theme::bodyLabel({}))
    , m_checks(new theme::Card)
{
    setObjectName(QStringLiteral("welcomePage"));
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);

    QLabel* title = theme::titleLabel(tr("Run code that you don't trust"));
    title->setAlignment(Qt::AlignCenter);
    QLabel* text = theme::bodyLabel(tr(
        "Sallyport runs untrusted code in a virtual machine with a single guarded door: each "
        "request that wants out is shown to you, and leaves only when you or your rules say so."));
    text->setAlignment(Qt::AlignCenter);
    theme::setLabelTone(text, theme::Tone::Muted);

    QPushButton* button = theme::actionButton(create, nullptr, tr("Create your first sandbox"));
    button->setObjectName(QStringLiteral("welcomeCreate"));
    theme::makePrimary(button);
    setFocusProxy(button);
    auto* enter = new QShortcut(Qt::Key_Return, button, nullptr, nullptr, Qt::WidgetShortcut);
    connect(enter, &QShortcut::activated, create, &QAction::trigger);
    button->setMinimumHeight(38);
    button->setMinimumWidth(230);

    m_image->setObjectName(QStringLiteral("imageCard"));
    m_imageText->setObjectName(QStringLiteral("imageProblem"));
    m_imageText->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* imageColumn = new QVBoxLayout(m_image);
    imageColumn->setContentsMargins(theme::Pad, 14, theme::Pad, 14);
    imageColumn->setSpacing(4);
    QLabel* imageTitle = theme::headingLabel(tr("The guest image is missing"));
    theme::setLabelTone(imageTitle, theme::Tone::Warn);
    imageColumn->addWidget(imageTitle);
    imageColumn->addWidget(m_imageText);
    m_image->hide();

    m_checks->setObjectName(QStringLiteral("checksCard"));
    m_checkColumn = new QVBoxLayout(m_checks);
    m_checkColumn->setContentsMargins(theme::Pad, 12, theme::Pad, 14);
    m_checkColumn->setSpacing(12);
    QPushButton* again = theme::actionButton(checkAgain, nullptr, tr("Check again"));
    again->setObjectName(QStringLiteral("checkAgain"));
    auto* checkHead = new QHBoxLayout;
    m_checkTitle = theme::headingLabel({});
    checkHead->addWidget(m_checkTitle);
    checkHead->addStretch();
    checkHead->addWidget(again);
    m_checkColumn->addLayout(checkHead);
    m_checks->hide();

    auto* content = new QWidget;
    content->setFixedWidth(ContentWidth);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(theme::PagePad, 40, theme::PagePad, 40);
    column->setSpacing(14);
    column->addStretch(2);
    column->addWidget(makePicture(theme::applicationIcon(), 80), 0, Qt::AlignHCenter);
    column->addSpacing(4);
    column->addWidget(title);
    column->addWidget(text);
    column->addSpacing(6);
    column->addWidget(button, 0, Qt::AlignHCenter);
    column->addSpacing(14);
    column->addWidget(m_image);
    column->addWidget(m_checks);
    column->addStretch(3);
    auto* holder = new QWidget;
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch();
    row->addWidget(content);
    row->addStretch();
    setWidget(holder);
}

void WelcomePage::setImageProblem(const QString& problem)
{
    m_imageText->setText(problem);
    m_image->setVisible(!problem.isEmpty());
}

void WelcomePage::setChecks(const std::vector<api::Check>& checks)
{
    delete m_checkList;
    m_checkList = new QWidget;
    auto* list = new QVBoxLayout(m_checkList);
    list->setContentsMargins(0, 0, 0, 0);
    list->setSpacing(14);
    m_checkColumn->addWidget(m_checkList);
    for (const api::Check& check : checks)
        if (check.state != api::CheckState::Ok)
            addCheck(check);
    const auto isAny = [&checks](api::CheckState state) {
        return std::any_of(checks.begin(), checks.end(),
                           [state](const api::Check& check) { return check.state == state; });
    };
    const bool hasFailed = isAny(api::CheckState::Failed);
    m_checkTitle->setText(hasFailed ? tr("Sandboxes can't run on this machine yet")
                                    : tr("Sallyport works here, and could work better"));
    m_checks->setVisible(hasFailed || isAny(api::CheckState::Warning));
}

void WelcomePage::addCheck(const api::Check& check)
{
    const bool failed = check.state == api::CheckState::Failed;
    const theme::Tone tone = failed ? theme::Tone::Bad : theme::Tone::Warn;
    auto* lines = new QVBoxLayout;
    lines->setSpacing(3);
    QLabel* title = theme::headingLabel(toQt(check.title));
    title->setAccessibleName((failed ? tr("Failed: %1") : tr("Warning: %1")).arg(title->text()));
    lines->addWidget(title);
    QLabel* detail = theme::bodyLabel(toQt(check.detail));
    theme::setLabelTone(detail, theme::Tone::Muted);
    lines->addWidget(detail);
    if (!check.remedy.empty())
        lines->addWidget(makeRemedy(toQt(check.remedy)));
    auto* row = new QHBoxLayout;
    row->setSpacing(10);
    row->addWidget(
        makePicture(theme::icon(failed ? QStringLiteral("cross") : QStringLiteral("warning"), tone),
                    18),
        0, Qt::AlignTop);
    row->addLayout(lines, 1);
    static_cast<QVBoxLayout*>(m_checkList->layout())->addLayout(row);
}

} // namespace sallyport::ui::sandboxes
