#include "digit_classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/utils.h>

#include <set>
#include <string>

#include "digit_networks.h"

namespace srm {
namespace {

class DigitClassifierTest : public ::testing::TestWithParam<HiddenFunction> {
 protected:
  static bool is_relu() { return GetParam() == HiddenFunction::kRelu; }
  static torch::jit::Module train(int num_epochs, std::uint64_t seed = 0) {
    return train_digit_classifier({GetParam(), seed, num_epochs}, split().training_images, split().training_labels);
  }
  static double held_out_accuracy(const torch::jit::Module& model) {
    return accuracy(model, split().held_out_images, split().held_out_labels);
  }
};

// The figures that models/README.md states.
TEST_P(DigitClassifierTest, ShippedOneKnowsHeldOutDigitsAsStated) {
  const torch::jit::Module model =
      torch::jit::load(kModels + (is_relu() ? "classifier_relu.pt" : "classifier_tanh.pt"));
  EXPECT_FALSE(model.is_training());
  EXPECT_NEAR(held_out_accuracy(model), is_relu() ? 0.9667 : 0.9733, 1e-4);
  std::set<std::string> paths;
  for (const auto& named : model.named_modules()) paths.insert(named.name);
  EXPECT_THAT(paths,
              ::testing::IsSupersetOf({"hidden", "hidden_activation", "features", "features_activation", "output"}));
}

TEST_P(DigitClassifierTest, TrainingAgainKnowsAsMuch) {
  EXPECT_LT(held_out_accuracy(train(0)), 0.3);
  const torch::jit::Module trained = train(100);
  EXPECT_GT(held_out_accuracy(trained), 0.95);
  EXPECT_GT(accuracy(trained, split().training_images, split().training_labels), 0.99);
}

TEST_P(DigitClassifierTest, TrainingIsDeterministicBySeed) {
  const std::string archive = to_archive(train(2));
  EXPECT_TRUE(archive == to_archive(train(2)));
  EXPECT_FALSE(archive == to_archive(train(2, 1)));
}

TEST_P(DigitClassifierTest, FeaturesPassThroughTheFunction) {
  torch::jit::Module model = train(1);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({7, 48});
  const torch::Tensor features = model.attr("features").toModule().forward({x}).toTensor();
  EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{7, 16}));
  EXPECT_TRUE(model.attr("features_activation")
                  .toModule()
                  .forward({features})
                  .toTensor()
                  .equal(is_relu() ? features.relu() : features.tanh()));
}

INSTANTIATE_TEST_SUITE_P(Functions, DigitClassifierTest,
                         ::testing::Values(HiddenFunction::kTanh, HiddenFunction::kRelu), [](const auto& parameter) {
                           return parameter.param == HiddenFunction::kRelu ? "relu" : "tanh";
                         });

}  // namespace
}  // namespace srm
