#pragma once

#include <vector>

#include <QWidget>

#include "engine/api/types.h"

class QPushButton;
class QVBoxLayout;

namespace sallyport::ui::policy {

// The handlers of a sandbox's ladder, in the order in which they win, each as what it is. Shows
// what it is given and tells what the person wants; the owner sends it to the engine.
class HandlerList : public QWidget
{
    Q_OBJECT

public:
    explicit HandlerList(QWidget* parent = nullptr);

    void setHandlers(std::vector<api::Handler> handlers);
    [[nodiscard]] const std::vector<api::Handler>& handlers() const { return m_handlers; }

signals:
    void addWanted();
    void editWanted(const sallyport::api::Handler& handler);
    void unsetWanted(const sallyport::api::Handler& handler);

private:
    QWidget* makeRow(const api::Handler& handler);

    std::vector<api::Handler> m_handlers;
    QVBoxLayout* m_rows;
    QPushButton* m_add;
};

} // namespace sallyport::ui::policy
