#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "training.h"

namespace srm {

/// The function after each of the two hidden layers.
enum class HiddenFunction { kTanh, kRelu };

/// The functions by the names that the command line gives them: relu, tanh.
const std::map<std::string, HiddenFunction>& hidden_functions();

struct DigitClassifierOptions {
  HiddenFunction function = HiddenFunction::kTanh;
  std::uint64_t seed = 0;  ///< of the weights and the order of the images
  int num_epochs = 100;    ///< 0 leaves the network as it was drawn
};

/// Builds a 64-48-16-10 classifier as a TorchScript module and trains it with cross-entropy on images float32
/// (num_images, 64) and their labels int64 (num_images) of 0 to 9. It returns logits (num_images, 10).
///
/// Layers: hidden, hidden_activation, features, features_activation, output; each a module of its own. It comes back in
/// evaluation mode. Equal arguments give equal weights on one machine; see train_by_sgd() about threads.
torch::jit::Module train_digit_classifier(const DigitClassifierOptions& options, const torch::Tensor& images,
                                          const torch::Tensor& labels, const EpochCallback& on_epoch = {});

/// The share of images whose largest logit is their label's, in [0, 1].
double accuracy(torch::jit::Module model, const torch::Tensor& images, const torch::Tensor& labels);

}  // namespace srm
