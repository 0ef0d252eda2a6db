#pragma once

#include <string>
#include <vector>

#include "torch_peers.h"

namespace srm::bench {

/// What a float64 expression says of one plane: between which numbers each count must be, (K) each, where cosines
/// nearer to epsilon than `margin` may fall to either side.
struct CountBounds {
  /// `norms` is (N, 1) float64: norms_of(workload).
  CountBounds(const Workload& workload, const at::Tensor& norms, Plane plane, double margin);
  std::vector<std::int64_t> least, most;
};

/// The lengths of the rows, (N, 1) float64.
at::Tensor norms_of(const Workload& workload);

/// Throws std::runtime_error naming `who`, plane and angle for a count that is not between the bounds.
void require_within(const CountBounds& bounds, const std::vector<std::int64_t>& counts, Plane plane,
                    const std::string& who);

/// Throws std::runtime_error unless the peer's counts of these planes are those of `ours`: equal, or where they differ
/// both as float64 says, ours to 1e-6 in the cosine and the peer's to what float32 rounds.
void require_equal_counts(const TorchPeer& peer, const Resonance& ours, const std::vector<Plane>& planes);

}  // namespace srm::bench
