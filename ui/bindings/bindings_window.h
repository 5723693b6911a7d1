#pragma once

#include <vector>

#include <QDialog>

#include "engine/api/bindings.h"

class QLabel;
class QPushButton;
class QStackedWidget;
class QTableWidget;

namespace sallyport::ui {
class EngineLink;
class SandboxBook;
class Toast;
} // namespace sallyport::ui

namespace sallyport::ui::bindings {

// All namespaces, buckets and services, who may use each, and the address by which it is found. GUI
// thread.
class BindingsWindow : public QDialog
{
    Q_OBJECT

public:
    BindingsWindow(EngineLink& link, SandboxBook& book, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* makeEmpty();
    QWidget* makeList();
    QWidget* makeUses();
    QPushButton* button(const QString& text, const char* objectName, QWidget* parent);
    void fetch();
    void fillTable();
    void fillUses();
    void updateButtons();
    [[nodiscard]] const api::Binding* selected() const;
    [[nodiscard]] const api::BindingUse* selectedUse() const;
    void edit(const api::Binding& binding);
    void browse();
    void copyAddress();
    void askToRemove();
    void remove(api::BindingKind kind, const std::string& name);
    void bind(const api::BindingUse* use);
    void unbind();

    EngineLink& m_link;
    SandboxBook& m_book;
    std::vector<api::Binding> m_bindings;
    bool m_isLoaded = false;
    api::BindingKind m_chosenKind = api::BindingKind::Kv; // kept over a new list
    std::string m_chosenName;
    QStackedWidget* m_pages = nullptr;
    QPushButton* m_first = nullptr; // on the page without any
    QTableWidget* m_table = nullptr;
    QPushButton* m_add = nullptr;
    QPushButton* m_edit = nullptr;
    QPushButton* m_browse = nullptr;
    QPushButton* m_remove = nullptr;
    QLabel* m_usesHeading = nullptr;
    QLabel* m_address = nullptr;
    QPushButton* m_copy = nullptr;
    QTableWidget* m_uses = nullptr;
    QLabel* m_noUses = nullptr;
    QPushButton* m_bind = nullptr;
    QPushButton* m_change = nullptr;
    QPushButton* m_unbind = nullptr;
    Toast* m_toast = nullptr;
};

} // namespace sallyport::ui::bindings
