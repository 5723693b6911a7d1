#pragma once

#include <memory>
#include <vector>

#include <QWidget>

#include "engine/api/types.h"

class QsciScintilla;
class QsciLexerJavaScript;

namespace sallyport::ui::handlers {

// An editor for JavaScript with the problems of the last save beside their lines. GUI thread.
class ModuleEditor : public QWidget
{
    Q_OBJECT

public:
    explicit ModuleEditor(QWidget* parent = nullptr);
    ~ModuleEditor() override;

    void setSource(const QString& source); // is not a change of the person's
    [[nodiscard]] QString source() const;
    [[nodiscard]] bool isModified() const;
    // What the person can undo.
    void replaceSource(const QString& source);
    void setProblems(const std::vector<api::ModuleProblem>& problems);

signals:
    void modifiedChanged(bool modified);

protected:
    void changeEvent(QEvent* event) override;

private:
    void applyColors();

    QsciScintilla* m_editor;
    std::unique_ptr<QsciLexerJavaScript> m_lexer;
};

} // namespace sallyport::ui::handlers
