#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace srm {

/// The function after the bottleneck's linear layer: all that differs between the networks.
enum class BottleneckFunction {
  kTanh,           ///< tanh of each coordinate
  kTanhRotated,    ///< sum_i tanh(x . b_i) b_i in a Haar-random rotation b of the standard basis
  kIsotropicTanh,  ///< tanh(|x|) x / |x|, 0 at 0: it acts in no basis
  kRelu,           ///< max(x, 0) of each coordinate
};

/// The functions by the names that the command line gives them: tanh, tanh-rotated, isotropic, relu.
const std::map<std::string, BottleneckFunction>& bottleneck_functions();

struct DigitAutoencoderOptions {
  BottleneckFunction function = BottleneckFunction::kTanh;
  uint64_t seed = 0;
  int num_epochs = 600;  ///< 0 leaves the network as it was drawn
};

/// A network and, where its function acts in a rotated basis, that basis: float64 (16, 16), rows are basis vectors.
struct TrainedAutoencoder {
  torch::jit::Module model;
  std::optional<torch::Tensor> acting_basis;
};

/// Called after each epoch with its number from 1 on and its mean loss: squared error summed over the 64 pixels.
using EpochCallback = std::function<void(int epoch, double loss)>;

/// Builds a 64-48-16-48-64 autoencoder as a TorchScript module and trains it on images float32 (num_images, 64).
///
/// Layers: encoder.hidden, encoder.hidden_activation, encoder.bottleneck, encoder.bottleneck_activation,
/// decoder.hidden, decoder.hidden_activation, decoder.output; each a module of its own. While training, isotropic
/// Gaussian noise of sigma 0.3 is added to what the encoder returns; the module comes back in evaluation mode.
///
/// Equal options and images give equal weights on one machine. To that end it trains on one thread and reseeds Torch's
/// default CPU generator, so it must not run beside other code that draws from that generator.
TrainedAutoencoder train_digit_autoencoder(const DigitAutoencoderOptions& options, const torch::Tensor& images,
                                           const EpochCallback& on_epoch = {});

/// Mean squared error a pixel of `model`, in evaluation mode, on images (num_images, 64), in units of the images.
double reconstruction_error(torch::jit::Module model, const torch::Tensor& images);

/// The module as a TorchScript archive; the bytes depend on the module alone, not on the name of a file.
std::string to_archive(const torch::jit::Module& model);

}  // namespace srm
