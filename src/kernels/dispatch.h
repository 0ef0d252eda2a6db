// PRIVATE: include it behind hwy/highway.h.
#pragma once

#include <hwy/highway.h>

#include <cstddef>

#include "kernels/instruction_set.h"

namespace srm::kernels {

/// The place of `set` in a dispatch table of HWY_EXPORT; that of the fallback for 0.
inline std::size_t dispatch_index(InstructionSet set) {
  hwy::ChosenTarget target;
  target.Update(set);
  return target.GetIndex();
}

}  // namespace srm::kernels
