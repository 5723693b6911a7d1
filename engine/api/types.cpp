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

} // namespace sallyport::api
