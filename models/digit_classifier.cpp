#include "digit_classifier.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Reduction.h>

#include <vector>

#include "network_builder.h"

namespace srm {
namespace {

using torch::jit::Module;

constexpr std::int64_t kNumPixels = 64;
constexpr std::int64_t kNumHidden = 48;
constexpr std::int64_t kNumFeatures = 16;
constexpr std::int64_t kNumClasses = 10;

Module build(HiddenFunction function, const at::Generator& generator) {
  NetworkBuilder builder(generator);
  const auto activation = [&] { return function == HiddenFunction::kRelu ? builder.relu() : builder.tanh(); };
  Module classifier = builder.module("DigitClassifier");
  classifier.register_module("hidden", builder.linear(kNumPixels, kNumHidden));
  classifier.register_module("hidden_activation", activation());
  classifier.register_module("features", builder.linear(kNumHidden, kNumFeatures));
  classifier.register_module("features_activation", activation());
  classifier.register_module("output", builder.linear(kNumFeatures, kNumClasses));
  return NetworkBuilder::with_forward(classifier, R"(
def forward(self, x):
    hidden = self.hidden_activation.forward(self.hidden.forward(x))
    features = self.features_activation.forward(self.features.forward(hidden))
    return self.output.forward(features)
)");
}

}  // namespace

const std::map<std::string, HiddenFunction>& hidden_functions() {
  static const std::map<std::string, HiddenFunction> functions = {{"relu", HiddenFunction::kRelu},
                                                                  {"tanh", HiddenFunction::kTanh}};
  return functions;
}

Module train_digit_classifier(const DigitClassifierOptions& options, const torch::Tensor& images,
                              const torch::Tensor& labels, const EpochCallback& on_epoch) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  Module classifier = build(options.function, generator);
  std::vector<torch::Tensor> parameters;
  for (const torch::Tensor& parameter : classifier.parameters()) parameters.push_back(parameter);
  const auto loss_of_rows = [&](const torch::Tensor& rows) {
    const torch::Tensor logits = classifier.forward({images.index_select(0, rows)}).toTensor();
    return at::cross_entropy_loss(logits, labels.index_select(0, rows), {}, at::Reduction::Sum);
  };
  classifier.train();
  train_by_sgd(parameters, images.size(0), {.num_epochs = options.num_epochs, .learning_rate = 0.05}, generator,
               loss_of_rows, on_epoch);
  classifier.eval();
  return classifier;
}

double accuracy(Module model, const torch::Tensor& images, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor guesses = model.forward({images}).toTensor().argmax(1);
  return guesses.eq(labels).to(torch::kFloat64).mean().item<double>();
}

}  // namespace srm
