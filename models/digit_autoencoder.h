#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "training.h"

namespace srm {

/// The function after the bottleneck's linear layer: all that differs between the networks.
enum class BottleneckFunction {
  kTanh,           ///< tanh of each coordinate
  kTanhRotated,    ///< sum_i tanh(x . b_i) b_i in a Haar-random rotation b of the standard basis
  kTanhFrame,      ///< the same along vectors b that the options give: a frame, or a basis
  kIsotropicTanh,  ///< tanh(|x|) x / |x|, 0 at 0: it acts in no basis
  kLinear,         ///< x as it is: no function, and no basis
  kRelu,           ///< max(x, 0) of each coordinate
};

/// The functions by the names that the command line gives them: tanh, tanh-rotated, tanh-frame, isotropic, linear,
/// relu.
const std::map<std::string, BottleneckFunction>& bottleneck_functions();

struct DigitAutoencoderOptions {
  BottleneckFunction function = BottleneckFunction::kTanh;
  std::uint64_t seed = 0;    ///< of the weights, the order of the images, the noise and the rotation
  int num_epochs = 600;      ///< 0 leaves the network as it was drawn
  std::int64_t width = 16;   ///< of the bottleneck
  torch::Tensor frame = {};  ///< kTanhFrame: float64 (num_vectors, width), rows are the vectors that it acts along
  /// With a square orthonormal frame: weights and noise of the tanh network of this seed, turned into the frame. SGD
  /// knows of no basis, so what comes out is that network turned, but for rounding: a check, not an experiment.
  bool starts_turned = false;
};

/// A network and, where its function acts along other vectors than the standard basis or along none that one could
/// name, those vectors: float64 (num_vectors, width), rows are basis vectors.
struct TrainedAutoencoder {
  torch::jit::Module model;
  std::optional<torch::Tensor> acting_basis;
};

/// Builds a 64-48-width-48-64 autoencoder as a TorchScript module and trains it on images float32 (num_images, 64);
/// its loss is the squared error summed over the 64 pixels.
///
/// Layers: encoder.hidden, encoder.hidden_activation, encoder.bottleneck, encoder.bottleneck_activation,
/// decoder.hidden, decoder.hidden_activation, decoder.output; each a module of its own. While training, isotropic
/// Gaussian noise of sigma 0.3 is added to what the encoder returns; the module comes back in evaluation mode.
///
/// Equal options and images give equal weights on one machine; see train_by_sgd() about threads. Throws srm::Error for
/// a width below 1, a frame that is missing, superfluous or of another width, and a turned start without a rotation.
/// `on_built` is given the network before it trains; its weights are those that change.
TrainedAutoencoder train_digit_autoencoder(const DigitAutoencoderOptions& options, const torch::Tensor& images,
                                           const EpochCallback& on_epoch = {},
                                           const std::function<void(const TrainedAutoencoder&)>& on_built = {});

/// What passes in the bottleneck, float32 (num_images, width), before and after its function.
struct BottleneckActivations {
  torch::Tensor before;
  torch::Tensor after;
};
BottleneckActivations bottleneck_activations(const torch::jit::Module& model, const torch::Tensor& images);

/// Mean squared error a pixel of `model`, in evaluation mode, on images (num_images, 64), in units of the images.
double reconstruction_error(torch::jit::Module model, const torch::Tensor& images);

/// The module as a TorchScript archive; the bytes depend on the module alone, not on the name of a file.
std::string to_archive(const torch::jit::Module& model);

}  // namespace srm
