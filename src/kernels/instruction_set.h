// PRIVATE: the instruction sets that kernels are compiled for, as Highway numbers them: one bit each, the lowest the
// widest. 0 stands for the scalar code, which needs none.
#pragma once

#include <cstdint>
#include <string_view>

namespace srm::kernels {

using InstructionSet = std::int64_t;

/// Those with vectors that this CPU has, together.
InstructionSet vector_instruction_sets();
/// "AVX2", "AVX3" (which is AVX-512), "NEON", ...
const char* instruction_set_name(InstructionSet set);
/// The one that is called so, or where `name` is empty the widest; 0 for "scalar" and where there is none.
InstructionSet find_instruction_set(std::string_view name);

}  // namespace srm::kernels
