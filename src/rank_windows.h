// PRIVATE: windows of a training's ranks as one.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "srm/layer_observer.h"
#include "srm/ranks.h"

namespace srm {

/// One layer of a window that was closed.
struct ClosedLayer {
  std::string address;
  ObservedLayer layer;  ///< without a whole on a rank that had no rows of it
  at::Tensor rows;      ///< kept for tests, (num_rows, dim) float64, in an order of their own; or undefined
  std::shared_ptr<const Basis> basis;  ///< null where it has none
};

/// Those that had rows, of one process.
std::vector<ClosedLayer> closed_layers(std::vector<ObservedWindow> windows);

/// Those of all ranks together, on each: sums are those that one process would have with all rows. Kept rows are those
/// of all ranks where they fit the capacity of one, else as many of each in proportion to its rows, by the reservoirs'
/// own order. `place` ("step 5, training") must be the same. Throws srm::Error naming a rank that has another place, a
/// layer that is observed in another way (and both values), and a layer that rank 0 has no rows of; and as Ranks.
std::vector<ClosedLayer> closed_layers_of_all(Ranks& ranks, const std::string& place,
                                              std::vector<ObservedWindow> windows, std::uint64_t seed);

/// Throws srm::Error naming both values and the rank where the options of one are not those of rank 0.
void require_same_options(Ranks& ranks, const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace srm
