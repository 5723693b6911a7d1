#include "ui/handlers/module_editor.h"

#include <utility>

#include <QEvent>
#include <QVBoxLayout>
#include <Qsci/qscilexerjavascript.h>
#include <Qsci/qsciscintilla.h>
#include <Qsci/qscistyle.h>

#include "ui/theme/tones.h"
#include "ui/theme/widgets.h"
#include "ui/widgets/display_text.h"

namespace sallyport::ui::handlers {

namespace {

constexpr int NumberMargin = 0;
constexpr int ProblemMargin = 1;
constexpr int ProblemMarker = 1;

} // namespace

ModuleEditor::ModuleEditor(QWidget* parent)
    : QWidget(parent)
    , m_editor(new QsciScintilla(this))
    , m_lexer(std::make_unique<QsciLexerJavaScript>())
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_editor);
    m_editor->setObjectName(QStringLiteral("moduleSource"));
    m_editor->setAccessibleName(tr("Handler module in JavaScript"));
    m_editor->setUtf8(true);
    m_editor->setEolMode(QsciScintilla::EolUnix);
    m_editor->setIndentationsUseTabs(false);
    m_editor->setIndentationWidth(2);
    m_editor->setTabWidth(2);
    m_editor->setAutoIndent(true);
    m_editor->setBraceMatching(QsciScintilla::SloppyBraceMatch);
    m_editor->setMarginType(NumberMargin, QsciScintilla::NumberMargin);
    m_editor->setMarginWidth(NumberMargin, QStringLiteral("00000"));
    m_editor->setMarginType(ProblemMargin, QsciScintilla::SymbolMargin);
    m_editor->setMarginWidth(ProblemMargin, 16);
    m_editor->setMarginMarkerMask(ProblemMargin, 1 << ProblemMarker);
    m_editor->markerDefine(QsciScintilla::Circle, ProblemMarker);
    m_editor->setAnnotationDisplay(QsciScintilla::AnnotationStandard);
    // Tab writes; Ctrl+Tab and Ctrl+Shift+Tab leave, as everywhere in the tabs.
    m_editor->setFrameShape(QFrame::NoFrame);
    m_editor->setScrollWidth(1);
    m_editor->setScrollWidthTracking(true);
    m_editor->setLexer(m_lexer.get());
    applyColors();
    connect(m_editor, &QsciScintilla::modificationChanged, this, &ModuleEditor::modifiedChanged);
    setFocusProxy(m_editor);
}

ModuleEditor::~ModuleEditor()
{
    m_editor->setLexer(nullptr);
}

void ModuleEditor::applyColors()
{
    const theme::Tones& tones = theme::tonesOf(palette());
    const QFont font = theme::monospaceFont();
    m_lexer->setFont(font, -1);
    m_lexer->setDefaultFont(font);
    m_lexer->setPaper(tones.surface, -1);
    m_lexer->setColor(tones.text, -1);
    using Style = QsciLexerJavaScript;
    for (const int style : {Style::Comment, Style::CommentLine, Style::CommentDoc})
        m_lexer->setColor(tones.muted, style);
    for (const int style : {Style::DoubleQuotedString, Style::SingleQuotedString, Style::RawString,
                            Style::Regex, Style::VerbatimString})
        m_lexer->setColor(tones.good, style);
    m_lexer->setColor(tones.accent, Style::Keyword);
    m_lexer->setColor(tones.warn, Style::Number);
    m_lexer->setColor(tones.bad, Style::UnclosedString);
    m_lexer->setDefaultPaper(tones.surface);
    m_lexer->setDefaultColor(tones.text);
    m_editor->setPaper(tones.surface);
    m_editor->setMarginsBackgroundColor(tones.window);
    m_editor->setMarginsForegroundColor(tones.muted);
    m_editor->setMarginsFont(font);
    m_editor->setCaretForegroundColor(tones.text);
    m_editor->setSelectionBackgroundColor(tones.accentSoft);
    m_editor->setSelectionForegroundColor(tones.text);
    m_editor->setMatchedBraceBackgroundColor(tones.raised);
    m_editor->setMatchedBraceForegroundColor(tones.text);
    m_editor->setUnmatchedBraceForegroundColor(tones.bad);
    m_editor->setUnmatchedBraceBackgroundColor(tones.surface);
    m_editor->setMarkerBackgroundColor(tones.bad, ProblemMarker);
    m_editor->setMarkerForegroundColor(tones.bad, ProblemMarker);
}

void ModuleEditor::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyColors();
}

void ModuleEditor::setSource(const QString& source)
{
    m_editor->setText(source);
    m_editor->setModified(false);
}

QString ModuleEditor::source() const
{
    return m_editor->text();
}

bool ModuleEditor::isModified() const
{
    return m_editor->isModified();
}

void ModuleEditor::replaceSource(const QString& source)
{
    m_editor->selectAll();
    m_editor->replaceSelectedText(source);
    m_editor->setCursorPosition(0, 0);
}

void ModuleEditor::setProblems(const std::vector<api::ModuleProblem>& problems)
{
    m_editor->markerDeleteAll(ProblemMarker);
    m_editor->clearAnnotations();
    const theme::Tones& tones = theme::tonesOf(palette());
    const QsciStyle style(-1, tr("Problem"), tones.bad, tones.badSoft, theme::monospaceFont());
    bool isFirst = true;
    for (const api::ModuleProblem& problem : problems) {
        if (problem.line < 1 || problem.line > m_editor->lines())
            continue;
        m_editor->markerAdd(problem.line - 1, ProblemMarker);
        m_editor->annotate(problem.line - 1, safe(problem.text, 300), style);
        if (std::exchange(isFirst, false))
            m_editor->setCursorPosition(problem.line - 1, std::max(0, problem.column - 1));
    }
}

} // namespace sallyport::ui::handlers
