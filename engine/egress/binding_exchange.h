#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/binding/bindings.h"
#include "engine/binding/kv_request.h"
#include "engine/binding/s3_request.h"
#include "engine/egress/guest_request.h"
#include "engine/egress/log_row.h"
#include "engine/egress/sandbox_door.h"
#include "engine/egress/stored_body.h"
#include "engine/policy/built_in.h"

namespace sallyport::egress {

// One request that is answered from a binding: by the built-in handlers kv and objects. The
// exchange runs it and outlives it. Network thread.
class BindingExchange
{
public:
    BindingExchange(SandboxDoor& door, GuestRequest& guest, LogRow& log, std::string host);

    [[nodiscard]] asio::awaitable<void> run(const policy::KvHandler& handler);
    [[nodiscard]] asio::awaitable<void> run(const policy::ObjectsHandler& handler);

private:
    using FieldList = std::vector<std::pair<std::string, std::string>>;
    struct Answer
    {
        int status = 200;
        FieldList fields;
        std::string body;
        std::string contentType; // of the body, where there is one
        // In place of the body: from a content.
        std::shared_ptr<binding::Content> content;
        binding::ByteRange range;
    };
    using S3Reply = binding::S3Result<Answer>;

    [[nodiscard]] Status readHead();
    [[nodiscard]] std::string prefixOf(const std::string& pattern) const;
    [[nodiscard]] asio::awaitable<void> send(Answer answer);
    [[nodiscard]] asio::awaitable<void> sendContinue();
    [[nodiscard]] asio::awaitable<Result<std::shared_ptr<binding::Draft>>>
    receive(StoreOptions options);
    void note(int status, const std::string& reason);

    [[nodiscard]] asio::awaitable<Result<Answer>> answerKv(binding::KvRequest request,
                                                           std::string prefix);
    [[nodiscard]] asio::awaitable<Result<Answer>> putKv(std::int64_t store,
                                                        binding::KvRequest request);
    [[nodiscard]] static Answer kvFailure(const Error& error);

    [[nodiscard]] asio::awaitable<S3Reply> answerS3(std::string prefix);
    [[nodiscard]] S3Reply bucketAnswer();
    [[nodiscard]] asio::awaitable<S3Reply> list();
    [[nodiscard]] asio::awaitable<S3Reply> get();
    [[nodiscard]] asio::awaitable<S3Reply> put();
    [[nodiscard]] asio::awaitable<S3Reply> copy();
    [[nodiscard]] asio::awaitable<S3Reply> remove();
    [[nodiscard]] asio::awaitable<S3Reply> removeSeveral();
    [[nodiscard]] asio::awaitable<S3Reply> property();
    [[nodiscard]] asio::awaitable<S3Reply> upload();
    [[nodiscard]] asio::awaitable<S3Reply> putPart(binding::Upload upload);
    [[nodiscard]] asio::awaitable<S3Reply> complete(binding::Upload upload);
    [[nodiscard]] asio::awaitable<binding::S3Result<std::string>> gather();
    [[nodiscard]] binding::S3Result<std::int64_t> sourceStore() const;
    [[nodiscard]] std::string key() const { return m_prefix + m_s3.key; }

    SandboxDoor& m_door;
    GuestRequest& m_guest;
    LogRow& m_log;
    std::string m_host;
    std::shared_ptr<binding::Bindings> m_bindings;
    binding::HttpRequest m_request;
    binding::S3Request m_s3;
    std::int64_t m_store = 0;
    std::string m_prefix;
    std::string m_denial; // why it was not allowed
};

} // namespace sallyport::egress
