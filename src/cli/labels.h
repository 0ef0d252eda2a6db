#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace srm::cli {

/// The class of each sample of some data.
struct Labels {
  at::Tensor classes;            ///< (num_samples) int64, -1 where unknown
  std::int64_t num_classes = 0;  ///< one more than the highest
};

/// Reads FILE[:KEY]. Throws srm::Error unless there is a whole number of -1 or more for each of `num_samples`; that may
/// be 0, for any number of them.
Labels read_labels(const std::string& spec, std::int64_t num_samples = 0);

}  // namespace srm::cli
