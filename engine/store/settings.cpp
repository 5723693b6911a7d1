#include "engine/store/settings.h"

#include "engine/store/tables.h"

namespace sallyport::store::settings {

using tables::run;

Result<std::vector<StoredSetting>> load(Database& database)
{
    auto query = database.statement("SELECT name, sandbox, value FROM settings");
    if (!query)
        return tl::unexpected<Error>(std::move(query.error()));
    std::vector<StoredSetting> all;
    for (;;) {
        const auto row = query->step();
        if (!row)
            return fail("read settings", row.error());
        if (!*row)
            return all;
        StoredSetting& next = all.emplace_back();
        if (Status read = query->read(next.name, next.sandbox, next.value); !read)
            return fail("read settings", read.error());
    }
}

Status save(Database& database, const StoredSetting& setting)
{
    return run(database,
               "INSERT OR REPLACE INTO settings (name, sandbox, value, set_at) VALUES (?, ?, ?, ?)",
               setting.name, setting.sandbox, setting.value, nowUnixMillis());
}

Status remove(Database& database, const std::string& name, api::SandboxId sandbox)
{
    return run(database, "DELETE FROM settings WHERE name = ? AND sandbox = ?", name, sandbox);
}

} // namespace sallyport::store::settings
