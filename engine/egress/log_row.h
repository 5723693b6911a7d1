#pragma once

#include <chrono>
#include <string>

#include "engine/egress/message.h"
#include "engine/egress/names.h"
#include "engine/egress/sandbox_door.h"

namespace sallyport::egress {

// The egress log's row of one request: added before anything is asked or sent, written again when
// it is decided and when it has ended.
class LogRow
{
public:
    explicit LogRow(SandboxDoor& door);

    [[nodiscard]] api::Row& row() { return m_detail.row; }
    [[nodiscard]] api::RowDetail& detail() { return m_detail; }
    [[nodiscard]] api::RowId id() const { return m_detail.row.id; }

    // Who, where and what of an HTTP request, secrets masked.
    void describe(const RequestHead& head, const Destination& destination, bool tls);
    void decided(const policy::Decision& decision);
    // A line in the handlers' log beside the row, where the handler `log` decided. The row has been
    // written.
    void noteHandler(const policy::Decision& decision);

    // Leaves out what the guest wrote: a secret is somewhere in it.
    void withhold();

    // Adds the row as it is (once), or replaces it.
    void write();
    // Sets the end's fields and writes for the last time.
    void end(api::RowState state, std::string error = {});
    void refused(api::Step step, std::string reason, int status);

private:
    SandboxDoor& m_door;
    api::RowDetail m_detail;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    bool m_added = false;
};

} // namespace sallyport::egress
