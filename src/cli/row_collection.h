#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/collected_rows.h"
#include "cli/interrupt.h"
#include "cli/observation.h"

namespace srm::cli {

/// What a run over the data brought.
struct RowCollection {
  std::unique_ptr<RowCollector> rows;
  std::vector<std::string> silent_layers;                     ///< that nothing came from
  std::vector<std::pair<std::string, std::string>> left_out;  ///< address, and what passed there that has no rows
  bool is_interrupted = false;
};

/// Which layers of a model are collected, and how their activations are read; as in ObserveOptions.
struct LayerChoice {
  std::vector<std::string> layers = {"*"};
  std::vector<std::pair<std::string, Layout>> layouts = {};
  std::string mask_input = {};
};

/// Runs the model on the data once and collects rows of the layers. Of a tuple, list or dict that passes at a place the
/// elements are layers of their own only where a selector names them (lstm:0). `on_chosen` is told the addresses before
/// anything runs, and may throw. Progress goes to standard error. Throws srm::Error.
RowCollection collect_from_model(const RunOptions& run, LayerChoice choice, const CollectOptions& options,
                                 const std::shared_ptr<MemoryBudget>& budget, const InterruptGuard& interrupt,
                                 const std::function<void(const std::vector<std::string>& addresses)>& on_chosen);

/// The same of activations from a file, run.data: one layer with the address "activations".
RowCollection collect_from_activations(const RunOptions& run, Layout layout, const CollectOptions& options,
                                       const std::shared_ptr<MemoryBudget>& budget, const InterruptGuard& interrupt);

}  // namespace srm::cli
