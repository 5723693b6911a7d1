#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "engine/egress/gatekeeper.h"
#include "engine/log/egress_log.h"
#include "engine/log/handler_log.h"
#include "engine/service/budget_book.h"
#include "engine/service/credential_book.h"
#include "engine/service/front_desk.h"
#include "engine/service/policy_book.h"
#include "engine/service/settings_book.h"
#include "engine/store/store.h"

namespace sallyport::service
{

// What the door asks, answered from the policy book, the desk and the log. While the log can't be written nothing is let
// through: what could not be shown must not pass. Network thread only.
class DoorKeeper final : public egress::Gatekeeper
{
public:
    using NameOf = std::function<std::string(api::SandboxId)>;

    DoorKeeper(PolicyBook& book, FrontDesk& desk, CredentialBook& credentials, const SettingsBook& settings, BudgetBook& budgets, log::EgressLog& log, log::HandlerLog& handlerLog, store::Store& store,
               NameOf nameOf);

    // Told of each row that begins.
    void setTraffic(std::function<void(api::SandboxId)> traffic) { m_traffic = std::move(traffic); }

    [[nodiscard]] policy::Decision decide(api::SandboxId sandbox, const policy::Request& request) override;
    [[nodiscard]] policy::Decision peek(api::SandboxId sandbox, const policy::Request& request) override;
    [[nodiscard]] boost::asio::awaitable<egress::AskOutcome>
    ask(api::SandboxId sandbox, const policy::Request& request, const policy::Decision& decision, api::RowId row) override;
    [[nodiscard]] policy::Decision
    checkAddress(api::SandboxId sandbox, const policy::Address& address, int port) override;
    [[nodiscard]] std::optional<std::string>
    spend(api::SandboxId sandbox, const policy::Host& host, int port, std::int64_t bytes) override;
    [[nodiscard]] std::int64_t mostUploadBytes(api::SandboxId sandbox) override;
    [[nodiscard]] std::optional<std::size_t> mostConnections(api::SandboxId sandbox) override;
    [[nodiscard]] std::shared_ptr<const secret::Kit> credentials(api::SandboxId sandbox) override;
    [[nodiscard]] boost::asio::awaitable<std::shared_ptr<const secret::Kit>>
    fetchCredentials(api::SandboxId sandbox, const secret::Destination& destination) override;
    void credentialsUsed(const std::vector<std::string>& names) override;
    [[nodiscard]] bool isEnvironmentFresh(api::SandboxId sandbox) override;
    [[nodiscard]] boost::asio::awaitable<void> freshenEnvironment(api::SandboxId sandbox) override;
    void alarm(api::CredentialAlarm alarm) override;
    [[nodiscard]] api::RowId addRow(const api::Row& row) override;
    void updateRow(api::RowDetail stored) override;
    void addHandlerLine(const api::HandlerLine& line) override;

private:
    // A row that waits for the person: as it was added, and the question that it became.
    struct HeldRow
    {
        api::Row row;
        bool isFirstTime = false; // no earlier row of its sandbox names the host
        std::optional<api::QuestionId> question;
    };

    void noteQuestion(api::RowId row, api::QuestionId question);

    PolicyBook& m_book;
    FrontDesk& m_desk;
    CredentialBook& m_credentials;
    const SettingsBook& m_settings;
    BudgetBook& m_budgets;
    log::EgressLog& m_log;
    log::HandlerLog& m_handlerLog;
    store::Store& m_store;
    NameOf m_nameOf;
    std::function<void(api::SandboxId)> m_traffic;
    std::unordered_map<api::RowId, HeldRow> m_held;
};

} // namespace sallyport::service
