#pragma once

#include <ATen/core/Generator.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace srm {

/// Makes the modules of one network as TorchScript classes, each with a forward of its own, so that a hook sees what
/// goes into every layer and function and what comes out. Modules of one class name share one class, as modules
/// scripted from Python do, and no name depends on what was built before this builder. Not thread-safe.
class NetworkBuilder {
 public:
  /// All weights are drawn from `generator`, in the order in which the layers are made.
  explicit NetworkBuilder(at::Generator generator) : generator_(std::move(generator)) {}

  /// A module that has nothing yet but the attribute `training`.
  torch::jit::Module module(const std::string& class_name);
  /// `made` with the method forward of this TorchScript source; what it names must be registered before.
  static torch::jit::Module with_forward(torch::jit::Module made, const std::string& source);

  /// x W^T + b with weights N(0, 1/num_in) and biases 0.
  torch::jit::Module linear(std::int64_t num_in, std::int64_t num_out);
  /// tanh of each coordinate.
  torch::jit::Module tanh();
  /// max(x, 0) of each coordinate.
  torch::jit::Module relu();
  /// tanh(|x|) x / |x|, and 0 at 0.
  torch::jit::Module isotropic_tanh();
  /// x as it is.
  torch::jit::Module identity();
  /// sum_i tanh(x . b_i) b_i for the rows b_i of `basis` (num_vectors, dim), which it keeps as a float32 buffer.
  torch::jit::Module tanh_along(const std::string& class_name, const torch::Tensor& basis);

 private:
  at::Generator generator_;
  std::shared_ptr<torch::jit::CompilationUnit> unit_ = std::make_shared<torch::jit::CompilationUnit>();
};

}  // namespace srm
