// CompressionStream and DecompressionStream, by zlib: one coder for each stream.
#include "handlerd/natives.h"

#include <map>
#include <memory>

#include <zlib.h>

namespace sallyport::handlerd {

namespace {

constexpr std::size_t MostCoders = 256;
constexpr std::size_t MostOutput = 64 * 1024; // of one step

int windowOf(const std::string& format)
{
    return format == "gzip" ? MAX_WBITS + 16 : format == "deflate" ? MAX_WBITS : -MAX_WBITS;
}

class Coder
{
public:
    Coder(const std::string& format, bool compresses)
        : m_compresses(compresses)
    {
        const int window = windowOf(format);
        m_isOpen = (compresses ? ::deflateInit2(&m_stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                                window, 8, Z_DEFAULT_STRATEGY)
                               : ::inflateInit2(&m_stream, window)) == Z_OK;
    }
    ~Coder()
    {
        if (m_isOpen)
            static_cast<void>(m_compresses ? ::deflateEnd(&m_stream) : ::inflateEnd(&m_stream));
    }
    Coder(const Coder&) = delete;
    Coder& operator=(const Coder&) = delete;

    void add(std::string_view bytes) { m_input.append(bytes); }

    // The next output, at most MostOutput bytes; empty where there is none now. Unset: what came is
    // not of this format, or more follows its end.
    std::optional<std::string> step(bool isEnd)
    {
        std::string out(MostOutput, '\0');
        m_stream.next_in = reinterpret_cast<Bytef*>(m_input.data());
        m_stream.avail_in = static_cast<uInt>(m_input.size());
        m_stream.next_out = reinterpret_cast<Bytef*>(out.data());
        m_stream.avail_out = static_cast<uInt>(out.size());
        if (!m_isOpen || (m_isComplete && !m_input.empty()))
            return std::nullopt;
        if (m_isComplete)
            return std::string();
        const int flush = m_compresses && isEnd ? Z_FINISH : Z_NO_FLUSH;
        const int result = m_compresses ? ::deflate(&m_stream, flush) : ::inflate(&m_stream, flush);
        out.resize(out.size() - m_stream.avail_out);
        m_input.erase(0, m_input.size() - m_stream.avail_in);
        m_isComplete = result == Z_STREAM_END;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return std::nullopt;
        return out;
    }
    bool isComplete() const { return m_isComplete && m_input.empty(); }

private:
    bool m_compresses;
    bool m_isOpen = false;
    bool m_isComplete = false;
    std::string m_input;
    z_stream m_stream{};
};

} // namespace

void addDeflateNatives(Script& script, JSObjectRef natives)
{
    struct Coders
    {
        std::map<unsigned, std::unique_ptr<Coder>> all;
        unsigned last = 0;
    };
    const auto coders = std::make_shared<Coders>();
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name, script.function(name, std::move(native)));
    };
    const auto find = [&script, coders](Arguments arguments) {
        return coders->all.find(static_cast<unsigned>(script.toNumber(arguments[0])));
    };
    // (format, compresses) -> number
    add("coder", [&script, coders](Arguments arguments) {
        if (coders->all.size() >= MostCoders)
            script.throwError("too many streams are being compressed at once");
        coders->all[++coders->last] =
            std::make_unique<Coder>(script.toText(arguments[0]), script.toBoolean(arguments[1]));
        return script.number(coders->last);
    });
    // (coder, more bytes or undefined, is the end) -> bytes; undefined where they are wrong
    add("code", [&script, coders, find](Arguments arguments) {
        const auto found = find(arguments);
        if (found == coders->all.end())
            return script.undefined();
        found->second->add(script.toBytes(arguments[1]).value_or(std::string_view()));
        const auto out = found->second->step(script.toBoolean(arguments[2]));
        return out ? script.bytes(*out) : script.undefined();
    });
    // Whether all was there.
    add("codeEnd", [&script, coders, find](Arguments arguments) {
        const auto found = find(arguments);
        const bool isComplete = found != coders->all.end() && found->second->isComplete();
        if (found != coders->all.end())
            coders->all.erase(found);
        return script.boolean(isComplete);
    });
}

} // namespace sallyport::handlerd
