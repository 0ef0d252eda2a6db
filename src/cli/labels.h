#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace srm::cli {

/// The class of each sample of some data.
struct Labels {
  std::string where;             ///< in messages
  at::Tensor classes;            ///< (num_samples) int64, -1 where unknown
  std::int64_t num_classes = 0;  ///< one more than the highest

  /// Throws srm::Error unless there is one for each of `num_samples`.
  void require_samples(std::int64_t num_samples) const;
};

/// Reads FILE[:KEY]. Throws srm::Error unless it holds whole numbers of -1 or more.
Labels read_labels(const std::string& spec);

}  // namespace srm::cli
