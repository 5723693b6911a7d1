#pragma once

// Thin C++ over JavaScriptCore's C API: strings, bytes, calls. One virtual machine with one context
// in a process, used by the main thread only.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <JavaScriptCore/JavaScript.h>

namespace sallyport::handlerd {

// A value that scripts threw.
struct Thrown
{
    JSValueRef value = nullptr;
};

using Arguments = std::span<const JSValueRef>;
// What a native function does. Throwing `Thrown` throws its value in the script.
using NativeFunction = std::function<JSValueRef(Arguments arguments)>;

class Script
{
public:
    // `onLimit` is asked on the thread of the script when it has run for `seconds` of processor
    // time without a pause, and says whether to end it. 0: never.
    Script(double seconds, std::function<bool()> onLimit);
    ~Script();
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    [[nodiscard]] JSContextRef context() const { return m_context; }

    // Runs a program; throws Thrown.
    JSValueRef evaluate(std::string_view program, const char* name);
    // Calls a function; unset where it threw or was ended.
    std::optional<JSValueRef> call(JSObjectRef function, Arguments arguments);

    [[nodiscard]] JSValueRef undefined() const { return JSValueMakeUndefined(m_context); }
    [[nodiscard]] JSValueRef number(double value) const
    {
        return JSValueMakeNumber(m_context, value);
    }
    [[nodiscard]] JSValueRef boolean(bool value) const
    {
        return JSValueMakeBoolean(m_context, value);
    }
    // Invalid UTF-8 becomes U+FFFD.
    [[nodiscard]] JSValueRef text(std::string_view utf8) const;
    [[nodiscard]] JSValueRef text(std::u16string_view utf16) const;
    // A Uint8Array with a copy of the bytes.
    [[nodiscard]] JSValueRef bytes(std::string_view bytes) const;
    // The values must lie on the stack: the collector looks for them there, and nowhere else.
    [[nodiscard]] JSObjectRef array(Arguments values) const;
    void append(JSObjectRef array, unsigned index, JSValueRef value) const
    {
        JSObjectSetPropertyAtIndex(m_context, array, index, value, nullptr);
    }
    [[nodiscard]] JSObjectRef function(const char* name, NativeFunction native);
    void set(JSObjectRef object, const char* name, JSValueRef value) const;
    [[nodiscard]] JSObjectRef newObject() const { return JSObjectMake(m_context, nullptr, nullptr); }
    void protect(JSValueRef value) const { JSValueProtect(m_context, value); }

    // A string in UTF-8; lone surrogates become U+FFFD. Anything else is made a string.
    [[nodiscard]] std::string toText(JSValueRef value) const;
    void appendText(std::string& out, JSValueRef value) const;
    [[nodiscard]] std::u16string toText16(JSValueRef value) const;
    [[nodiscard]] double toNumber(JSValueRef value) const;
    [[nodiscard]] bool toBoolean(JSValueRef value) const
    {
        return JSValueToBoolean(m_context, value);
    }
    // The bytes of a typed array, DataView or ArrayBuffer, valid until scripts run; unset for
    // anything else.
    [[nodiscard]] std::optional<std::string_view> toBytes(JSValueRef value) const;
    [[nodiscard]] bool isString(JSValueRef value) const
    {
        return JSValueIsString(m_context, value);
    }
    // Throws a TypeError, as `Thrown`.
    [[noreturn]] void throwError(std::string_view message) const;

    void collectGarbage() const { JSGarbageCollect(m_context); }

private:
    static bool mayTerminate(JSContextRef context, void* self);

    JSContextGroupRef m_group;
    JSGlobalContextRef m_context;
    JSClassRef m_functionClass;
    std::function<bool()> m_onLimit;
    std::vector<std::unique_ptr<NativeFunction>> m_natives;
};

} // namespace sallyport::handlerd
