#include "ui/bridge/sandbox_book.h"

#include <algorithm>

#include "ui/bridge/engine_link.h"
#include "ui/bridge/text.h"

namespace sallyport::ui {

namespace {

void append(std::vector<double>& samples, double value)
{
    if (samples.size() >= SandboxBook::HistoryCapacity)
        samples.erase(samples.begin());
    samples.push_back(value);
}

bool hasStats(const api::Sandbox& sandbox)
{
    return sandbox.state == api::SandboxState::Running ||
           sandbox.state == api::SandboxState::Stopping;
}

} // namespace

SandboxBook::SandboxBook(EngineLink& link, QObject* parent)
    : QObject(parent)
    , m_link(link)
{
    connect(&m_link, &EngineLink::connected, this, &SandboxBook::fetch);
    connect(&m_link, &EngineLink::sandboxChanged, this, &SandboxBook::take);
    connect(&m_link, &EngineLink::sandboxRemoved, this, &SandboxBook::remove);
}

const api::Sandbox* SandboxBook::find(qint64 id) const
{
    const auto found = std::find_if(m_sandboxes.begin(), m_sandboxes.end(),
                                    [id](const auto& sandbox) { return sandbox.id == id; });
    return found == m_sandboxes.end() ? nullptr : &*found;
}

const api::Sandbox* SandboxBook::findByName(const std::string& name) const
{
    const auto found = std::find_if(m_sandboxes.begin(), m_sandboxes.end(),
                                    [&name](const auto& sandbox) { return sandbox.name == name; });
    return found == m_sandboxes.end() ? nullptr : &*found;
}

SandboxBook::History SandboxBook::history(qint64 id) const
{
    return m_tracks.value(id).history;
}

QString SandboxBook::freeName() const
{
    for (int n = 1;; ++n) {
        const QString name = QStringLiteral("agent-%1").arg(n);
        if (findByName(fromQt(name)) == nullptr)
            return name;
    }
}

void SandboxBook::fetch()
{
    m_link.call("sandbox.list", api::Json::object(), this, [this](const auto& reply) {
        if (!reply || !reply->contains("sandboxes"))
            return;
        std::vector<api::Sandbox> sandboxes;
        for (const api::Json& json : reply->at("sandboxes")) {
            auto sandbox = api::fromJson<api::Sandbox>(json);
            if (sandbox)
                sandboxes.push_back(std::move(*sandbox));
            else
                qWarning("a sandbox cannot be read: %s", sandbox.error().text.c_str());
        }
        fill(std::move(sandboxes));
    });
}

void SandboxBook::fill(std::vector<api::Sandbox> sandboxes)
{
    m_sandboxes = std::move(sandboxes);
    m_loaded = true;
    for (const api::Sandbox& sandbox : m_sandboxes)
        sample(sandbox);
    emit reset();
}

void SandboxBook::take(const api::Sandbox& sandbox)
{
    if (!m_loaded)
        return; // the list will have it
    sample(sandbox);
    for (std::size_t i = 0; i < m_sandboxes.size(); ++i) {
        if (m_sandboxes[i].id == sandbox.id) {
            m_sandboxes[i] = sandbox;
            emit changed(static_cast<int>(i));
            return;
        }
    }
    m_sandboxes.push_back(sandbox);
    emit added(static_cast<int>(m_sandboxes.size()) - 1);
}

void SandboxBook::remove(qint64 id)
{
    for (std::size_t i = 0; i < m_sandboxes.size(); ++i) {
        if (m_sandboxes[i].id != id)
            continue;
        m_sandboxes.erase(m_sandboxes.begin() + static_cast<std::ptrdiff_t>(i));
        m_tracks.remove(id);
        emit removed(static_cast<int>(i), id);
        return;
    }
}

void SandboxBook::sample(const api::Sandbox& sandbox)
{
    Track& track = m_tracks[sandbox.id];
    if (!hasStats(sandbox)) {
        track = {};
        return;
    }
    const UnixMillis now = nowUnixMillis();
    if (now - track.lastSample < m_leastSampleGap)
        return;
    track.lastSample = now;
    append(track.history.cpuPercent, sandbox.stats.cpuPercent);
    append(track.history.memoryBytes, static_cast<double>(sandbox.stats.memoryUsedBytes));
}

} // namespace sallyport::ui
