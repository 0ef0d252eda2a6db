#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "kernels/instruction_set.h"
#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (kernels::InstructionSet rest = kernels::vector_instruction_sets(); rest != 0; rest &= rest - 1) {
    names.emplace_back(kernels::instruction_set_name(rest & -rest));
  }
  names.emplace_back("scalar");
  std::reverse(names.begin(), names.end());
  return names;
}

void require_valid(const AccumulatorOptions& options, std::string_view where) {
  if (options.epsilon.empty()) throw Error(where, "at least one epsilon is needed", "none", "0.9 is the usual one");
  for (auto it = options.epsilon.begin(); it != options.epsilon.end(); ++it) {
    if (!(*it >= -1 && *it <= 1)) {
      throw Error(where, "epsilon is a cosine, in [-1, 1]", fmt::format("{}", *it), "0.9 is the usual one");
    }
    if (std::find(options.epsilon.begin(), it, *it) != it) {
      throw Error(where, "no epsilon may be given twice", fmt::format("{} twice", *it), "leave one of them out");
    }
  }
  if (!std::all_of(options.mean.begin(), options.mean.end(), [](double x) { return std::isfinite(x); })) {
    throw Error(where, "the mean must be finite", "NaN or an infinity", "leave non-finite rows out of it");
  }
  require_valid(options.planes, where);
  const std::vector<std::string> sets = instruction_sets();
  if (!options.instruction_set.empty() && std::count(sets.begin(), sets.end(), options.instruction_set) == 0) {
    throw Error(where, fmt::format("the instruction set must be one of {}", fmt::join(sets, ", ")),
                fmt::format("'{}'", options.instruction_set), "leave it out to have the widest");
  }
  if (options.num_threads < 1 || options.num_threads > 1024) {
    throw Error(where, "at least one thread is needed, and at most 1024", fmt::format("{}", options.num_threads),
                "give the number of processors");
  }
}

}  // namespace srm
