#include "engine/egress/stream_bio.h"

#include <cerrno>
#include <memory>

#include <openssl/bio.h>

#include "engine/egress/stream.h"

namespace sallyport::egress {

namespace {

Stream& streamIn(BIO* bio)
{
    return *static_cast<Stream*>(BIO_get_data(bio));
}

bool shouldRetry()
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int readBio(BIO* bio, char* out, int size)
{
    BIO_clear_retry_flags(bio);
    const ssize_t got = streamIn(bio).rawRead(out, static_cast<std::size_t>(size));
    if (got < 0 && shouldRetry())
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

int writeBio(BIO* bio, const char* bytes, int size)
{
    BIO_clear_retry_flags(bio);
    const ssize_t sent = streamIn(bio).rawWrite(bytes, static_cast<std::size_t>(size));
    if (sent < 0 && shouldRetry())
        BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

long controlBio(BIO* bio, int command, long, void*)
{
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int createBio(BIO* bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

struct MethodDeleter
{
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

const BIO_METHOD* streamMethod()
{
    static const std::unique_ptr<BIO_METHOD, MethodDeleter> method = [] {
        std::unique_ptr<BIO_METHOD, MethodDeleter> made(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sallyport stream"));
        BIO_meth_set_read(made.get(), readBio);
        BIO_meth_set_write(made.get(), writeBio);
        BIO_meth_set_ctrl(made.get(), controlBio);
        BIO_meth_set_create(made.get(), createBio);
        return made;
    }();
    return method.get();
}

} // namespace

void attachBio(Stream& stream, SSL* ssl)
{
    BIO* bio = BIO_new(streamMethod());
    BIO_set_data(bio, &stream);
    SSL_set_bio(ssl, bio, bio); // takes ownership
}

Stream* streamOf(const SSL* ssl)
{
    BIO* bio = SSL_get_rbio(ssl);
    return bio ? static_cast<Stream*>(BIO_get_data(bio)) : nullptr;
}

} // namespace sallyport::egress
