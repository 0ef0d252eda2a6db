#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "srm/activation_function.h"
#include "srm/basis.h"
#include "srm/results.h"
#include "srm/row_reservoir.h"

namespace srm::cli {

/// The rows of a layer that its tests rest on.
struct LayerSample {
  std::string address;
  std::shared_ptr<const Basis> basis;
  RowReservoir rows;
  /// Where the layer is an activation function of something: that, and what goes in, of the same rows of the data.
  std::optional<ActivationFunction> function = {};
  std::optional<RowReservoir> inputs = {};
};

struct TestingOptions {
  std::int64_t num_rotations = 200;
  std::uint64_t seed = 0;
  bool centred = false;
  std::vector<double> mean = {};    ///< a given one; else, with centred, that of the rows tested
  std::optional<bool> planes = {};  ///< whether planes are tested; none: of layers with at most 64 vectors
};

/// Tests A4 of every layer in `samples`, and planes, and puts the tests into the findings of `results`, in the order of
/// its layers. Layers with fewer than two rows or dimensions are left out, and those that cannot be tested for another
/// reason (all rows alike, and centred) with a note. Progress goes to standard error. Stops early, with what was tested
/// so far, when interrupted.
void test_layers(const std::vector<LayerSample>& samples, const TestingOptions& options,
                 const InterruptGuard& interrupt, Results& results, std::vector<std::string>& notes);

}  // namespace srm::cli
