#include "digit_autoencoder.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/utils.h>

#include <sstream>
#include <utility>
#include <vector>

#include "network_builder.h"
#include "srm/error.h"

namespace srm {
namespace {

using torch::jit::Module;

constexpr std::int64_t kNumPixels = 64;
constexpr std::int64_t kNumHidden = 48;
constexpr double kNoiseSigma = 0.3;

// QR of a Gaussian matrix is Haar-distributed once the signs of R's diagonal are moved into Q; one flipped row then
// makes the reflections among them rotations.
torch::Tensor haar_rotation(std::int64_t dim, const at::Generator& generator) {
  const auto [q, r] = at::linalg_qr(torch::randn({dim, dim}, generator, torch::kFloat64));
  torch::Tensor rotation = q * r.diagonal().sign();
  if (at::linalg_det(rotation).item<double>() < 0) rotation[0].neg_();
  return rotation;
}

void require_valid(const DigitAutoencoderOptions& options) {
  const auto require = [](bool holds, const char* rule, const std::string& got, const char* advice) {
    if (!holds) throw Error("train_digit_autoencoder", rule, got, advice);
  };
  const bool has_frame = options.frame.defined();
  const std::string got =
      has_frame ? fmt::format("({})", fmt::join(options.frame.sizes().begin(), options.frame.sizes().end(), ", "))
                : "none";
  require(options.width >= 1, "a bottleneck must have a neuron", fmt::format("{}", options.width), "give 1 or more");
  require(options.num_epochs >= 0, "epochs are counted from 0", fmt::format("{}", options.num_epochs),
          "0 leaves the network as it was drawn");
  require(has_frame == (options.function == BottleneckFunction::kTanhFrame),
          "a frame belongs to the function that acts along it, and to no other", got, "give one with kTanhFrame alone");
  require(
      !has_frame || (options.frame.dim() == 2 && options.frame.size(0) > 0 && options.frame.size(1) == options.width),
      "a frame must be (num_vectors, width)", got, "give a row for each vector");
  if (!options.starts_turned) return;
  const auto is_rotation = [&] {
    const torch::Tensor basis = options.frame.to(torch::kFloat64);
    const torch::Tensor identity = torch::eye(options.width, torch::kFloat64);
    return torch::allclose(basis.matmul(basis.t()), identity, 0, 1e-9);
  };
  require(has_frame && options.frame.size(0) == options.width && is_rotation(),
          "a turned start needs an orthonormal frame of as many vectors as neurons", got, "give a rotation");
}

Module bottleneck_activation(NetworkBuilder& builder, BottleneckFunction function,
                             const std::optional<torch::Tensor>& acting_basis) {
  switch (function) {
    case BottleneckFunction::kTanhRotated:
      return builder.tanh_along("RotatedTanh", acting_basis.value());
    case BottleneckFunction::kTanhFrame:
      return builder.tanh_along("FrameTanh", acting_basis.value());
    case BottleneckFunction::kIsotropicTanh:
      return builder.isotropic_tanh();
    case BottleneckFunction::kLinear:
      return builder.identity();
    case BottleneckFunction::kRelu:
      return builder.relu();
    case BottleneckFunction::kTanh:
      break;
  }
  return builder.tanh();
}

TrainedAutoencoder build(const DigitAutoencoderOptions& options, const at::Generator& generator) {
  NetworkBuilder builder(generator);
  std::optional<torch::Tensor> acting_basis;
  // Drawn before the weights: a rotated network then starts from other weights than the standard one of its seed.
  // From the same weights, turned, it would be the same network up to the rotation and show nothing.
  if (options.function == BottleneckFunction::kTanhRotated) acting_basis = haar_rotation(options.width, generator);
  if (options.function == BottleneckFunction::kTanhFrame) acting_basis = options.frame.to(torch::kFloat64);

  Module encoder = builder.module("Encoder");
  encoder.register_module("hidden", builder.linear(kNumPixels, kNumHidden));
  encoder.register_module("hidden_activation", builder.tanh());
  encoder.register_module("bottleneck", builder.linear(kNumHidden, options.width));
  encoder.register_module("bottleneck_activation", bottleneck_activation(builder, options.function, acting_basis));
  NetworkBuilder::with_forward(encoder, R"(
def forward(self, x):
    hidden = self.hidden_activation.forward(self.hidden.forward(x))
    return self.bottleneck_activation.forward(self.bottleneck.forward(hidden))
)");

  Module decoder = builder.module("Decoder");
  decoder.register_module("hidden", builder.linear(options.width, kNumHidden));
  decoder.register_module("hidden_activation", builder.tanh());
  decoder.register_module("output", builder.linear(kNumHidden, kNumPixels));
  NetworkBuilder::with_forward(decoder, R"(
def forward(self, code):
    return self.output.forward(self.hidden_activation.forward(self.hidden.forward(code)))
)");

  Module autoencoder = builder.module("DigitAutoencoder");
  autoencoder.register_module("encoder", encoder);
  autoencoder.register_module("decoder", decoder);
  autoencoder.register_attribute("noise_sigma", c10::FloatType::get(), kNoiseSigma);
  NetworkBuilder::with_forward(autoencoder, R"(
def forward(self, x):
    code = self.encoder.forward(x)
    if self.training:
        code = code + self.noise_sigma * torch.randn_like(code)
    return self.decoder.forward(code)
)");
  return {autoencoder, acting_basis};
}

// A code z of the standard network is z B here, for the rows b_i of B: then x . b_i is the standard network's z_i.
void turn_weights(const Module& model, const torch::Tensor& basis) {
  const torch::NoGradGuard no_grad;
  const auto turn = [&](const char* part, const char* layer, bool is_output) {
    torch::Tensor weight = model.attr(part).toModule().attr(layer).toModule().attr("weight").toTensor();
    const torch::Tensor exact = weight.to(torch::kFloat64);
    weight.copy_(is_output ? basis.t().matmul(exact) : exact.matmul(basis));
  };
  turn("encoder", "bottleneck", true);
  turn("decoder", "hidden", false);
}

// What the network does in training mode, with noise that comes from outside: from a generator of its own, so that
// trainings do not share one, and turned if need be.
Module with_given_noise(const Module& model) {
  NetworkBuilder builder({});
  Module noisy = builder.module("WithGivenNoise");
  noisy.register_module("model", model);
  return NetworkBuilder::with_forward(noisy, R"(
def forward(self, x, noise):
    return self.model.decoder.forward(self.model.encoder.forward(x) + noise)
)");
}

}  // namespace

const std::map<std::string, BottleneckFunction>& bottleneck_functions() {
  static const std::map<std::string, BottleneckFunction> functions = {
      {"tanh", BottleneckFunction::kTanh},
      {"tanh-rotated", BottleneckFunction::kTanhRotated},
      {"tanh-frame", BottleneckFunction::kTanhFrame},
      {"isotropic", BottleneckFunction::kIsotropicTanh},
      {"linear", BottleneckFunction::kLinear},
      {"relu", BottleneckFunction::kRelu},
  };
  return functions;
}

TrainedAutoencoder train_digit_autoencoder(const DigitAutoencoderOptions& options, const torch::Tensor& images,
                                           const EpochCallback& on_epoch,
                                           const std::function<void(const TrainedAutoencoder&)>& on_built) {
  require_valid(options);
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  TrainedAutoencoder made = build(options, generator);
  const torch::Tensor turn = options.starts_turned ? *made.acting_basis : torch::Tensor();
  if (turn.defined()) turn_weights(made.model, turn);

  if (on_built) on_built(made);

  std::vector<torch::Tensor> parameters;
  for (const torch::Tensor& parameter : made.model.parameters()) parameters.push_back(parameter);
  Module noisy = with_given_noise(made.model);
  const auto loss_of_rows = [&](const torch::Tensor& rows) {
    const torch::Tensor batch = images.index_select(0, rows);
    torch::Tensor noise = kNoiseSigma * torch::randn({rows.size(0), options.width}, generator);
    if (turn.defined()) noise = noise.to(torch::kFloat64).matmul(turn).to(torch::kFloat32);
    return (noisy.forward({batch, noise}).toTensor() - batch).square().sum();
  };
  made.model.train();
  train_by_sgd(parameters, images.size(0), {.num_epochs = options.num_epochs}, generator, loss_of_rows, on_epoch);
  made.model.eval();
  return made;
}

BottleneckActivations bottleneck_activations(const Module& model, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  const Module encoder = model.attr("encoder").toModule();
  const auto call = [&](const char* layer, const torch::Tensor& x) {
    return encoder.attr(layer).toModule().forward({x}).toTensor();
  };
  const torch::Tensor before = call("bottleneck", call("hidden_activation", call("hidden", images)));
  return {before, call("bottleneck_activation", before)};
}

double reconstruction_error(Module model, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  return (model.forward({images}).toTensor() - images).square().mean(torch::kFloat64).item<double>();
}

std::string to_archive(const Module& model) {
  std::ostringstream archive;
  model.save(archive);
  return std::move(archive).str();
}

}  // namespace srm
