#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "srm/observer.h"

namespace srm::cli {

/// What a run brought, whole or not.
struct Observation {
  Results results;
  std::vector<std::string> silent_layers;
  bool is_interrupted = false;
  std::exception_ptr failure;  ///< what ended the run early; what was counted before is in the results
};

/// Runs the model of `model_path` on the data of `data_spec` in batches, once more before with options.centre. Progress
/// goes to standard error. Throws srm::Error when nothing could be observed; a failure after that is in the
/// Observation.
Observation observe_model(const std::string& model_path, const std::string& data_spec, std::int64_t batch_size,
                          const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
                          const InterruptGuard& interrupt);

/// The same for activations from a file, (num_samples, ...): one layer with the address "activations".
Observation observe_activations(const std::string& activations_spec, std::int64_t batch_size,
                                const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
                                const InterruptGuard& interrupt);

}  // namespace srm::cli
