#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/observation.h"

namespace srm::cli {

/// Throws Misuse, in the name of `command`, unless there is either a model and data to run it on, or activations, for
/// which there are no `selectors`; and unless a batch holds a sample.
void require_sources(const std::string& command, const RunOptions& run, const std::string& activations,
                     const std::vector<std::string>& selectors, const std::vector<std::string>& layouts);

/// The bytes of a flag like --memory, "4G"; none when it is empty. Throws Misuse.
std::optional<std::int64_t> memory_limit_of(std::string flag, const char* name = "--memory");

/// A mask from FILE[:KEY]; throws srm::Error unless it has `num_samples` in its first dimension.
at::Tensor read_mask(const std::string& spec, std::int64_t num_samples);

/// Activations (num_samples, ...) of floating point from FILE[:KEY]. Throws srm::Error for anything else.
at::Tensor read_activations(const std::string& spec);

}  // namespace srm::cli
