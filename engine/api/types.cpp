#include "engine/api/types.h"

namespace sallyport::api {

const std::vector<Size>& sizes()
{
    static const std::vector<Size> all = {
        {SizeName::Lite, 256, 1},
        {SizeName::Basic, 1024, 1},
        {SizeName::Standard, 4096, 2},
    };
    return all;
}

std::string opcodeName(int opcode)
{
    switch (opcode) {
    case 0:
        return "continuation";
    case 1:
        return "text";
    case 2:
        return "binary";
    case 8:
        return "close";
    case 9:
        return "ping";
    case 10:
        return "pong";
    default:
        return "opcode " + std::to_string(opcode);
    }
}

} // namespace sallyport::api
