// What an Observer finds of a layer beside its curves, and what the passes before the counting one decide.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "brute_force.h"
#include "hooked_models.h"
#include "srm/error.h"
#include "srm/layer_observer.h"
#include "srm/merge.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

/// Runs the same rows through every pass, in batches.
ObservedLayer observed(const at::Tensor& rows, const ObserveOptions& options, const at::Tensor& labels = {},
                       std::int64_t batch = 7) {
  Observer observer("layer", options, Layout::kAuto, ample());
  const auto num_passes = passes_of(options).size();
  for (std::size_t pass = 0; pass < num_passes; ++pass) {
    for (std::int64_t begin = 0; begin < rows.size(0); begin += batch) {
      const std::int64_t end = std::min(begin + batch, rows.size(0));
      observer.observe(rows.slice(0, begin, end), {}, {labels.defined() ? labels.slice(0, begin, end) : labels});
    }
    observer.finish_pass();
  }
  return observer.layer();
}

TEST(ObservedLayer, RowsOfOneElementOfTheBatchAreABlock) {
  const at::Tensor x = test::rows({20, 5, 4});
  const Resonance tokens = *observed(x, {.epsilon = {0.5}}).whole;
  const Resonance rows = *observed(x.reshape({100, 4}), {.epsilon = {0.5}}).whole;
  EXPECT_EQ(tokens.parts().scores.blocks.num_blocks, 20);
  EXPECT_EQ(rows.parts().scores.blocks.num_blocks, 100);
  EXPECT_EQ(tokens.parts().counts, rows.parts().counts);
  // The same rows five times each: five times as many rows are no more evidence.
  const at::Tensor repeated = x.select(1, 0).unsqueeze(1).expand({20, 5, 4}).contiguous();
  EXPECT_NEAR(quartic_alignment_error(*observed(repeated, {.epsilon = {0.5}}).whole),
              quartic_alignment_error(*observed(x.select(1, 0), {.epsilon = {0.5}}).whole), 1e-6);
  EXPECT_EQ(observed(x, {.epsilon = {0.5}}, {}, 1).whole->parts().scores, tokens.parts().scores) << "however it is cut";
}

TEST(ObservedLayer, EpsilonFollowsTheWidth) {
  EXPECT_THAT(observed(test::rows({9, 16}), {}).whole->parts().epsilon, ElementsAre(0.558));
  EXPECT_THAT(observed(test::rows({9, 64}), {.epsilon = {EpsilonChoice::isotropic(0.01), 0.9}}).whole->parts().epsilon,
              ElementsAre(0.288, 0.9));
  EXPECT_THAT(observed(test::rows({9, 1}), {}).whole->parts().epsilon, ElementsAre(0.9));
  EXPECT_THAT(observed(test::rows({9, 16}), {.epsilon = {EpsilonChoice::isotropic(), 0.558}}).whole->parts().epsilon,
              ElementsAre(0.558))
      << "two ways to the same";
}

TEST(ObservedLayer, EpsilonFollowsTheDataInAPassOfItsOwn) {
  const at::Tensor x = at::tanh(3 * test::rows({400, 12})) + 0.3;
  for (const bool centre : {false, true}) {
    const ObserveOptions options{.epsilon = {EpsilonChoice::of_data(0.02)}, .centre = centre};
    EXPECT_THAT(passes_of(options), ElementsAre(Pass::kMeasuring, Pass::kCounting));
    const Resonance layer = *observed(x, options).whole;
    double rate = 0;
    for (const double f : layer.holistic_mean(0)) rate += f / 360;
    EXPECT_NEAR(rate, 0.02, 0.001) << layer.parts().epsilon.front();
  }
}

TEST(ObservedLayer, TopPlanesAreThoseWithMostHitsOfAllAndTheRestIsExact) {
  const at::Tensor x = at::pow(test::rows({300, 10}), 3);
  ObserveOptions options{.epsilon = {0.8}, .num_angles = 24};
  const Resonance all = *observed(x, options).whole;
  options.top_planes = 6;
  EXPECT_THAT(passes_of(options), ElementsAre(Pass::kRanking, Pass::kCounting));
  const Resonance top = *observed(x, options).whole;
  EXPECT_EQ(top.parts().planes, top_planes(all, 0, 6).listed);
  EXPECT_EQ(top.parts().holistic_counts, all.parts().holistic_counts);
  EXPECT_EQ(top.parts().scores, all.parts().scores);
  for (const auto& [i, j] : top.parts().planes) {
    EXPECT_EQ(top.curve(0, top.plane_index(i, j)), all.curve(0, all.plane_index(i, j)));
  }
  options.top_planes = 0;
  EXPECT_TRUE(observed(x, options).whole->has_all_planes()) << "memory holds all";
}

TEST(ObservedLayer, AsManyTopPlanesAsMemoryHolds) {
  ObserveOptions options{.epsilon = {0.3}};
  options.top_planes = 0;
  const auto budget = std::make_shared<MemoryBudget>(60'000'000);
  Observer observer("wide", options, Layout::kAuto, budget);
  const at::Tensor x = test::rows({40, 300});
  observer.observe(x);
  observer.finish_pass();
  observer.observe(x);
  const Resonance layer = *observer.resonance();
  EXPECT_EQ(layer.parts().num_planes_summed, 300 * 299 / 2);
  EXPECT_LT(layer.num_planes(), 300 * 299 / 2);
  EXPECT_GT(layer.num_planes(), 1000);
}

TEST(ObservedLayer, WithoutTablesAWideLayerTakesLittleAndItsMeanIsExact) {
  ObserveOptions options{.epsilon = {0.2}, .num_angles = 36};
  const at::Tensor x = test::rows({50, 40});
  const Resonance all = *observed(x, options).whole;
  options.planes.kind = PlaneChoice::Kind::kNone;
  const Resonance none = *observed(x, options).whole;
  EXPECT_EQ(none.num_planes(), 0);
  EXPECT_EQ(none.holistic_mean(0), all.holistic_mean(0));
  const auto small = std::make_shared<MemoryBudget>(64'000'000);
  Observer wide("wide", options, Layout::kAuto, small);
  wide.observe(test::rows({4, 4096}));
  EXPECT_EQ(wide.resonance()->parts().num_planes_summed, 4096LL * 4095 / 2);
}

TEST(ObservedLayer, ResultsByClassAddUpToTheWhole) {
  const at::Tensor x = test::rows({60, 3, 5});
  const at::Tensor labels = at::arange(60, at::kLong).remainder(4) - 1;  // -1 is unknown
  ObserveOptions options{.epsilon = {0.6}, .num_angles = 24};
  const Resonance whole = *observed(x, options).whole;
  options.num_classes = 3;
  options.by_class = true;
  const ObservedLayer layer = observed(x, options, labels);
  EXPECT_EQ(layer.whole->parts().counts, whole.parts().counts);
  EXPECT_EQ(layer.whole->parts().scores, whole.parts().scores);
  EXPECT_EQ(layer.whole->parts().num_calls, whole.parts().num_calls);
  ASSERT_EQ(layer.classes.size(), 3U);
  std::optional<Resonance> sum;
  for (std::int64_t c = 0; c < 3; ++c) {
    const Resonance& one = layer.classes[static_cast<std::size_t>(c)];
    EXPECT_EQ(one.parts().group, std::to_string(c));
    const at::Tensor rows = x.index_select(0, labels.eq(c).nonzero().flatten());
    EXPECT_EQ(one.parts().counts, observed(rows, {.epsilon = {0.6}, .num_angles = 24}).whole->parts().counts);
    EXPECT_EQ(one.parts().scores.blocks.num_blocks, 15);
  }
  // However the stream is cut.
  EXPECT_EQ(observed(x, options, labels, 60).classes[1].parts().scores, layer.classes[1].parts().scores);
}

TEST(ObservedLayer, NeuronsHaveClassesAndTheNearestSamples) {
  at::Tensor x = 0.02 * test::rows({40, 2, 6});
  const at::Tensor labels = at::arange(40, at::kLong).remainder(2);
  x.index_put_({labels.eq(1).nonzero().flatten(), at::tensor(1), at::tensor(4)}, -2.0);  // class 1 is on -e4
  ObserveOptions options{.epsilon = {0.98}};
  options.num_classes = 2;
  options.num_nearest = 3;
  const NeuronTable table = *observed(x, options, labels).findings.neurons;
  const NeuronReading reading = table.reading(0, 4, Side::kMinus);
  EXPECT_EQ(reading.count, 20);
  EXPECT_EQ(reading.majority_class, 1);
  EXPECT_EQ(reading.purity, 1);
  EXPECT_EQ(reading.recall, 0.5) << "of 40 rows of the class, two a sample";
  ASSERT_EQ(table.nearest(4, Side::kMinus).size(), 3U);
  for (const NearestRow& row : table.nearest(4, Side::kMinus)) {
    EXPECT_EQ(row.sample % 2, 1);
    EXPECT_EQ(row.position, 1);
    EXPECT_EQ(row.label, 1);
  }
}

TEST(ObservedLayer, SamplesAreNumberedAsTheyComeOrAsToldAndKeptRowsKnowThem) {
  ObserveOptions options{.epsilon = {0.9}};
  options.num_nearest = 1;
  options.every = 2;
  Observer observer("layer", options, Layout::kAuto, ample());
  at::Tensor on_axis = at::zeros({4, 3});
  on_axis.select(1, 0).fill_(1);
  const at::Tensor off_axis = test::rows({4, 3});
  observer.observe(off_axis);  // 0 to 3
  observer.observe(off_axis);  // 4 to 7, not taken
  observer.observe(on_axis);   // 8 to 11
  EXPECT_EQ(observer.layer().findings.neurons->nearest(0, Side::kPlus).front().sample, 8);
  options.every = 1;
  Observer told("layer", options, Layout::kAuto, ample());
  told.observe(on_axis, {}, {{}, 100});
  EXPECT_EQ(told.layer().findings.neurons->nearest(0, Side::kPlus).front().sample, 100);
}

TEST(ObservedLayer, DensitiesAreOfTheChosenPlanesAtTheFirstEpsilon) {
  ObserveOptions options{.epsilon = {0.4, 0.9}};
  options.density_planes = {{0, 2}, {1, 3}};
  options.density_bins = 16;
  options.density_points = 5;
  const PlaneDensities densities = *observed(test::rows({90, 4}), options).findings.densities;
  EXPECT_EQ(densities.num_planes(), 2);
  EXPECT_EQ(densities.parts().epsilon, 0.4);
  EXPECT_EQ(densities.parts().num_bins, 16);
  EXPECT_EQ(densities.parts().planes[0].points.size(), 5U);
}

TEST(ObservedLayer, TheSampleForTestsIsBoundedAndTheSameAtTwoPlaces) {
  ObserveOptions options{.epsilon = {0.5}};
  options.num_test_rows = 50;
  options.seed = 4;
  const at::Tensor x = test::rows({200, 3, 4});
  Observer before("before", options, Layout::kAuto, ample()), after("after", options, Layout::kAuto, ample());
  options.counts = false;
  Observer alone("alone", options, Layout::kAuto, ample());
  for (const at::Tensor& part : x.split(9)) {
    before.observe(part);
    after.observe(at::tanh(part));
    alone.observe(part);
  }
  const RowReservoir sample = *before.sample();
  EXPECT_EQ(sample.num_rows(), 50);
  EXPECT_EQ(sample.num_rows_offered(), 600);
  EXPECT_EQ(after.sample()->row_numbers(), sample.row_numbers());
  EXPECT_EQ(alone.sample()->rows(), sample.rows());
  EXPECT_FALSE(alone.resonance().has_value());
  for (std::size_t k = 0; k < 50; ++k) EXPECT_EQ(sample.blocks()[k], sample.row_numbers()[k] / 3);
}

TEST(ObservedLayer, SampleByWidthGivesWayToWhatMemoryThereIs) {
  ObserveOptions options{.epsilon = {0.5}};
  options.num_test_rows = kByWidth;
  options.planes.kind = PlaneChoice::Kind::kNone;
  const auto sample_in = [&](std::int64_t bytes) {
    Observer observer("layer", options, Layout::kAuto, std::make_shared<MemoryBudget>(bytes));
    observer.observe(test::rows({5, 100}));
    return observer.sample();
  };
  EXPECT_EQ(sample_in(std::int64_t{1} << 30)->capacity(), 4096);
  EXPECT_LT(sample_in(10'000'000)->capacity(), 1000);
  EXPECT_EQ(test_rows_of_width(512), 4096);
  EXPECT_EQ(test_rows_of_width(768), 1820);
  EXPECT_EQ(test_rows_of_width(4096), 512);
}

TEST(ObservedLayer, ABasisIsLearnedFromOtherRowsThanAreCounted) {
  ObserveOptions options{.epsilon = {0.5}};
  at::Tensor given;
  options.basis_rule = {
      "first rows",
      [&](std::int64_t dim, const at::Tensor& rows) {
        given = rows;
        const at::Tensor three = rows.slice(0, 0, 3).contiguous();
        const double* data = three.const_data_ptr<double>();
        return std::make_shared<const Basis>(Basis::from_vectors("first rows", 3, dim, {data, data + three.numel()}));
      },
      10};
  EXPECT_THAT(passes_of(options), ElementsAre(Pass::kLearning, Pass::kCounting));
  Observer observer("layer", options, Layout::kAuto, ample());
  observer.observe(test::rows({30, 4}, 1));
  observer.finish_pass();
  EXPECT_EQ(given.size(0), 10);
  EXPECT_FALSE(observer.resonance().has_value());
  observer.observe(test::rows({20, 4}, 2));
  EXPECT_EQ(observer.resonance()->num_samples_seen(), 20);
  EXPECT_EQ(observer.resonance()->parts().basis_name, "first rows");
  EXPECT_EQ(observer.basis()->num_vectors(), 3);
}

TEST(ObservedLayer, AGivenMeanTakesNoPass) {
  const at::Tensor x = test::rows({30, 3}) + 2;
  ObserveOptions options{.epsilon = {0.5}, .centre = true};
  const Resonance found = *observed(x, options).whole;
  options.mean = found.parts().mean;
  EXPECT_THAT(passes_of(options), ElementsAre(Pass::kCounting));
  const Resonance given = *observed(x, options).whole;
  EXPECT_EQ(given.parts().counts, found.parts().counts);
  EXPECT_TRUE(given.parts().centred);
  options.mean.push_back(1);
  EXPECT_THAT([&] { observed(x, options); }, ThrowsMessage<Error>(HasSubstr("the mean must have 3 numbers")));
}

TEST(ObservedLayer, SignedCountsAreThoseOfBothSides) {
  ObserveOptions options{.epsilon = {0.5}, .num_angles = 12};
  options.is_signed = true;
  const Resonance layer = *observed(test::rows({30, 3}), options).whole;
  for (std::int64_t k = 0; k < 12; ++k) {
    const double f = layer.curve(0, 1)[static_cast<std::size_t>(k)];
    const double opposite = layer.curve(0, 1)[static_cast<std::size_t>((k + 6) % 12)];
    EXPECT_NEAR(layer.signed_curve(0, 1)[static_cast<std::size_t>(k)], f - opposite, 1e-12);
  }
}

TEST(ObservedLayer, LabelsThatDoNotFitAreRefusedAndLoseNothing) {
  ObserveOptions options{.epsilon = {0.5}};
  options.num_classes = 3;
  options.by_class = true;
  Observer observer("layer", options, Layout::kAuto, ample());
  const at::Tensor x = test::rows({4, 3});
  observer.observe(x, {}, {at::tensor({0, 1, 2, -1}, at::kLong)});
  EXPECT_THAT(
      [&] {
        observer.observe(x, {}, {at::tensor({0, 1, 2}, at::kLong)});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("one for each sample"), HasSubstr("Long (3) for rows of 1"))));
  EXPECT_THROW(observer.observe(x, {}, {at::ones({4})}), Error);
  EXPECT_THAT(
      [&] {
        observer.observe(x, {}, {at::tensor({0, 1, 2, 3}, at::kLong)});
      },
      ThrowsMessage<Error>(HasSubstr("classes below 3")));
  EXPECT_EQ(observer.resonance()->num_samples_seen(), 4);
  EXPECT_EQ(observer.layer().classes.size(), 3U);
}

TEST(ObservedLayer, OptionsThatContradictEachOtherAreRefused) {
  const auto refused = [](const ObserveOptions& options, const char* words) {
    EXPECT_THAT([&] { require_valid(options); }, ThrowsMessage<Error>(HasSubstr(words))) << words;
  };
  ObserveOptions options;
  options.mean = {1, 2};
  refused(options, "a mean is for centring");
  options = {};
  options.top_planes = -1;
  refused(options, "number of top planes");
  options.top_planes = 4;
  options.planes.kind = PlaneChoice::Kind::kNone;
  refused(options, "chosen in one way");
  options = {};
  options.by_class = true;
  refused(options, "results per class need labels");
  options.num_classes = 2;
  options.top_planes = 0;
  refused(options, "say how many");
  options = {};
  options.counts = false;
  refused(options, "something must be taken");
  options = {};
  options.epsilon = {EpsilonChoice::isotropic(0.6)};
  refused(options, "below 1/2");
}

}  // namespace
}  // namespace srm
