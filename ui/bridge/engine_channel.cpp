#include "ui/bridge/engine_channel.h"

#include <QPointer>

#include "ui/bridge/text.h"

namespace sallyport::ui {

namespace {

// What a JSON value of an event keeps, roughly: output of programs is all that can be big.
std::size_t weightOf(const api::Json& parameters)
{
    constexpr std::size_t Base = 512;
    if (!parameters.is_object())
        return Base;
    const auto bytes = parameters.find("bytes");
    if (bytes == parameters.end() || !bytes->is_string())
        return Base;
    return Base + bytes->get_ref<const std::string&>().size();
}

} // namespace

EngineChannel::EngineChannel() = default;

Result<std::unique_ptr<EngineChannel>> EngineChannel::open(const std::filesystem::path& socket)
{
    std::unique_ptr<EngineChannel> channel(new EngineChannel);
    EngineChannel* self = channel.get();
    auto client = api::Client::connect(
        socket,
        [self](const std::string& event, const api::Json& parameters) {
            self->m_mailbox.post(
                [self, event, parameters] { emit self->eventArrived(event, parameters); },
                weightOf(parameters));
        },
        [self](const Error& error) {
            self->m_mailbox.post([self, error] { emit self->closed(toQt(error.text)); }, 0);
        });
    if (!client)
        return tl::unexpected<Error>(client.error());
    channel->m_client = std::move(*client);
    return channel;
}

EngineChannel::~EngineChannel()
{
    // First, since the client's thread may be waiting for room in it.
    m_mailbox.close();
    m_client.reset();
}

void EngineChannel::call(const char* method,
                         const api::Json& parameters,
                         QObject* context,
                         Reply reply)
{
    const QPointer<QObject> alive(context);
    // The pointer is copied on the client's thread, which QPointer allows, and read on ours.
    m_client->callAsync(method, parameters, [this, alive, reply](Result<api::Json> result) {
        m_mailbox.post(
            [alive, reply, result = std::move(result)] {
                if (alive && reply)
                    reply(result);
            },
            0);
    });
}

} // namespace sallyport::ui
