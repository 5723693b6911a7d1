#pragma once

// The small tables: values in and out of a Database. Used by Store on its threads.

#include <vector>

#include "engine/api/types.h"
#include "engine/store/database.h"
#include "engine/store/store.h"

namespace sallyport::store::tables {

[[nodiscard]] Result<std::vector<api::Sandbox>> loadSandboxes(Database& database);
[[nodiscard]] Result<std::vector<api::Rule>> loadRules(Database& database);
[[nodiscard]] Result<std::vector<SavedQuestion>> loadQuestions(Database& database);
[[nodiscard]] Result<std::vector<api::Credential>> loadCredentials(Database& database);
[[nodiscard]] Result<std::vector<PoolName>> loadPoolNames(Database& database,
                                                          api::SandboxId sandbox);

[[nodiscard]] Status save(Database& database, const api::Sandbox& sandbox);
[[nodiscard]] Status save(Database& database, const api::Rule& rule);
[[nodiscard]] Status save(Database& database, const SavedQuestion& question);
[[nodiscard]] Status save(Database& database, const api::Credential& credential);
[[nodiscard]] Status save(Database& database, api::SandboxId sandbox, const PoolName& name);

[[nodiscard]] Status removeSandbox(Database& database, api::SandboxId sandbox);
[[nodiscard]] Status removeRule(Database& database, api::RuleId rule);
[[nodiscard]] Status removeQuestion(Database& database, api::QuestionId question);
[[nodiscard]] Status removeCredential(Database& database, api::CredentialId credential);
[[nodiscard]] Status removePoolNames(Database& database, api::SandboxId sandbox);
[[nodiscard]] Status
addRuleHits(Database& database, api::RuleId rule, std::int64_t hits, UnixMillis lastHitAt);

// Statement, bind, run.
template <typename... Values>
[[nodiscard]] Status run(Database& database, const std::string& sql, const Values&... values)
{
    auto statement = database.statement(sql);
    if (!statement)
        return tl::unexpected<Error>(std::move(statement.error()));
    return statement->bindBorrowed(values...).run();
}

} // namespace sallyport::store::tables
