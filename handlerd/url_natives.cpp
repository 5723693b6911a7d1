#include "handlerd/natives.h"

#include <array>

#include "ada.h"

namespace sallyport::handlerd {

namespace {

JSValueRef partsOf(Script& script, const ada::url_aggregator& url)
{
    const std::array<JSValueRef, 11> parts{script.text(url.get_href()), script.text(url.get_protocol()),
                         script.text(url.get_username()), script.text(url.get_password()),
                         script.text(url.get_hostname()), script.text(url.get_port()),
                         script.text(url.get_pathname()), script.text(url.get_search()),
                         script.text(url.get_hash()), script.text(std::string_view(url.get_origin())),
                         script.text(url.get_host())};
    return script.array(parts);
}

// The setters by the number of their part in the array above.
bool setPart(ada::url_aggregator& url, int part, const std::string& value)
{
    switch (part) {
    case 0: return url.set_href(value);
    case 1: return url.set_protocol(value);
    case 2: return url.set_username(value);
    case 3: return url.set_password(value);
    case 4: return url.set_hostname(value);
    case 5: return url.set_port(value);
    case 6: return url.set_pathname(value);
    case 7: url.set_search(value); return true;
    case 8: url.set_hash(value); return true;
    case 10: return url.set_host(value);
    default: return false;
    }
}

} // namespace

void addUrlNatives(Script& script, JSObjectRef natives)
{
    const auto add = [&](const char* name, NativeFunction native) {
        script.set(natives, name, script.function(name, std::move(native)));
    };
    // (url, base or undefined) -> parts, or undefined
    add("urlParse", [&script](Arguments arguments) -> JSValueRef {
        const std::string input = script.toText(arguments[0]);
        ada::result<ada::url_aggregator> base;
        if (arguments.size() > 1 && !JSValueIsUndefined(script.context(), arguments[1])) {
            base = ada::parse<ada::url_aggregator>(script.toText(arguments[1]));
            if (!base)
                return script.undefined();
            const auto url = ada::parse<ada::url_aggregator>(input, &base.value());
            return url ? partsOf(script, *url) : script.undefined();
        }
        const auto url = ada::parse<ada::url_aggregator>(input);
        return url ? partsOf(script, *url) : script.undefined();
    });
    // (href, part, value) -> parts, or undefined where the new href can't be parsed
    add("urlSet", [&script](Arguments arguments) -> JSValueRef {
        auto url = ada::parse<ada::url_aggregator>(script.toText(arguments[0]));
        if (!url)
            return script.undefined();
        const int part = static_cast<int>(script.toNumber(arguments[1]));
        const bool isSet = setPart(*url, part, script.toText(arguments[2]));
        return isSet || part != 0 ? partsOf(script, *url) : script.undefined();
    });
    // text -> [name, value, name, value, …]
    add("queryParse", [&script](Arguments arguments) {
        ada::url_search_params params(script.toText(arguments[0]));
        JSObjectRef list = script.array({});
        unsigned count = 0;
        auto entries = params.get_entries();
        while (entries.has_next()) {
            const auto entry = entries.next();
            script.append(list, count++, script.text(entry->first));
            script.append(list, count++, script.text(entry->second));
        }
        return list;
    });
    // (name, value, name, value, …) -> text
    add("queryText", [&script](Arguments arguments) {
        ada::url_search_params params;
        for (std::size_t i = 0; i + 1 < arguments.size(); i += 2)
            params.append(script.toText(arguments[i]), script.toText(arguments[i + 1]));
        return script.text(params.to_string());
    });
}

} // namespace sallyport::handlerd
