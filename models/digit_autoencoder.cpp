#include "digit_autoencoder.h"

#include <ATen/Parallel.h>
#include <torch/optim/sgd.h>
#include <torch/utils.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <sstream>
#include <utility>
#include <vector>

namespace srm {
namespace {

using torch::jit::CompilationUnit;
using torch::jit::Module;

constexpr int64_t kNumPixels = 64;
constexpr int64_t kNumHidden = 48;
constexpr int64_t kNumBottleneck = 16;
constexpr double kNoiseSigma = 0.3;

constexpr double kLearningRate = 0.01;
constexpr double kMomentum = 0.9;
constexpr int64_t kBatchSize = 128;

class OneThread {
 public:
  OneThread() : num_threads_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(num_threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int num_threads_;
};

// QR of a Gaussian matrix is Haar-distributed once the signs of R's diagonal are moved into Q; one flipped row then
// makes the reflections among them rotations.
torch::Tensor haar_rotation(int64_t dim) {
  const auto [q, r] = at::linalg_qr(torch::randn({dim, dim}, torch::kFloat64));
  torch::Tensor rotation = q * r.diagonal().sign();
  if (at::linalg_det(rotation).item<double>() < 0) rotation[0].neg_();
  return rotation;
}

// One compilation unit for a whole network, so that its class names do not depend on what was built before it.
// Modules of one class name share one class, as modules scripted from Python do.
class Builder {
 public:
  Module module(const std::string& class_name) {
    const c10::QualifiedName name("__torch__.torchsrm." + class_name);
    const c10::ClassTypePtr known = unit_->get_class(name);
    Module made = known ? Module(unit_, known) : Module(name, unit_);
    made.register_attribute("training", c10::BoolType::get(), true);
    return made;
  }

  // What the class refers to must be registered before.
  static Module with_forward(Module made, const std::string& source) {
    if (!made.find_method("forward")) made.define(source);
    return made;
  }

  Module linear(int64_t num_in, int64_t num_out) {
    Module made = module("Linear");
    const double sigma = 1 / std::sqrt(static_cast<double>(num_in));
    made.register_parameter("weight", (torch::randn({num_out, num_in}) * sigma).requires_grad_(), false);
    made.register_parameter("bias", torch::zeros({num_out}).requires_grad_(), false);
    return with_forward(made, R"(
def forward(self, x):
    return torch.linear(x, self.weight, self.bias)
)");
  }

  Module tanh() {
    return with_forward(module("Tanh"), R"(
def forward(self, x):
    return torch.tanh(x)
)");
  }

  Module tanh_rotated(const torch::Tensor& basis) {
    Module made = module("RotatedTanh");
    made.register_buffer("basis", basis.to(torch::kFloat32));
    return with_forward(made, R"(
def forward(self, x):
    coordinates = torch.matmul(x, torch.t(self.basis))
    return torch.matmul(torch.tanh(coordinates), self.basis)
)");
  }

  // The clamp makes 0 of a zero row, where 0/0 would be NaN.
  Module isotropic_tanh() {
    return with_forward(module("IsotropicTanh"), R"(
def forward(self, x):
    norm = torch.norm(x, 2, [-1], True)
    return x * (torch.tanh(norm) / torch.clamp(norm, 1e-12))
)");
  }

  Module relu() {
    return with_forward(module("Relu"), R"(
def forward(self, x):
    return torch.relu(x)
)");
  }

 private:
  std::shared_ptr<CompilationUnit> unit_ = std::make_shared<CompilationUnit>();
};

TrainedAutoencoder build(BottleneckFunction function) {
  Builder builder;
  std::optional<torch::Tensor> acting_basis;
  // Drawn before the weights: a rotated network then starts from other weights than the standard one of its seed.
  // From the same weights, turned, it would be the same network up to the rotation and show nothing.
  if (function == BottleneckFunction::kTanhRotated) acting_basis = haar_rotation(kNumBottleneck);

  const auto bottleneck_activation = [&] {
    switch (function) {
      case BottleneckFunction::kTanhRotated:
        return builder.tanh_rotated(*acting_basis);
      case BottleneckFunction::kIsotropicTanh:
        return builder.isotropic_tanh();
      case BottleneckFunction::kRelu:
        return builder.relu();
      case BottleneckFunction::kTanh:
        break;
    }
    return builder.tanh();
  };

  Module encoder = builder.module("Encoder");
  encoder.register_module("hidden", builder.linear(kNumPixels, kNumHidden));
  encoder.register_module("hidden_activation", builder.tanh());
  encoder.register_module("bottleneck", builder.linear(kNumHidden, kNumBottleneck));
  encoder.register_module("bottleneck_activation", bottleneck_activation());
  Builder::with_forward(encoder, R"(
def forward(self, x):
    hidden = self.hidden_activation.forward(self.hidden.forward(x))
    return self.bottleneck_activation.forward(self.bottleneck.forward(hidden))
)");

  Module decoder = builder.module("Decoder");
  decoder.register_module("hidden", builder.linear(kNumBottleneck, kNumHidden));
  decoder.register_module("hidden_activation", builder.tanh());
  decoder.register_module("output", builder.linear(kNumHidden, kNumPixels));
  Builder::with_forward(decoder, R"(
def forward(self, code):
    return self.output.forward(self.hidden_activation.forward(self.hidden.forward(code)))
)");

  Module autoencoder = builder.module("DigitAutoencoder");
  autoencoder.register_module("encoder", encoder);
  autoencoder.register_module("decoder", decoder);
  autoencoder.register_attribute("noise_sigma", c10::FloatType::get(), kNoiseSigma);
  Builder::with_forward(autoencoder, R"(
def forward(self, x):
    code = self.encoder.forward(x)
    if self.training:
        code = code + self.noise_sigma * torch.randn_like(code)
    return self.decoder.forward(code)
)");
  return {autoencoder, acting_basis};
}

}  // namespace

const std::map<std::string, BottleneckFunction>& bottleneck_functions() {
  static const std::map<std::string, BottleneckFunction> functions = {
      {"tanh", BottleneckFunction::kTanh},
      {"tanh-rotated", BottleneckFunction::kTanhRotated},
      {"isotropic", BottleneckFunction::kIsotropicTanh},
      {"relu", BottleneckFunction::kRelu},
  };
  return functions;
}

TrainedAutoencoder train_digit_autoencoder(const DigitAutoencoderOptions& options, const torch::Tensor& images,
                                           const EpochCallback& on_epoch) {
  const OneThread one_thread;
  torch::manual_seed(options.seed);
  TrainedAutoencoder made = build(options.function);

  std::vector<torch::Tensor> parameters;
  for (const torch::Tensor& parameter : made.model.parameters()) parameters.push_back(parameter);
  torch::optim::SGD optimizer(parameters, torch::optim::SGDOptions(kLearningRate).momentum(kMomentum));
  auto& sgd = static_cast<torch::optim::SGDOptions&>(optimizer.param_groups().front().options());

  made.model.train();
  const int64_t num_images = images.size(0);
  for (int epoch = 0; epoch < options.num_epochs; ++epoch) {
    sgd.lr(kLearningRate * 0.5 * (1 + std::cos(std::numbers::pi * epoch / options.num_epochs)));
    double squared_error = 0;
    for (const torch::Tensor& rows : torch::randperm(num_images).split(kBatchSize)) {
      const torch::Tensor batch = images.index_select(0, rows);
      const torch::Tensor output = made.model.forward({batch}).toTensor();
      const torch::Tensor loss = (output - batch).square().sum() / rows.size(0);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      squared_error += loss.item<double>() * static_cast<double>(rows.size(0));
    }
    if (on_epoch) on_epoch(epoch + 1, squared_error / static_cast<double>(num_images));
  }
  made.model.eval();
  return made;
}

double reconstruction_error(torch::jit::Module model, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  return (model.forward({images}).toTensor() - images).square().mean(torch::kFloat64).item<double>();
}

std::string to_archive(const torch::jit::Module& model) {
  std::ostringstream archive;
  model.save(archive);
  return std::move(archive).str();
}

}  // namespace srm
