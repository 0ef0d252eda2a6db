// PRIVATE: rows as the learners take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

namespace srm::bases {

/// What is done to rows, in this order.
struct Preparation {
  bool centre = false;
  bool whiten = false;
  bool normalise = false;
};

struct PreparedRows {
  at::Tensor rows;                ///< (num_rows, dim) float64, none of them zero
  at::Tensor places;              ///< (num_rows) int64: which of the rows given each is, ascending
  std::int64_t num_left_out = 0;  ///< zero, not finite, or at the mean
  at::Tensor root_covariance;     ///< with whitening: (dim, dim) symmetric, by whose inverse the rows were multiplied
};

/// Leaves out rows that are zero or not finite first, since centring would make all zero rows one direction. A copy.
/// Throws srm::Error naming `where` unless rows are (num_rows, dim) real numbers of which a row is left, and where
/// whitening meets rows that do not span all dimensions.
PreparedRows prepare_rows(const at::Tensor& rows, const Preparation& preparation, std::string_view where);

}  // namespace srm::bases
