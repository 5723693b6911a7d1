// Prints docs/api.md.
#include <cstdio>

#include "engine/api/reference.h"

int main()
{
    const std::string text = sallyport::api::reference();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
