#include "srm/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "brute_force.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

torch::jit::Module load_model(const std::string& name) {
  torch::jit::Module model = torch::jit::load(std::string(TORCHSRM_TEST_DATA) + "/models/" + name + ".pt");
  model.eval();
  return model;
}

torch::Tensor gaussian(at::IntArrayRef shape, std::uint64_t seed = 3) {
  return torch::randn(shape, at::detail::createCPUGenerator(seed));
}

/// The Resonance of these rows by the Torch-free accumulator alone.
Resonance accumulated(const torch::Tensor& rows, const ObserveOptions& options, std::vector<double> mean = {}) {
  const torch::Tensor wide = rows.to(torch::kDouble).contiguous();
  AccumulatorOptions accumulator_options;
  accumulator_options.epsilon = options.epsilon;
  accumulator_options.grid = AngleGrid(options.num_angles, options.grid);
  accumulator_options.mean = std::move(mean);
  const double* data = wide.const_data_ptr<double>();
  return test::accumulate({data, data + wide.numel()}, options.basis ? *options.basis : Basis::standard(wide.size(1)),
                          accumulator_options);
}

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

TEST(ToRowsTest, EachLayoutPutsOneSampleInARow) {
  const auto x = torch::arange(24, torch::kFloat).reshape({2, 3, 4});
  EXPECT_TRUE(torch::equal(to_rows(x, Layout::kAuto, "a"), x.reshape({6, 4})));
  EXPECT_TRUE(torch::equal(to_rows(x, Layout::kLast, "a"), x.reshape({6, 4})));
  EXPECT_TRUE(torch::equal(to_rows(x, Layout::kFlatten, "a"), x.reshape({2, 12})));
  EXPECT_TRUE(torch::equal(to_rows(x, Layout::kChannels, "a"), x.transpose(1, 2).reshape({8, 3})));
  const auto image = torch::arange(2 * 3 * 4 * 5, torch::kFloat).reshape({2, 3, 4, 5});
  const auto positions = image.permute({0, 2, 3, 1}).reshape({40, 3});
  EXPECT_TRUE(torch::equal(to_rows(image, Layout::kAuto, "a"), positions));
  EXPECT_TRUE(torch::equal(to_rows(image.contiguous(at::MemoryFormat::ChannelsLast), Layout::kAuto, "a"), positions));
  const auto flat = torch::arange(6, torch::kFloat);
  EXPECT_TRUE(torch::equal(to_rows(flat, Layout::kLast, "a"), flat.reshape({1, 6})));
  EXPECT_TRUE(torch::equal(to_rows(flat, Layout::kFlatten, "a"), flat.reshape({6, 1})));
  EXPECT_EQ(to_rows(torch::empty({0, 7}), Layout::kAuto, "a").size(0), 0);
}

TEST(ToRowsTest, HalfTypesWidenExactlyAndDoubleStays) {
  const auto x = gaussian({4, 5});
  EXPECT_TRUE(torch::equal(to_rows(x.to(torch::kHalf), Layout::kAuto, "a"), x.to(torch::kHalf).to(torch::kFloat)));
  EXPECT_TRUE(
      torch::equal(to_rows(x.to(torch::kBFloat16), Layout::kAuto, "a"), x.to(torch::kBFloat16).to(torch::kFloat)));
  EXPECT_EQ(to_rows(x.to(torch::kDouble), Layout::kAuto, "a").scalar_type(), torch::kDouble);
}

TEST(ToRowsTest, WhatHasNoRowsIsRefusedByName) {
  EXPECT_THAT(
      [] {
        to_rows(torch::ones({2, 2}, torch::kLong), Layout::kAuto, "encoder.0");
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("floating point; got Long (2, 2)"), HasSubstr("--layers '!encoder.0'"))));
  EXPECT_THAT(
      [] {
        to_rows(torch::ones({2, 2}, torch::kComplexFloat), Layout::kAuto, "a");
      },
      ThrowsMessage<Error>(HasSubstr("ComplexFloat")));
  EXPECT_THAT([] { to_rows(torch::ones({}), Layout::kAuto, "a"); }, ThrowsMessage<Error>(HasSubstr("a dimension")));
  EXPECT_THAT([] { to_rows(torch::ones({3}), Layout::kAuto, "a"); }, ThrowsMessage<Error>(HasSubstr("--layout")));
  EXPECT_THAT([] { to_rows(torch::ones({3}), Layout::kChannels, "a"); }, ThrowsMessage<Error>(HasSubstr("channels")));
}

TEST(ObservedModuleTest, CountsAreThoseOfTheLayersOutputsAndOutputsAreTheModelsOwn) {
  const torch::jit::Module model = load_model("mlp_scripted");
  HookedModule hooked(model);
  const auto width = model.parameters().begin();
  const torch::Tensor first_weight = *width;
  const auto x = gaussian({50, first_weight.size(1)});

  // What passed, by a hook alone.
  std::map<std::string, torch::Tensor> passed;
  for (std::size_t k = 0; k < hooked.sites().size(); ++k) {
    hooked.hook(k).set_receiver([&passed, address = hooked.sites()[k].address](const c10::IValue& output) {
      passed[address] = output.toTensor().clone();
    });
  }
  const torch::NoGradGuard no_grad;
  hooked.forward({x});

  const ObserveOptions options{.layers = {"*"}, .epsilon = {0.9, 0.4}};
  ObservedModule observed(model, options, ample());
  torch::jit::Module bare = model;
  for (int run = 0; run < 3; ++run) {
    EXPECT_TRUE(torch::equal(observed.forward({x}).toTensor(), bare.forward({x}).toTensor()));
  }
  const Results results = observed.results();
  ASSERT_GE(results.layers.size(), 2U);
  for (const Resonance& layer : results) {
    const torch::Tensor& output = passed.at(layer.address());
    const Resonance expected = accumulated(torch::cat({output, output, output}), options);
    EXPECT_EQ(layer.parts().counts, expected.parts().counts) << layer.address();
    EXPECT_EQ(layer.parts().scores, expected.parts().scores) << layer.address();
    EXPECT_EQ(layer.parts().num_calls, 3);
    EXPECT_EQ(layer.num_samples_seen(), 150);
  }
}

TEST(ObservedModuleTest, CentringEqualsCountingRowsWhoseMeanWasTakenOff) {
  const torch::jit::Module model = load_model("linear_scripted");
  const auto x = gaussian({40, (*model.parameters().begin()).size(1)}) + 2;
  const ObserveOptions options{.layers = {"."}, .epsilon = {0.5}, .centre = true};
  ObservedModule observed(model, options, ample());
  const torch::NoGradGuard no_grad;
  for (const auto& batch : x.split(7)) observed.forward({batch});
  EXPECT_TRUE(observed.results().layers.empty()) << "the first pass only takes the mean";
  observed.finish_means();
  torch::Tensor outputs;
  for (const auto& batch : x.split(7)) {
    const auto output = observed.forward({batch}).toTensor();
    outputs = outputs.defined() ? torch::cat({outputs, output}) : output;
  }
  const Results results = observed.results();
  ASSERT_EQ(results.layers.size(), 1U);
  const ResonanceParts& parts = results.layers[0].parts();
  EXPECT_TRUE(parts.centred);
  EXPECT_EQ(parts.num_calls, 6);
  const torch::Tensor mean = outputs.to(torch::kDouble).mean(0);
  ASSERT_EQ(static_cast<std::int64_t>(parts.mean.size()), mean.size(0));
  for (std::int64_t k = 0; k < mean.size(0); ++k) EXPECT_NEAR(parts.mean[k], mean[k].item<double>(), 1e-12);
  EXPECT_EQ(parts.counts, accumulated(outputs, options, parts.mean).parts().counts);
}

TEST(ObservedModuleTest, LayoutsGoToTheLayersTheyNameAndMustNameOne) {
  const torch::jit::Module model = load_model("mlp_scripted");
  const auto x = gaussian({6, (*model.parameters().begin()).size(1)});
  ObserveOptions options;
  options.epsilon = {0.3};
  options.layouts = {{"no_such_layer", Layout::kFlatten}};
  EXPECT_THROW(ObservedModule(model, options, ample()), Error);
  options.layouts = {{"", Layout::kChannels}};
  ObservedModule observed(model, options, ample());
  const torch::NoGradGuard no_grad;
  observed.forward({x});
  EXPECT_EQ(observed.results().layers.at(0).num_samples_seen(), 6);
}

TEST(ObserverTest, WhatDoesNotFitIsRefusedAndLosesNothing) {
  ObserveOptions options;
  options.epsilon = {0.5};
  Observer observer("layer", options, Layout::kAuto, ample());
  const auto x = gaussian({5, 4});
  observer.observe(x);
  EXPECT_THAT([&] { observer.observe(c10::IValue(3)); },
              ThrowsMessage<Error>(AllOf(HasSubstr("must be a tensor; got Int"), HasSubstr("--layers '!layer'"))));
  EXPECT_THAT(
      [&] {
        observer.observe(gaussian({5, 6}));
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("must have 4 numbers; got 6"), HasSubstr("--layout"))));
  EXPECT_THROW(observer.observe(torch::ones({5, 4}, torch::kInt)), Error);
  observer.observe(torch::empty({0, 4}));
  const ResonanceParts parts = observer.resonance()->parts();
  EXPECT_EQ(parts.num_samples_seen, 5);
  EXPECT_EQ(parts.num_calls, 2) << "an empty batch is a call without samples";
  EXPECT_EQ(parts.counts, accumulated(x, options).parts().counts);
}

TEST(ObserverTest, MemoryIsSharedByLayersAndNamedWhenItEnds) {
  ObserveOptions options;
  const auto budget = std::make_shared<MemoryBudget>(1 << 20);
  Observer small("small", options, Layout::kAuto, budget);
  Observer large("large", options, Layout::kAuto, budget);
  small.observe(gaussian({3, 4}));
  EXPECT_THAT(
      [&] {
        large.observe(gaussian({3, 400}));
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("'large'"), HasSubstr("limit of 1.0 MB"))));
  EXPECT_TRUE(small.resonance().has_value());
  EXPECT_FALSE(large.resonance().has_value());
}

TEST(ObserverTest, OptionsOutOfRangeAreRefusedBeforeAnythingRuns) {
  ObserveOptions options;
  options.epsilon = {1.5};
  EXPECT_THAT([&] { Observer("a", options, Layout::kAuto, ample()); }, ThrowsMessage<Error>(HasSubstr("got 1.5")));
  options = {};
  options.num_angles = 0;
  EXPECT_THAT([&] { require_valid(options); }, ThrowsMessage<Error>(HasSubstr("number of angles")));
}

TEST(ObserverTest, SilentLayersAreNamed) {
  ObservedModule observed(load_model("mlp_scripted"), ObserveOptions{}, ample());
  EXPECT_EQ(observed.silent_layers().size(), observed.sites().size());
  EXPECT_TRUE(observed.results().layers.empty());
}

}  // namespace
}  // namespace srm
