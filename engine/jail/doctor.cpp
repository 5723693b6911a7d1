#include "engine/jail/doctor.h"
namespace sallyport::jail {
}
