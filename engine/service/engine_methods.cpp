// engine.*, log.*
#include "engine/api/await.h"
#include "engine/image/guest_image.h"
#include "engine/jail/doctor.h"
#include "engine/api/offload.h"
#include "engine/service/engine.h"

namespace sallyport::service
{
namespace asio = boost::asio;

using api::Json;
using Reply = asio::awaitable<Result<Json>>;

namespace
{

constexpr int DefaultPage = 256;

} // namespace

api::EngineInfo Engine::info() const
{
    api::EngineInfo info;
    info.version = SALLYPORT_VERSION;
    info.pid = ::getpid();
    const auto guestImage = image::findImage(m_options.paths);
    info.imageReady = guestImage.has_value();
    if (!guestImage)
        info.imageProblem = guestImage.error().text;
    if (const auto& choice = m_platform->accelerator()) {
        info.accelerator = vm::acceleratorName(choice->accelerator);
        info.acceleratorReason = choice->reason;
    }
    info.openQuestions = static_cast<int>(m_desk->questions().size());
    info.rows = m_log->count();
    info.holdBudgetMs = m_settings->number("approval.holdTime");
    return info;
}

void Engine::bindEngineMethods()
{
    m_server->registerMethod("engine.info", [this](api::Connection&, Json) -> Reply { co_return api::toJson(info()); });

    m_server->registerMethod("engine.shutdown", [this](api::Connection&, Json parameters) -> Reply {
        const auto stop = api::optionalMember<bool>(parameters, "stopSandboxes");
        if (!stop)
            co_return tl::unexpected(stop.error());
        end(stop->value_or(false));
        co_return Json::object();
    });

    m_server->registerMethod("engine.doctor", [this](api::Connection&, Json) -> Reply {
        jail::DoctorOptions options;
        options.runtime = m_options.paths.runtime;
        options.data = m_options.paths.data;
        options.image = m_options.paths.images() / image::DefaultImage;
        options.jailBinary = m_options.jailBinary;
        const auto checks = co_await api::offload(m_workers, [&] { return jail::runDoctor(options); });
        Json list = Json::array();
        for (const api::Check& check : checks)
            list.push_back(api::toJson(check));
        co_return Json{{"checks", std::move(list)}};
    });
}

void Engine::bindLogMethods()
{
    m_server->registerMethod("log.list", [this](api::Connection&, Json parameters) -> Reply {
        const auto filter = api::optionalMember<api::RowFilter>(parameters, "filter");
        const auto before = api::optionalMember<std::int64_t>(parameters, "before");
        const auto after = api::optionalMember<std::int64_t>(parameters, "after");
        const auto limit = api::optionalMember<int>(parameters, "limit");
        if (!filter || !before || !after || !limit)
            co_return tl::unexpected(!filter ? filter.error() : !before ? before.error() : !after ? after.error() : limit.error());
        const log::RowQuery query{filter->value_or(api::RowFilter{}), *before, *after, limit->value_or(DefaultPage)};
        auto pending = api::awaitCallback<Result<api::RowPage>>([&](auto done) { m_log->list(query, std::move(done)); });
        auto page = co_await std::move(pending);
        if (!page)
            co_return tl::unexpected(page.error());
        co_return api::toJson(*page);
    });

    m_server->registerMethod("log.get", [this](api::Connection&, Json parameters) -> Reply {
        const auto row = api::member<std::int64_t>(parameters, "row");
        if (!row)
            co_return tl::unexpected(row.error());
        auto pending = api::awaitCallback<Result<api::RowDetail>>([&](auto done) { m_log->get(*row, std::move(done)); });
        auto detail = co_await std::move(pending);
        if (!detail)
            co_return tl::unexpected(detail.error());
        co_return api::toJson(*detail);
    });
}

} // namespace sallyport::service
