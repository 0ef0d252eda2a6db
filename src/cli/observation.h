#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/checkpoints.h"
#include "cli/input_samples.h"
#include "cli/interrupt.h"
#include "cli/labels.h"
#include "cli/layer_testing.h"
#include "srm/live_server.h"
#include "srm/observer.h"

namespace srm::cli {

/// What a run brought, whole or not.
struct Observation {
  Results results;
  std::vector<std::string> silent_layers;
  std::vector<std::pair<std::string, std::string>> left_out;  ///< address, and what passed there that has no rows
  std::vector<std::string> failures;  ///< errors that took a layer's observer off, with OnError::kDetach
  bool is_interrupted = false;
  std::exception_ptr failure;        ///< what ended the run early; what was counted before is in the results
  std::vector<std::string> notes;    ///< what there is to say beside
  std::vector<LayerSample> samples;  ///< of the layers, as far as ObserveOptions::num_test_rows asks for rows
};

/// What is run, on what.
struct RunOptions {
  std::string model;  ///< file; empty for activations from a file
  std::string data;   ///< FILE[:KEY], inputs of the model or activations (num_samples, ...)
  std::string method = "forward";
  std::string mask;  ///< FILE[:KEY] of a mask (num_samples, ...); empty: none, or named in ObserveOptions
  std::int64_t batch_size = 64;
  std::int64_t first_sample = 0;  ///< number of the first sample in the whole data, where these are a part of it
  std::optional<Labels> labels;   ///< of the samples
  /// Which layers are activation functions of what, beside those that can be told from the model.
  std::vector<NamedNonlinearity> nonlinearities = {};
  /// Told where layers can be looked at while they are counted, and an empty source when they no longer can.
  std::function<void(LiveSource source)> watch = {};
  /// Called after each batch that was counted, with what tells holistic curves and scores so far.
  std::function<void(const std::function<Results()>& results)> glance = {};
  Checkpoints* checkpoints = nullptr;  ///< to go on from, and to leave, in the pass that counts; or null
};

/// Runs the model on the data in batches, once for each of passes_of(options); of two halves of the data the first is
/// for Pass::kLearning and the second for all others. Where it goes on from a checkpoint, only the last of the passes
/// begins further on. Progress goes to standard error, and
/// before it the addresses that are observed. Throws srm::Error when nothing could be observed; a failure after that is
/// in the Observation. A mask that is an argument of the model's method is taken from there.
Observation observe_model(const RunOptions& run, ObserveOptions options, std::shared_ptr<MemoryBudget> budget,
                          const InterruptGuard& interrupt);

/// The same for activations from a file: one layer with the address "activations".
Observation observe_activations(const RunOptions& run, const ObserveOptions& options,
                                std::shared_ptr<MemoryBudget> budget, const InterruptGuard& interrupt);

}  // namespace srm::cli
