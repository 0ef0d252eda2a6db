#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "digit_autoencoder.h"

namespace srm::activation_basis {

/// One kind of autoencoder of the experiment: they differ in the bottleneck's function alone.
struct Network {
  std::string name;
  BottleneckFunction function = BottleneckFunction::kTanh;
  std::int64_t num_frame_vectors = 0;  ///< of the Thomson frame that it acts along; 0 for none
  /// Starts from the weights and noise of the tanh network of its seed, turned into the basis that it acts in: with SGD
  /// it is that network again, which checks the code and is no evidence.
  bool starts_turned = false;

  /// Whether its function acts in a basis or a frame; isotropic and linear act in none.
  bool has_acting_basis() const;
  /// Whether that is the standard basis.
  bool acts_in_standard_basis() const;
  /// Frames are of 16 dimensions.
  bool exists_at(std::int64_t width) const { return num_frame_vectors == 0 || width == 16; }
};

/// All of them, in the order of tables: tanh, tanh-rotated, tanh-turned, tanh-frame-24, tanh-frame-48, isotropic,
/// linear, relu.
const std::vector<Network>& networks();
/// The one of that name; throws srm::Error when there is none.
const Network& network_named(const std::string& name);

/// What one network of it is trained with. Frames and the basis of a turned start are drawn from the seed.
DigitAutoencoderOptions training_options(const Network& network, std::int64_t width, std::uint64_t seed,
                                         int num_epochs);

/// The bottleneck's function on rows float64 (num_rows, width), along `acting_basis` where it acts along one that is
/// not the standard basis. May be called from several threads.
std::function<at::Tensor(const at::Tensor&)> function_of(const Network& network,
                                                         const std::optional<at::Tensor>& acting_basis);

}  // namespace srm::activation_basis
