#include "engine/store/phases.h"

#include "engine/api/json.h"
#include "engine/store/tables.h"

namespace sallyport::store::phases {

Result<std::map<api::SandboxId, api::Phases>> load(Database& database)
{
    auto query = database.statement("SELECT sandbox, value FROM phases");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::map<api::SandboxId, api::Phases> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return fail("read phases", row.error());
        if (!*row)
            return all;
        api::SandboxId sandbox = 0;
        std::string text;
        if (Status read = query->read(sandbox, text); !read)
            return fail("read phases", read.error());
        auto phases = api::fromJson<api::Phases>(api::Json::parse(text, nullptr, false));
        if (!phases)
            return fail("read phases", phases.error());
        all[sandbox] = std::move(*phases);
    }
}

Status save(Database& database, api::SandboxId sandbox, const api::Phases& phases)
{
    return tables::run(database, "INSERT OR REPLACE INTO phases (sandbox, value) VALUES (?, ?)",
                       sandbox, api::toJson(phases).dump());
}

} // namespace sallyport::store::phases
