#pragma once

#include <torch/types.h>

#include <string>

#include "digit_autoencoder.h"
#include "digits.h"

namespace srm {

inline const std::string kModels = std::string(TORCHSRM_SOURCE_DIR) + "/models/";

inline const DigitSplit& split() {
  static const DigitSplit once = split_digits(read_digits(kModels + "data/digits.csv"));
  return once;
}

inline BottleneckActivations held_out_bottleneck(const torch::jit::Module& model) {
  return bottleneck_activations(model, split().held_out_images);
}

// A4 = ((n + 2)(n / m) mean |x|_4^4 - 3) / (n - 1) of centred unit rows, in the m vectors given by the basis' rows:
// written out here so that the figures of models/README.md do not lean on the library that is to reproduce them.
inline double a4(const torch::Tensor& activations, const torch::Tensor& basis) {
  const torch::Tensor rows = activations.to(torch::kFloat64);
  const torch::Tensor centred = rows - rows.mean(0);
  const torch::Tensor unit = centred / centred.norm(2, {1}, true);
  const auto n = static_cast<double>(rows.size(1));
  const auto m = static_cast<double>(basis.size(0));
  return ((n + 2) * (n / m) * unit.matmul(basis.t()).pow(4).sum(1).mean().item<double>() - 3) / (n - 1);
}

inline double a4(const torch::Tensor& activations) {
  return a4(activations, torch::eye(activations.size(1), torch::kFloat64));
}

}  // namespace srm
