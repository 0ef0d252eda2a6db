#pragma once

#include <torch/script.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "cli/observation.h"
#include "srm/model_inputs.h"

namespace srm::cli {

/// A model, and the data to run its method on.
class ModelRun {
 public:
  /// Loads both, and the mask if it is in a file. Throws srm::Error as load_model(), require_method(),
  /// ModelInputs::read() and read_mask() do.
  explicit ModelRun(const RunOptions& run);

  using Forward = std::function<void(const std::vector<c10::IValue>& arguments, const torch::jit::Kwargs& kwargs)>;
  /// Gives samples begin to end - 1 to `forward`, which runs the hooked model; what passes hooks meanwhile comes with
  /// the mask. Throws srm::Error as forward_or_explain() does.
  void run_batch(std::int64_t begin, std::int64_t end, const Forward& forward) const;

  const torch::jit::Module& model() const { return model_; }
  const std::string& method() const { return method_; }
  std::int64_t num_samples() const { return inputs_.num_samples(); }
  /// The argument of the method that is the mask; empty where there is none.
  const std::string& mask_input() const { return mask_input_; }

 private:
  torch::jit::Module model_;
  std::string method_;
  ModelInputs inputs_;
  std::string mask_input_;
  at::Tensor mask_;  // (num_samples, ...) from a file, or undefined
};

/// "observing 2 layers: a, b" on standard error.
void print_layers(const std::string& what, const std::vector<std::string>& addresses);

/// Calls `step` for samples `first` to `last` - 1 in batches, with progress on standard error. False when that was
/// interrupted.
bool for_each_batch(const char* what, std::int64_t first, std::int64_t last, std::int64_t batch_size,
                    const InterruptGuard& interrupt,
                    const std::function<void(std::int64_t begin, std::int64_t end)>& step);

}  // namespace srm::cli
