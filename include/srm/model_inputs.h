#pragma once

#include <torch/script.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace srm {

/// The inputs of a model from a file, to be run through it in batches. Every tensor has the samples in its first
/// dimension; whatever else is there goes with every batch. An immutable value; may be shared between threads.
class ModelInputs {
 public:
  /// What forward takes: arguments by position, then by name.
  using Batch = std::pair<std::vector<c10::IValue>, torch::jit::Kwargs>;

  /// Reads FILE or FILE:KEY for a function of this schema (`self` first). A `.pt` of torch.save holds one tensor, a
  /// tuple or list of arguments, or a dict by argument name; an `.npy` or one array of an `.npz` is the first argument,
  /// several arrays go by name. Throws srm::Error as read_tensor() and load_pickle() do, for names that the function
  /// does not have, for required arguments that are missing, and for tensors whose first dimensions differ or are 0.
  static ModelInputs read(const std::string& file_and_key, const c10::FunctionSchema& schema);

  /// Elements of the first dimension, the batch.
  std::int64_t num_samples() const { return num_samples_; }
  /// Samples begin to end - 1 of every tensor; 0 <= begin < end <= num_samples(). A copy, so that a model
  /// that works in place changes nothing of what it is given next time.
  Batch batch(std::int64_t begin, std::int64_t end) const;

 private:
  void require_accepted(const std::string& where, const c10::FunctionSchema& schema) const;
  void count_samples(const std::string& where, const c10::FunctionSchema& schema);

  std::vector<c10::IValue> positional_;
  std::vector<std::pair<std::string, c10::IValue>> named_;
  std::int64_t num_samples_ = 0;
};

}  // namespace srm
