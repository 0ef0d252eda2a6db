#pragma once

#include "srm/live_server.h"
#include "srm/observer.h"

namespace srm {

/// What a LiveServer looks at in a model that is observed: its layers as they are at each look, and their results with
/// the bytes of their file. `module` must stay where it is until the server watches something else, or is gone.
LiveSource live_source(const ObservedModule& module);

}  // namespace srm
