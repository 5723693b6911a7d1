#include "engine/egress/hold.h"

#include <exception>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "engine/egress/event.h"

namespace sallyport::egress {

namespace {

struct Wait
{
    explicit Wait(const asio::any_io_executor& executor)
        : over(executor)
    {
    }
    Event over;
    asio::cancellation_signal cancel;
    AskOutcome outcome;
};

} // namespace

asio::awaitable<AskOutcome> hold(SandboxDoor& door,
                                 const policy::Request& request,
                                 const policy::Decision& decision,
                                 api::RowId row,
                                 WatchHangUp watchHangUp)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto wait = std::make_shared<Wait>(executor);
    asio::co_spawn(
        executor, door.context->gatekeeper.ask(door.id, request, decision, row),
        asio::bind_cancellation_slot(wait->cancel.slot(),
                                     [wait](const std::exception_ptr& error, AskOutcome outcome) {
                                         if (error) {
                                             outcome.kind = AskOutcome::Kind::Denied;
                                             outcome.reason = "the person could not be asked";
                                         }
                                         wait->outcome = std::move(outcome);
                                         wait->over.set();
                                     }));
    watchHangUp([weak = std::weak_ptr(wait)] {
        if (const auto held = weak.lock())
            held->cancel.emit(asio::cancellation_type::all);
    });
    co_await wait->over.wait();
    watchHangUp(nullptr);
    co_return std::move(wait->outcome);
}

} // namespace sallyport::egress
