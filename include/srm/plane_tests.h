#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "srm/basis.h"
#include "srm/layer_tests.h"
#include "srm/null.h"

namespace srm {

/// How planes are tested, and what bounds the work: R products of (num_rows, dim) with (dim, dim), and num_rows times
/// the planes tested and pooled. Memory: 16 bytes a plane pooled and about 150 a plane tested.
struct PlaneTestOptions {
  double epsilon = 0.9;               ///< of the hit rate, in (0, 1]
  std::int64_t num_rotations = 60;    ///< whose planes are pooled
  std::int64_t max_pooled = 1 << 20;  ///< planes pooled at most; beyond, a seeded random subset of each rotation's
  std::int64_t max_planes_tested = 1 << 20;  ///< beyond (n > 1448), a seeded random subset is tested
  std::int64_t num_strongest = 10;           ///< planes that are listed at most
  std::uint64_t seed = 0;
  std::function<void(std::int64_t num_done, std::int64_t num_total)> progress;  ///< as in NullOptions, by rotation
};

/// Tests every plane of the basis on unit rows, (num_rows, dim), as unit_rows() gives them. In any rotation a plane is
/// a uniformly random one, also where the vectors of a frame are not orthogonal, so one pool serves all planes. The map
/// is of these planes. Throws
/// srm::Error unless there are rows of the basis's dimension, at least 2, and the options are in range.
PlaneTests plane_tests(const at::Tensor& unit_rows, const Basis& basis, const PlaneTestOptions& options);

}  // namespace srm
