#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "srm/layer_tests.h"
#include "srm/neuron_table.h"
#include "srm/plane_density.h"
#include "srm/resonance.h"

namespace srm {

/// What a run found out about one layer beside its curves. Neurons and densities of disjoint data merge exactly; tests
/// rest on a sample of the rows of one run and do not.
struct LayerFindings {
  std::string address;                           ///< of the layer
  std::optional<LayerTests> tests = {};          ///< A4 and planes beside their nulls
  std::optional<NeuronTable> neurons = {};       ///< classes and nearest samples of each signed basis vector
  std::optional<PlaneDensities> densities = {};  ///< planes from above

  /// Whether anything was found out.
  bool has_any() const { return tests || neurons || densities; }
  friend bool operator==(const LayerFindings&, const LayerFindings&) = default;
};

/// The results of one run: layers in the order of the model, each followed by those of its groups, if there are any;
/// the options as text; whether it was stopped early.
struct Results {
  /// Option and value in the words of the command line. Holds no time, host or path, so that equal runs give equal
  /// files.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Resonance> layers;             ///< in the order of the model
  bool partial = false;                      ///< stopped before all of the data
  std::vector<LayerFindings> findings = {};  ///< of layers for which there are any, in the same order

  /// Those of one layer, or null.
  const LayerFindings* findings_of(std::string_view address) const {
    for (const LayerFindings& found : findings) {
      if (found.address == address) return &found;
    }
    return nullptr;
  }

  /// The first of the layers, for loops.
  auto begin() const { return layers.begin(); }
  /// Behind the last of the layers.
  auto end() const { return layers.end(); }
};

}  // namespace srm
