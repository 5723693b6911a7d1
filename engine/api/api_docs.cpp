// Prints docs/api.md, or with --settings docs/settings.md.
#include <cstdio>
#include <string_view>

#include "engine/api/reference.h"

int main(int argc, char** argv)
{
    const bool isSettings = argc == 2 && std::string_view(argv[1]) == "--settings";
    const std::string text =
        isSettings ? sallyport::api::settingsReference() : sallyport::api::reference();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
