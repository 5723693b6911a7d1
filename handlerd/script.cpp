#include "handlerd/script.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include "handlerd/utf.h"

// Exported by the library and declared in a header of its that is not installed.
extern "C" {
using JSShouldTerminateCallback = bool (*)(JSContextRef context, void* data);
void JSContextGroupSetExecutionTimeLimit(JSContextGroupRef group,
                                         double limit,
                                         JSShouldTerminateCallback callback,
                                         void* data);
}

namespace sallyport::handlerd {

namespace {

class String
{
public:
    explicit String(JSStringRef string)
        : m_string(string)
    {
    }
    explicit String(const char* text)
        : m_string(JSStringCreateWithUTF8CString(text))
    {
    }
    ~String()
    {
        if (m_string)
            JSStringRelease(m_string);
    }
    String(const String&) = delete;
    String& operator=(const String&) = delete;
    [[nodiscard]] JSStringRef get() const { return m_string; }

private:
    JSStringRef m_string;
};

JSValueRef callNative(JSContextRef context,
                      JSObjectRef function,
                      JSObjectRef,
                      std::size_t count,
                      const JSValueRef arguments[],
                      JSValueRef* exception)
{
    const auto& native = *static_cast<NativeFunction*>(JSObjectGetPrivate(function));
    try {
        return native({arguments, count});
    } catch (const Thrown& thrown) {
        *exception = thrown.value;
    }
    return JSValueMakeUndefined(context);
}

JSStringRef makeString(std::string_view utf8)
{
    // Plain text stays eight bits a character inside the engine.
    if (isAscii(utf8) && utf8.find('\0') == std::string_view::npos)
        return JSStringCreateWithUTF8CString(std::string(utf8).c_str());
    std::u16string wide;
    appendUtf16(wide, utf8);
    return JSStringCreateWithCharacters(reinterpret_cast<const JSChar*>(wide.data()), wide.size());
}

} // namespace

Script::Script(double seconds, std::function<bool()> onLimit)
    : m_group(JSContextGroupCreate())
    , m_context(JSGlobalContextCreateInGroup(m_group, nullptr))
    , m_onLimit(std::move(onLimit))
{
    JSClassDefinition definition = kJSClassDefinitionEmpty;
    definition.className = "Function";
    definition.callAsFunction = callNative;
    m_functionClass = JSClassCreate(&definition);
    if (seconds > 0)
        JSContextGroupSetExecutionTimeLimit(m_group, seconds, mayTerminate, this);
}

Script::~Script()
{
    JSClassRelease(m_functionClass);
    JSGlobalContextRelease(m_context);
    JSContextGroupRelease(m_group);
}

bool Script::mayTerminate(JSContextRef, void* self)
{
    return static_cast<Script*>(self)->m_onLimit();
}

JSValueRef Script::evaluate(std::string_view program, const char* name)
{
    const String source(makeString(program));
    const String url(name);
    JSValueRef exception = nullptr;
    JSValueRef value = JSEvaluateScript(m_context, source.get(), nullptr, url.get(), 1, &exception);
    if (!value)
        throw Thrown{exception ? exception : undefined()};
    return value;
}

std::optional<JSValueRef> Script::call(JSObjectRef function, Arguments arguments)
{
    JSValueRef exception = nullptr;
    JSValueRef value = JSObjectCallAsFunction(m_context, function, nullptr, arguments.size(),
                                              arguments.data(), &exception);
    return value && !exception ? std::optional(value) : std::nullopt;
}

JSValueRef Script::text(std::string_view utf8) const
{
    const String string(makeString(utf8));
    return JSValueMakeString(m_context, string.get());
}

JSValueRef Script::text(std::u16string_view utf16) const
{
    const String string(
        JSStringCreateWithCharacters(reinterpret_cast<const JSChar*>(utf16.data()), utf16.size()));
    return JSValueMakeString(m_context, string.get());
}

JSValueRef Script::bytes(std::string_view bytes) const
{
    void* copy = std::malloc(bytes.size() + 1);
    if (!copy)
        throw std::bad_alloc();
    std::memcpy(copy, bytes.data(), bytes.size());
    const auto release = [](void* memory, void*) { std::free(memory); };
    JSValueRef exception = nullptr;
    JSObjectRef made = JSObjectMakeTypedArrayWithBytesNoCopy(
        m_context, kJSTypedArrayTypeUint8Array, copy, bytes.size(), release, nullptr, &exception);
    if (!made)
        throw Thrown{exception};
    return made;
}

JSObjectRef Script::array(Arguments values) const
{
    return JSObjectMakeArray(m_context, values.size(), values.data(), nullptr);
}

JSObjectRef Script::function(const char* name, NativeFunction native)
{
    m_natives.push_back(std::make_unique<NativeFunction>(std::move(native)));
    JSObjectRef made = JSObjectMake(m_context, m_functionClass, m_natives.back().get());
    set(made, "name", text(std::string_view(name)));
    return made;
}

void Script::set(JSObjectRef object, const char* name, JSValueRef value) const
{
    const String key(name);
    JSObjectSetProperty(m_context, object, key.get(), value, kJSPropertyAttributeNone, nullptr);
}

void Script::appendText(std::string& out, JSValueRef value) const
{
    JSValueRef exception = nullptr;
    const String string(JSValueToStringCopy(m_context, value, &exception));
    if (!string.get())
        throw Thrown{exception ? exception : undefined()};
    const std::size_t before = out.size();
    // Most text is ASCII: a byte a character, and one for the end.
    const std::size_t length = JSStringGetLength(string.get());
    out.resize(before + length + 1);
    const std::size_t guess = JSStringGetUTF8CString(string.get(), &out[before], length + 1);
    if (guess == length + 1) {
        out.resize(before + length);
        if (isAscii(std::string_view(out).substr(before)))
            return;
    }
    // JavaScriptCore's own conversion stops where half a character stands alone.
    out.resize(before);
    appendUtf8(out,
               {reinterpret_cast<const char16_t*>(JSStringGetCharactersPtr(string.get())), length});
}

std::string Script::toText(JSValueRef value) const
{
    std::string out;
    appendText(out, value);
    return out;
}

std::u16string Script::toText16(JSValueRef value) const
{
    JSValueRef exception = nullptr;
    const String string(JSValueToStringCopy(m_context, value, &exception));
    if (!string.get())
        throw Thrown{exception ? exception : undefined()};
    const JSChar* data = JSStringGetCharactersPtr(string.get());
    return {reinterpret_cast<const char16_t*>(data), JSStringGetLength(string.get())};
}

double Script::toNumber(JSValueRef value) const
{
    const double number = JSValueToNumber(m_context, value, nullptr);
    return std::isnan(number) ? 0 : number;
}

std::optional<std::string_view> Script::toBytes(JSValueRef value) const
{
    if (!JSValueIsObject(m_context, value))
        return std::nullopt;
    const JSTypedArrayType type = JSValueGetTypedArrayType(m_context, value, nullptr);
    JSObjectRef object = JSValueToObject(m_context, value, nullptr);
    if (type == kJSTypedArrayTypeNone)
        return std::nullopt;
    if (type == kJSTypedArrayTypeArrayBuffer) {
        const void* data = JSObjectGetArrayBufferBytesPtr(m_context, object, nullptr);
        const std::size_t size = JSObjectGetArrayBufferByteLength(m_context, object, nullptr);
        return std::string_view(static_cast<const char*>(data), data ? size : 0);
    }
    // The pointer that the library gives for a typed array is that of its buffer.
    JSObjectRef buffer = JSObjectGetTypedArrayBuffer(m_context, object, nullptr);
    const std::size_t offset = JSObjectGetTypedArrayByteOffset(m_context, object, nullptr);
    const std::size_t size = JSObjectGetTypedArrayByteLength(m_context, object, nullptr);
    const void* data =
        buffer ? JSObjectGetArrayBufferBytesPtr(m_context, buffer, nullptr) : nullptr;
    const std::size_t whole =
        buffer ? JSObjectGetArrayBufferByteLength(m_context, buffer, nullptr) : 0;
    if (!data || offset > whole || size > whole - offset)
        return std::string_view();
    return std::string_view(static_cast<const char*>(data) + offset, size);
}

void Script::throwError(std::string_view message) const
{
    JSValueRef argument = text(message);
    JSValueRef error = JSObjectMakeError(m_context, 1, &argument, nullptr);
    const String key("name");
    JSObjectSetProperty(m_context, JSValueToObject(m_context, error, nullptr), key.get(),
                        text(std::string_view("TypeError")), kJSPropertyAttributeDontEnum, nullptr);
    throw Thrown{error};
}

} // namespace sallyport::handlerd
