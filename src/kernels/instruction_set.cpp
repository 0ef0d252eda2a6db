#include "kernels/instruction_set.h"

#include <hwy/highway.h>

namespace srm::kernels {

InstructionSet vector_instruction_sets() { return hwy::SupportedTargets() & HWY_TARGETS & ~(HWY_SCALAR | HWY_EMU128); }

const char* instruction_set_name(InstructionSet set) { return hwy::TargetName(set); }

InstructionSet find_instruction_set(std::string_view name) {
  for (InstructionSet rest = vector_instruction_sets(); rest != 0; rest &= rest - 1) {
    const InstructionSet set = rest & -rest;
    if (name.empty() || name == instruction_set_name(set)) return set;
  }
  return 0;
}

}  // namespace srm::kernels
