#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "srm/basis.h"
#include "srm/layer_tests.h"
#include "srm/null.h"

namespace srm {

/// How planes are tested, and what bounds the work: R products of (num_rows, dim) with (dim, dim), num_rows times the
/// planes tested and pooled, and for C4 in each rotation the planes that rows hit (all planes where vectors are not
/// orthogonal). Memory: 16 bytes a plane pooled and about 150 a plane tested.
struct PlaneTestOptions {
  double epsilon = 0.9;               ///< of the hit rate and of C4, in (0, 1]
  std::int64_t num_rotations = 60;    ///< whose planes are pooled
  std::int64_t max_pooled = 1 << 20;  ///< planes pooled at most; beyond, a seeded random subset of each rotation's
  std::int64_t max_planes_tested = 1 << 20;  ///< beyond (n > 1448), a seeded random subset is tested
  std::int64_t num_strongest = 10;           ///< planes that are listed at most
  std::uint64_t seed = 0;                    ///< of the rotations
  std::function<void(std::int64_t num_done, std::int64_t num_total)> progress;  ///< as in NullOptions, by rotation
};

/// Tests every plane of the basis on unit rows, (num_rows, dim), as unit_rows() gives them, and C4 of all planes
/// together, whose error takes `blocks`, (num_rows), as block_standard_error() does (none: each row is one). In any
/// rotation a plane is a uniformly random one, also where the vectors of a frame are not orthogonal, so one pool serves
/// all planes. The map is of these planes. Throws srm::Error unless there are rows of the basis's dimension, at least
/// 2, the options are in range and there is a block for each row.
PlaneTests plane_tests(const at::Tensor& unit_rows, const Basis& basis, const PlaneTestOptions& options,
                       std::span<const std::int64_t> blocks = {});

}  // namespace srm
