#include "engine/store/budgets.h"

#include "engine/store/tables.h"

namespace sallyport::store::budgets {

using tables::run;

Result<std::map<api::SandboxId, std::string>> load(Database& database)
{
    auto query = database.statement("SELECT sandbox, used FROM budgets");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::map<api::SandboxId, std::string> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return fail("read budgets", row.error());
        if (!*row)
            return all;
        api::SandboxId sandbox = 0;
        std::string used;
        if (Status read = query->read(sandbox, used); !read)
            return fail("read budgets", read.error());
        all[sandbox] = std::move(used);
    }
}

Status save(Database& database, api::SandboxId sandbox, const std::string& used)
{
    return run(database, "INSERT OR REPLACE INTO budgets (sandbox, used) VALUES (?, ?)", sandbox,
               used);
}

Status remove(Database& database, api::SandboxId sandbox)
{
    return run(database, "DELETE FROM budgets WHERE sandbox = ?", sandbox);
}

} // namespace sallyport::store::budgets
