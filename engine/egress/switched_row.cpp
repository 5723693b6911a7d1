#include "engine/egress/switched_row.h"

namespace sallyport::egress {

namespace {

constexpr std::chrono::seconds BetweenWrites{2};

} // namespace

SwitchedRow::SwitchedRow(SandboxDoor& door, LogRow& log, bool isWebSocket)
    : m_log(log)
    , m_isWebSocket(isWebSocket)
{
    door.context->deadlines.watch(*this);
}

void SwitchedRow::passed(bool fromGuest, std::string_view bytes)
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    m_changed = true;
    if (m_isWebSocket) {
        const auto at = duration_cast<milliseconds>(Deadlines::Clock::now() - m_start);
        m_meter.feed(fromGuest, bytes, at.count());
    }
}

void SwitchedRow::finish()
{
    if (m_isWebSocket)
        m_log.detail().webSocket = m_meter.log();
}

void SwitchedRow::tick(Deadlines::Clock::time_point now)
{
    if (!m_changed || now - m_written < BetweenWrites)
        return;
    m_changed = false;
    m_written = now;
    finish();
    m_log.write();
}

} // namespace sallyport::egress
