#include "handlerd/natives.h"

#include <map>

#include <brotli/decode.h>
#include <zlib.h>

namespace sallyport::handlerd {

namespace {

constexpr std::size_t MostOutput = 64 * 1024; // of one step

// Takes a content coding off, a piece at a time. What could not be decoded yet is kept.
class Inflater
{
public:
    virtual ~Inflater() = default;
    // At most MostOutput bytes; empty where more input is needed. False: the bytes are no such
    // coding.
    [[nodiscard]] virtual bool step(std::string& out) = 0;
    [[nodiscard]] virtual bool isComplete() const = 0;

    void add(std::string_view bytes) { m_input.append(bytes); }

protected:
    std::string m_input;
};

class ZlibInflater final : public Inflater
{
public:
    explicit ZlibInflater(bool gzip)
        : m_isGzip(gzip)
    {
    }
    ~ZlibInflater() override
    {
        if (m_isOpen)
            ::inflateEnd(&m_stream);
    }

    bool step(std::string& out) override
    {
        if (m_input.empty())
            return true;
        if (!m_isOpen && !open())
            return false;
        out.resize(MostOutput);
        m_stream.next_in = reinterpret_cast<Bytef*>(m_input.data());
        m_stream.avail_in = static_cast<uInt>(m_input.size());
        m_stream.next_out = reinterpret_cast<Bytef*>(out.data());
        m_stream.avail_out = static_cast<uInt>(out.size());
        const int result = ::inflate(&m_stream, Z_NO_FLUSH);
        out.resize(out.size() - m_stream.avail_out);
        m_input.erase(0, m_input.size() - m_stream.avail_in);
        m_isComplete = result == Z_STREAM_END;
        // A gzip file may have several members.
        if (m_isComplete && m_isGzip && !m_input.empty())
            return ::inflateReset(&m_stream) == Z_OK;
        if (m_isComplete)
            m_input.clear();
        return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
    }
    bool isComplete() const override { return m_isComplete || !m_isOpen; }

private:
    // "deflate" is zlib's format, and where a server got it wrong the bare one.
    bool open()
    {
        const bool hasZlibHead = (static_cast<unsigned char>(m_input[0]) & 0x0fU) == 8;
        const int window = m_isGzip ? MAX_WBITS + 16 : hasZlibHead ? MAX_WBITS : -MAX_WBITS;
        m_isOpen = ::inflateInit2(&m_stream, window) == Z_OK;
        return m_isOpen;
    }

    bool m_isGzip;
    bool m_isOpen = false;
    bool m_isComplete = false;
    z_stream m_stream{};
};

class BrotliInflater final : public Inflater
{
public:
    BrotliInflater()
        : m_state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr))
    {
    }
    ~BrotliInflater() override { BrotliDecoderDestroyInstance(m_state); }

    bool step(std::string& out) override
    {
        if (m_input.empty() && !BrotliDecoderHasMoreOutput(m_state))
            return true;
        out.resize(MostOutput);
        std::size_t inSize = m_input.size();
        std::size_t outSize = out.size();
        const auto* next = reinterpret_cast<const std::uint8_t*>(m_input.data());
        auto* target = reinterpret_cast<std::uint8_t*>(out.data());
        const auto result = BrotliDecoderDecompressStream(m_state, &inSize, &next, &outSize,
                                                          &target, nullptr);
        out.resize(out.size() - outSize);
        m_input.erase(0, m_input.size() - inSize);
        return result != BROTLI_DECODER_RESULT_ERROR;
    }
    bool isComplete() const override
    {
        return BrotliDecoderIsFinished(m_state) || !BrotliDecoderIsUsed(m_state);
    }

private:
    BrotliDecoderState* m_state;
};

} // namespace

void addInflateNatives(Script& script, JSObjectRef natives)
{
    struct Inflaters
    {
        std::map<unsigned, std::unique_ptr<Inflater>> all;
        unsigned last = 0;
    };
    const auto inflaters = std::make_shared<Inflaters>();
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name, script.function(name, std::move(native)));
    };
    add("inflater", [&script, inflaters](Arguments arguments) {
        const std::string coding = script.toText(arguments[0]);
        if (inflaters->all.size() >= 256)
            script.throwError("too many bodies are being decoded at once");
        auto& slot = inflaters->all[++inflaters->last];
        if (coding == "br")
            slot = std::make_unique<BrotliInflater>();
        else
            slot = std::make_unique<ZlibInflater>(coding == "gzip");
        return script.number(inflaters->last);
    });
    // (inflater, more bytes or nothing) -> bytes
    add("inflate", [&script, inflaters](Arguments arguments) {
        const auto found = inflaters->all.find(static_cast<unsigned>(script.toNumber(arguments[0])));
        if (found == inflaters->all.end())
            script.throwError("there is no such decoder");
        if (arguments.size() > 1)
            found->second->add(script.toBytes(arguments[1]).value_or(std::string_view()));
        std::string out;
        if (!found->second->step(out)) {
            inflaters->all.erase(found);
            script.throwError("the body is not coded as its content-encoding says");
        }
        return script.bytes(out);
    });
    add("inflateEnd", [&script, inflaters](Arguments arguments) {
        const auto found = inflaters->all.find(static_cast<unsigned>(script.toNumber(arguments[0])));
        const bool isWhole = found == inflaters->all.end() || found->second->isComplete();
        if (found != inflaters->all.end())
            inflaters->all.erase(found);
        if (!isWhole)
            script.throwError("the body ends before its content-encoding does");
        return script.undefined();
    });
}

} // namespace sallyport::handlerd
