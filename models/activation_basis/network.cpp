#include "activation_basis/network.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "srm/basis_generators.h"
#include "srm/error.h"
#include "srm/thomson_frame.h"

namespace srm::activation_basis {

bool Network::has_acting_basis() const {
  return function != BottleneckFunction::kIsotropicTanh && function != BottleneckFunction::kLinear;
}

bool Network::acts_in_standard_basis() const {
  return function == BottleneckFunction::kTanh || function == BottleneckFunction::kRelu;
}

// Names stay valid in files that were written before another network was added; the order is that of tables alone.
const std::vector<Network>& networks() {
  static const std::vector<Network> all = {
      {"tanh", BottleneckFunction::kTanh},
      {"tanh-rotated", BottleneckFunction::kTanhRotated},
      {.name = "tanh-turned", .function = BottleneckFunction::kTanhFrame, .starts_turned = true},
      {"tanh-frame-24", BottleneckFunction::kTanhFrame, 24},
      {"tanh-frame-48", BottleneckFunction::kTanhFrame, 48},
      {"isotropic", BottleneckFunction::kIsotropicTanh},
      {"linear", BottleneckFunction::kLinear},
      {"relu", BottleneckFunction::kRelu},
  };
  return all;
}

const Network& network_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Network& network : networks()) {
    if (network.name == name) return network;
    names.push_back(network.name);
  }
  throw Error("activation-basis", "a network must be one of the experiment's", name,
              fmt::format("choose from {}", fmt::join(names, ", ")));
}

DigitAutoencoderOptions training_options(const Network& network, std::int64_t width, std::uint64_t seed,
                                         int num_epochs) {
  DigitAutoencoderOptions options;
  options.function = network.function;
  options.seed = seed;
  options.num_epochs = num_epochs;
  options.width = width;
  options.starts_turned = network.starts_turned;
  if (network.starts_turned) options.frame = haar_rotation(width, seed);
  if (network.num_frame_vectors > 0) options.frame = thomson_frame(network.num_frame_vectors, width, seed).vectors;
  return options;
}

std::function<at::Tensor(const at::Tensor&)> function_of(const Network& network,
                                                         const std::optional<at::Tensor>& acting_basis) {
  switch (network.function) {
    case BottleneckFunction::kTanhRotated:
    case BottleneckFunction::kTanhFrame: {
      // The network keeps its vectors as float32; the function is that of the network, not of the vectors it came from.
      const at::Tensor vectors = acting_basis.value().to(at::kFloat).to(at::kDouble);
      return [vectors](const at::Tensor& rows) { return at::mm(at::tanh(at::mm(rows, vectors.t())), vectors); };
    }
    case BottleneckFunction::kIsotropicTanh:
      return [](const at::Tensor& rows) {
        const at::Tensor norm = at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, /*keepdim=*/true);
        return rows * (at::tanh(norm) / at::clamp_min(norm, 1e-12));
      };
    case BottleneckFunction::kLinear:
      return [](const at::Tensor& rows) { return rows; };
    case BottleneckFunction::kRelu:
      return [](const at::Tensor& rows) { return at::relu(rows); };
    case BottleneckFunction::kTanh:
      break;
  }
  return [](const at::Tensor& rows) { return at::tanh(rows); };
}

}  // namespace srm::activation_basis
