#pragma once

// Bodies that come from a binding's disk, and bodies that go to it, piece by piece: nobody holds
// more than one. Network thread; the disk is waited for on a worker.

#include <memory>
#include <string>

#include "engine/binding/bindings.h"
#include "engine/egress/body.h"

namespace sallyport::egress {

// A part of a content that is open.
class StoredBody final : public BodySource
{
public:
    StoredBody(std::shared_ptr<binding::Bindings> bindings,
               std::shared_ptr<binding::Content> content,
               std::int64_t offset,
               std::int64_t length);

    [[nodiscard]] State next(std::string_view& piece) override;
    [[nodiscard]] boost::asio::awaitable<void> wait() override;
    [[nodiscard]] const Fields* trailers() const override { return nullptr; }
    [[nodiscard]] std::string fault() const override { return m_fault; }

private:
    std::shared_ptr<binding::Bindings> m_bindings;
    std::shared_ptr<binding::Content> m_content;
    std::int64_t m_offset;
    std::int64_t m_left;
    std::string m_read; // and not given out yet
    std::string m_given;
    std::string m_fault;
};

// How a body is to be stored.
struct StoreOptions
{
    std::int64_t store = 0; // of the catalogue
    binding::Draft::Place place = binding::Draft::Place::Any;
    std::int64_t most = 0;
    bool isAwsChunked = false;
    std::string digest{}; // "sha256", "sha1": computes that too
};

// Reads the body to its end into a finished draft. Invalid where it is malformed or was cut off.
// `bytes` counts what came.
[[nodiscard]] boost::asio::awaitable<Result<std::shared_ptr<binding::Draft>>>
storeBody(std::shared_ptr<binding::Bindings> bindings,
          StoreOptions options,
          BodySource& body,
          std::int64_t& bytes);

} // namespace sallyport::egress
