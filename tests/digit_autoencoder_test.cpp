#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/utils.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "digit_networks.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

torch::Tensor rotation(std::int64_t dim) { return std::get<0>(at::linalg_qr(at::randn({dim, dim}, torch::kFloat64))); }

// Another machine rounds otherwise and trains another network; what the experiment claims is that it aligns the same.
TEST(TrainingTest, RetrainedTanhAlignsLikeTheShippedOne) {
  int num_epochs_seen = 0;
  double last_loss = 0;
  const TrainedAutoencoder trained = train_digit_autoencoder({}, split().training_images, [&](int epoch, double loss) {
    num_epochs_seen = epoch;
    last_loss = loss;
  });
  EXPECT_EQ(num_epochs_seen, 600);
  EXPECT_LT(last_loss, 1.3);
  EXPECT_LT(reconstruction_error(trained.model, split().held_out_images), 0.0145);
  EXPECT_FALSE(trained.acting_basis.has_value());
  const BottleneckActivations seen = held_out_bottleneck(trained.model);
  EXPECT_NEAR(a4(seen.before), -0.043, 0.012);
  EXPECT_NEAR(a4(seen.after), -0.096, 0.010);
}

TEST(TrainingTest, WeightsStartGaussianByFanInAndBiasesAtZero) {
  const TrainedAutoencoder untrained = train_digit_autoencoder({.num_epochs = 0}, split().training_images);
  for (const auto& named : untrained.model.named_parameters()) {
    if (named.name.ends_with("bias")) {
      EXPECT_EQ(named.value.abs().max().item<double>(), 0) << named.name;
    } else {
      const double fan_in = static_cast<double>(named.value.size(1));
      EXPECT_NEAR((named.value * std::sqrt(fan_in)).std().item<double>(), 1, 0.1) << named.name;
    }
  }
}

TEST(TrainingTest, RotatedFunctionIsTanhOfTheCoordinatesInAHaarRotation) {
  const TrainedAutoencoder made =
      train_digit_autoencoder({BottleneckFunction::kTanhRotated, 3, 0}, split().training_images);
  const torch::Tensor basis = made.acting_basis.value();
  EXPECT_TRUE(torch::allclose(basis.matmul(basis.t()), torch::eye(16, torch::kFloat64), 0, 1e-12));
  EXPECT_NEAR(at::linalg_det(basis).item<double>(), 1, 1e-12);
  const BottleneckActivations seen = held_out_bottleneck(made.model);
  torch::Tensor expected = torch::zeros({450, 16}, torch::kFloat64);
  for (int i = 0; i < 16; ++i) {
    expected += seen.before.to(torch::kFloat64).matmul(basis[i]).tanh().outer(basis[i]);
  }
  EXPECT_TRUE(torch::allclose(seen.after.to(torch::kFloat64), expected, 0, 1e-6));
}

TEST(TrainingTest, IsotropicFunctionKeepsTheDirectionAndZero) {
  const TrainedAutoencoder made =
      train_digit_autoencoder({BottleneckFunction::kIsotropicTanh, 3, 0}, split().training_images);
  torch::jit::Module function = made.model.attr("encoder").toModule().attr("bottleneck_activation").toModule();
  EXPECT_TRUE(function.forward({torch::zeros({2, 16})}).toTensor().equal(torch::zeros({2, 16})));
  const BottleneckActivations seen = held_out_bottleneck(made.model);
  const torch::Tensor norm = seen.before.norm(2, {1}, true);
  EXPECT_TRUE(torch::allclose(seen.after, seen.before / norm * norm.tanh(), 0, 1e-6));
}

// Hooks must see what the network computes: noise belongs to training alone.
TEST(TrainingTest, NoiseIsAddedWhileTrainingOnly) {
  torch::jit::Module model = torch::jit::load(kModels + "tanh.pt");
  const auto forward = [&] { return model.forward({split().held_out_images}).toTensor(); };
  EXPECT_FALSE(model.is_training());
  EXPECT_TRUE(forward().equal(forward()));
  model.train();
  EXPECT_FALSE(forward().equal(forward()));
}

// The draws behind a seed are a promise: with others, models/README.md would tell of networks that nobody can make
// again.
TEST(TrainingTest, SeedsGiveTheShippedWeights) {
  for (const auto& [file, function] : {std::pair("tanh.pt", BottleneckFunction::kTanh),
                                       std::pair("tanh_rotated.pt", BottleneckFunction::kTanhRotated)}) {
    const torch::jit::Module shipped = torch::jit::load(kModels + file);
    const TrainedAutoencoder trained = train_digit_autoencoder({function}, split().training_images);
    const auto same = [&](const auto& expected, const auto& got) {
      auto other = got.begin();
      for (const auto& named : expected) {
        EXPECT_EQ(named.name, (*other).name);
        // Another machine rounds otherwise, and 600 epochs let that grow; another draw differs by tenths.
        EXPECT_LT((named.value - (*other).value).abs().max().template item<double>(), 0.02)
            << file << " " << named.name;
        ++other;
      }
    };
    same(shipped.named_parameters(), trained.model.named_parameters());
    same(shipped.named_buffers(), trained.model.named_buffers());
  }
}

TEST(TrainingTest, FrameFunctionSumsTanhAlongEachVector) {
  const torch::Tensor frame = at::randn({9, 5}, torch::kFloat64);
  const TrainedAutoencoder made = train_digit_autoencoder(
      {.function = BottleneckFunction::kTanhFrame, .seed = 3, .num_epochs = 0, .width = 5, .frame = frame},
      split().training_images);
  EXPECT_TRUE(made.acting_basis.value().equal(frame));
  const BottleneckActivations seen = held_out_bottleneck(made.model);
  torch::Tensor expected = torch::zeros({450, 5}, torch::kFloat64);
  for (int i = 0; i < 9; ++i) expected += seen.before.to(torch::kFloat64).matmul(frame[i]).tanh().outer(frame[i]);
  EXPECT_TRUE(torch::allclose(seen.after.to(torch::kFloat64), expected, 0, 1e-5));
}

TEST(TrainingTest, LinearBottleneckLeavesActivationsAsTheyAre) {
  const TrainedAutoencoder made =
      train_digit_autoencoder({.function = BottleneckFunction::kLinear, .num_epochs = 1}, split().training_images);
  EXPECT_FALSE(made.acting_basis.has_value());
  const BottleneckActivations seen = held_out_bottleneck(made.model);
  EXPECT_TRUE(seen.after.equal(seen.before));
}

TEST(TrainingTest, BottleneckIsAsWideAsAsked) {
  for (const auto& [name, function] : bottleneck_functions()) {
    DigitAutoencoderOptions options{.function = function, .num_epochs = 1, .width = 24};
    if (function == BottleneckFunction::kTanhFrame) options.frame = rotation(24);
    const TrainedAutoencoder made = train_digit_autoencoder(options, split().training_images);
    EXPECT_EQ(held_out_bottleneck(made.model).after.sizes(), (std::vector<std::int64_t>{450, 24})) << name;
    EXPECT_LT(reconstruction_error(made.model, split().held_out_images), 0.15) << name;
  }
}

// SGD knows of no basis: turned weights, turned noise and a turned function are the same network, seen from elsewhere.
TEST(TrainingTest, ATurnedStartGivesTheTurnedNetwork) {
  const torch::Tensor basis = rotation(16);
  const TrainedAutoencoder standard = train_digit_autoencoder({.seed = 1}, split().training_images);
  const TrainedAutoencoder turned = train_digit_autoencoder(
      {.function = BottleneckFunction::kTanhFrame, .seed = 1, .frame = basis, .starts_turned = true},
      split().training_images);
  const BottleneckActivations expected = held_out_bottleneck(standard.model);
  const BottleneckActivations seen = held_out_bottleneck(turned.model);
  EXPECT_NEAR(a4(seen.before, basis), a4(expected.before), 1e-5);
  EXPECT_NEAR(a4(seen.after, basis), a4(expected.after), 1e-5);
  EXPECT_TRUE(
      torch::allclose(seen.after.to(torch::kFloat64).matmul(basis.t()), expected.after.to(torch::kFloat64), 0, 1e-3));
  EXPECT_GT(std::abs(a4(seen.after) - a4(expected.after)), 0.03) << "the basis should not be the standard one";
  EXPECT_NEAR(reconstruction_error(turned.model, split().held_out_images),
              reconstruction_error(standard.model, split().held_out_images), 1e-6);
}

// Trainings side by side in threads of their own give what they give one after the other, and leave alone whatever else
// draws from Torch's generator.
TEST(TrainingTest, TrainingsDoNotDisturbEachOther) {
  const auto train = [](std::uint64_t seed) {
    return to_archive(train_digit_autoencoder({.seed = seed, .num_epochs = 20}, split().training_images).model);
  };
  torch::manual_seed(5);
  const torch::Tensor undisturbed = torch::randn({4});
  torch::manual_seed(5);
  std::vector<std::string> alone;
  for (std::uint64_t seed = 0; seed < 4; ++seed) alone.push_back(train(seed));
  EXPECT_TRUE(torch::randn({4}).equal(undisturbed));

  const int num_threads = at::get_num_threads();
  at::set_num_threads(1);
  std::vector<std::string> together(4);
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      at::set_num_threads(1);
      together[seed] = train(seed);
    });
  }
  for (std::thread& thread : threads) thread.join();
  at::set_num_threads(num_threads);
  for (std::size_t seed = 0; seed < 4; ++seed) EXPECT_TRUE(together[seed] == alone[seed]) << seed;
}

TEST(TrainingTest, WhatTheCallbackThrowsEndsTheTraining) {
  int num_epochs_seen = 0;
  const auto stop_at_third = [&](int epoch, double) {
    num_epochs_seen = epoch;
    if (epoch == 3) throw std::runtime_error("stop");
  };
  EXPECT_THROW(train_digit_autoencoder({}, split().training_images, stop_at_third), std::runtime_error);
  EXPECT_EQ(num_epochs_seen, 3);
}

TEST(TrainingTest, OptionsThatDoNotFitAreRefused) {
  const auto refuses = [](const DigitAutoencoderOptions& options, const std::string& words) {
    EXPECT_THAT([&] { train_digit_autoencoder(options, split().training_images); },
                ThrowsMessage<Error>(HasSubstr(words)));
  };
  constexpr auto kFrame = BottleneckFunction::kTanhFrame;
  refuses({.width = 0}, "a bottleneck must have a neuron; got 0");
  refuses({.num_epochs = -1}, "epochs are counted from 0; got -1");
  refuses({.function = kFrame}, "a frame belongs to the function that acts along it, and to no other; got none");
  refuses({.frame = rotation(16)}, "and to no other; got (16, 16)");
  refuses({.function = kFrame, .frame = rotation(15)}, "a frame must be (num_vectors, width); got (15, 15)");
  refuses({.function = kFrame, .frame = at::ones({16})}, "a frame must be (num_vectors, width); got (16)");
  const std::string rule = "a turned start needs an orthonormal frame of as many vectors as neurons; got ";
  refuses({.starts_turned = true}, rule + "none");
  refuses({.function = kFrame, .frame = 2 * rotation(16), .starts_turned = true}, rule + "(16, 16)");
  refuses({.function = kFrame, .frame = at::ones({24, 16}), .starts_turned = true}, rule + "(24, 16)");
}

}  // namespace
}  // namespace srm
