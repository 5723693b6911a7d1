#pragma once

// Functions that the runtime's JavaScript calls. Each set adds its functions to one object, which
// handlers can't reach.

#include "handlerd/script.h"

namespace sallyport::handlerd {

void addTextNatives(Script& script, JSObjectRef natives);
void addUrlNatives(Script& script, JSObjectRef natives);
void addCryptoNatives(Script& script, JSObjectRef natives);
void addKeyNatives(Script& script, JSObjectRef natives);
void addInflateNatives(Script& script, JSObjectRef natives);
void addDeflateNatives(Script& script, JSObjectRef natives);

} // namespace sallyport::handlerd
