#include "ui/bridge/engine_facts.h"

#include "ui/bridge/engine_link.h"

namespace sallyport::ui {

namespace {

constexpr int RefreshMs = 15'000;

} // namespace

EngineFacts::EngineFacts(EngineLink& link, QObject* parent)
    : QObject(parent)
    , m_link(link)
{
    m_info.imageReady = true; // until the engine says otherwise
    m_again.setInterval(RefreshMs);
    connect(&m_again, &QTimer::timeout, this, &EngineFacts::refreshInfo);
    m_again.start();
    connect(&m_link, &EngineLink::connected, this, &EngineFacts::refreshInfo);
    connect(&m_link, &EngineLink::connected, this, &EngineFacts::refreshChecks);
}

void EngineFacts::refreshInfo()
{
    if (!m_link.isConnected())
        return;
    m_link.call("engine.info", api::Json::object(), this, [this](const auto& reply) {
        if (!reply)
            return;
        auto info = api::fromJson<api::EngineInfo>(*reply);
        if (!info)
            return;
        m_info = std::move(*info);
        emit infoChanged();
    });
}

void EngineFacts::refreshChecks()
{
    if (!m_link.isConnected())
        return;
    m_link.call("engine.doctor", api::Json::object(), this, [this](const auto& reply) {
        if (!reply || !reply->contains("checks"))
            return;
        std::vector<api::Check> checks;
        for (const api::Json& json : reply->at("checks"))
            if (auto check = api::fromJson<api::Check>(json); check)
                checks.push_back(std::move(*check));
        m_checks = std::move(checks);
        emit checksChanged();
    });
}

} // namespace sallyport::ui
