// What the page holds of planes one by one, of densities and of neurons: exact, and no more than it should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "findings_examples.h"
#include "report/density_json.h"
#include "report/neuron_pictures_json.h"
#include "report/packed_numbers.h"
#include "report/plane_map_json.h"
#include "srm/accumulator.h"
#include "srm/error.h"
#include "srm/isotropic_plane.h"
#include "srm/report.h"

namespace srm {
namespace {

using nlohmann::ordered_json;
using report::packed;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Rows that are unit vectors on the diagonals of the planes given, each once.
Resonance diagonals(std::int64_t dim, const std::vector<Plane>& planes, const PlaneChoice& choice = {}) {
  MemoryBudget budget(1 << 30);
  AccumulatorOptions options{.grid = AngleGrid(8), .mean = {}};
  options.epsilon = {0.9, 0.6};
  options.planes = choice;
  Accumulator accumulator(std::make_shared<Basis>(Basis::standard(dim)), options, budget, "layer");
  for (const Plane& plane : planes) {
    std::vector<float> row(static_cast<std::size_t>(dim), 0.0F);
    row[static_cast<std::size_t>(plane.i)] = row[static_cast<std::size_t>(plane.j)] = 1;
    accumulator.update(row.data(), 1, dim, dim);
  }
  return accumulator.resonance();
}

LayerFindings findings_of(LayerTests tests) { return {"layer", std::move(tests)}; }

TEST(PlaneMapJsonTest, OfAFewVectorsEveryPlaneIsThere) {
  const Resonance layer = diagonals(4, {{0, 1}, {0, 1}, {2, 3}});
  const ordered_json map = report::plane_map_json(layer, nullptr);
  EXPECT_EQ(map["vectors"], ordered_json({0, 1, 2, 3}));
  EXPECT_EQ(map["chosen_by"], "all");
  EXPECT_EQ(map["hits"][0], packed(std::vector<std::int64_t>{2, 0, 0, 0, 0, 1}));
  // At 0.6 a diagonal is in every plane of one of its two vectors as well: r is 0.71.
  EXPECT_EQ(map["hits"][1], packed(std::vector<std::int64_t>{2, 3, 3, 3, 3, 1}));
  for (const char* key : {"c4", "q_c4", "q_hit_rate", "tested_hits"}) EXPECT_TRUE(map[key].is_null()) << key;
  EXPECT_TRUE(map["curves"].empty());
}

TEST(PlaneMapJsonTest, WhatTheTestsFoundIsThereAndBlanksAre) {
  const Resonance layer = diagonals(16, {{1, 3}});
  LayerTests tests = test::layer_tests(0.1);
  tests.num_rows = 200;
  const LayerFindings findings = findings_of(tests);
  const ordered_json map = report::plane_map_json(layer, &findings);
  EXPECT_EQ(map["vectors"].size(), 16U) << "all vectors, also those that the tests' map is not of";
  std::vector<std::int64_t> c4(120, -1), q_c4(120, -1), hits(120, -1);
  const auto place = [](int a, int b) { return static_cast<std::size_t>(a * (31 - a) / 2 + b - a - 1); };
  c4[place(1, 3)] = 500;
  c4[place(1, 9)] = 1250;
  q_c4[place(1, 3)] = 200;
  q_c4[place(1, 9)] = 30;
  hits[place(1, 3)] = 40;
  hits[place(1, 9)] = 25;
  EXPECT_EQ(map["c4"], packed(c4));
  EXPECT_EQ(map["q_c4"], packed(q_c4));
  EXPECT_EQ(map["tested_hits"], packed(hits));
  EXPECT_EQ(map["num_rows"], 200);
  ASSERT_EQ(map["curves"].size(), 1U) << "that of the tests' list";
  EXPECT_EQ(map["curves"][0]["j"], 3);
  EXPECT_EQ(map["curves"][0]["num_hits"], ordered_json({1, 1}));
  EXPECT_EQ(map["curves"][0]["counts"][0], packed(layer.counts(0, layer.plane_index(1, 3))));
}

TEST(PlaneMapJsonTest, OfManyVectorsThoseOfThePlanesWithMostHits) {
  std::vector<Plane> planes;
  for (int k = 0; k < 3; ++k) planes.push_back({98, 99});
  for (int k = 0; k < 2; ++k) planes.push_back({5, 50});
  const Resonance layer = diagonals(100, planes);
  const ordered_json map = report::plane_map_json(layer, nullptr);
  EXPECT_EQ(map["chosen_by"], "hits");
  const auto vectors = map["vectors"].get<std::vector<std::int64_t>>();
  EXPECT_EQ(vectors.size(), 64U);
  EXPECT_TRUE(std::is_sorted(vectors.begin(), vectors.end()));
  for (const std::int64_t vector : {5, 50, 98, 99}) EXPECT_THAT(vectors, testing::Contains(vector));
  LayerTests tests = test::layer_tests(0.1);
  tests.dim = tests.num_vectors = 100;
  const LayerFindings findings = findings_of(tests);
  EXPECT_EQ(report::plane_map_json(layer, &findings)["vectors"], ordered_json({1, 3, 9}));
  EXPECT_EQ(report::plane_map_json(layer, &findings)["chosen_by"], "tests");
}

TEST(PlaneMapJsonTest, WithoutPlanesThereIsNone) {
  const Resonance layer = diagonals(4, {{0, 1}}, {.kind = PlaneChoice::Kind::kNone});
  EXPECT_TRUE(report::plane_map_json(layer, nullptr).is_null());
  const Resonance listed = diagonals(4, {{0, 1}}, {.kind = PlaneChoice::Kind::kListed, .listed = {{0, 1}, {1, 3}}});
  EXPECT_EQ(report::plane_map_json(listed, nullptr)["hits"][0],
            packed(std::vector<std::int64_t>{1, -1, -1, -1, 0, -1}));
}

// Of 16 MB of tables the page holds some kilobytes.
TEST(PlaneMapJsonTest, ItIsSmall) {
  const Resonance layer = diagonals(150, {{98, 99}});
  EXPECT_LT(report::plane_map_json(layer, nullptr).dump().size(), 6000U);
}

TEST(DensityJsonTest, BinsAndPointsAreThere) {
  const PlaneDensities densities = test::plane_densities();
  const ordered_json list = report::density_json(densities);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["j"], 1);
  EXPECT_EQ(list[0]["reach"], 2);
  EXPECT_EQ(list[0]["joined"], 1);
  EXPECT_EQ(list[0]["counts"], packed(densities.parts().planes[0].counts));
  const std::vector<double> isotropic = isotropic_counts(densities, 0);
  std::vector<std::int64_t> quarter;
  for (const std::size_t place : {10, 11, 14, 15}) quarter.push_back(std::llround(1000 * isotropic[place]));
  EXPECT_EQ(list[0]["isotropic"], packed(quarter));
  const std::vector<PlanePoint>& points = densities.parts().planes[0].points;
  EXPECT_EQ(list[0]["u"],
            packed(std::vector<std::int64_t>{std::llround(points[0].u * 4096), std::llround(points[1].u * 4096)}));
  EXPECT_EQ(list[0]["sample"], packed(std::vector<std::int64_t>{points[0].sample, points[1].sample}));
  EXPECT_EQ(list[0]["label"], packed(std::vector<std::int64_t>{points[0].label, points[1].label}));
  EXPECT_EQ(list[1]["num_points"], 0);
}

TEST(DensityJsonTest, ManyBinsAreJoined) {
  PlaneDensitiesParts parts = test::plane_densities().parts();
  parts.num_bins = 256;
  parts.planes.pop_back();
  parts.planes[0].points.clear();
  parts.planes[0].counts.assign(256 * 256, 0);
  // Four points in bins that become one, and one beside.
  for (const int place : {128 * 256 + 252, 131 * 256 + 255, 129 * 256 + 253, 130 * 256 + 254, 132 * 256 + 255}) {
    parts.planes[0].counts[static_cast<std::size_t>(place)] = 1;
  }
  parts.num_points = 0;
  const ordered_json list = report::density_json(PlaneDensities(parts));
  EXPECT_EQ(list[0]["num_bins"], 64);
  EXPECT_EQ(list[0]["joined"], 4);
  std::vector<std::int64_t> counts(64 * 64, 0);
  counts[32 * 64 + 63] = 4;
  counts[33 * 64 + 63] = 1;
  EXPECT_EQ(list[0]["counts"], packed(counts));
}

ordered_json neurons_of(const NeuronTable& table, std::set<std::int64_t>& samples) {
  Results results;
  MemoryBudget budget(1 << 30);
  const Accumulator accumulator(std::make_shared<Basis>(Basis::standard(16)), {.grid = AngleGrid(4), .mean = {}},
                                budget, "layer");
  results.layers.push_back(accumulator.resonance());
  results.findings = {{"layer", {}, table}};
  ordered_json neurons = layers_json(results)[0]["neurons"];
  report::fit_neurons(neurons, table, samples);
  return neurons;
}

TEST(NeuronPicturesJsonTest, SamplesOfWhatIsListedAreToldOnce) {
  std::set<std::int64_t> samples;
  const ordered_json neurons = neurons_of(test::neuron_table(), samples);
  const ordered_json& part = neurons["by_epsilon"][0];
  EXPECT_EQ(part["num_found"], 2) << "+b_3, and -b_1 with 11 of 12";
  EXPECT_TRUE(part["closest"].empty());
  EXPECT_EQ(samples, (std::set<std::int64_t>{3, 6, 93, 96}));
}

TEST(NeuronPicturesJsonTest, WithoutOneThoseThatCameNearest) {
  NeuronTableParts parts = test::neuron_table().parts();
  for (std::size_t c = 0; c < parts.class_counts.size(); c += 3) {
    if (parts.class_counts[c] == 11) parts.class_counts[c] = 9, parts.class_counts[c + 1] = 3;
    if (parts.class_counts[c + 2] == 20) parts.class_counts[c + 2] = 10, parts.class_counts[c + 1] = 10;
  }
  std::set<std::int64_t> samples;
  const ordered_json neurons = neurons_of(NeuronTable(parts), samples);
  const ordered_json& closest = neurons["by_epsilon"][0]["closest"];
  ASSERT_EQ(closest.size(), 2U) << "those with ten labelled rows";
  EXPECT_EQ(closest[0]["vector"], 1) << "the purest first";
  EXPECT_EQ(closest[1]["vector"], 3);
  EXPECT_EQ(samples, (std::set<std::int64_t>{3, 6, 93, 96}));

  samples.clear();
  const ordered_json unlabelled = neurons_of(test::unlabelled_table(), samples);
  EXPECT_EQ(unlabelled["by_epsilon"][0]["closest"].size(), 10U);
  EXPECT_EQ(unlabelled["by_epsilon"][0]["closest"][0]["count"], 40) << "the fullest first";
}

TEST(NeuronPicturesJsonTest, PicturesAreSmallAndTextsCut) {
  ReportOptions options;
  EXPECT_TRUE(report::samples_json({1, 2}, options).empty()) << "nothing is known of them";
  options.picture_of = [](std::int64_t sample) {
    if (sample == 1) return Picture{1, 3, {-1, 0, 1}};
    return Picture{64, 128, std::vector<double>(64 * 128, 5)};
  };
  options.text_of = [](std::int64_t sample) {
    return sample == 1 ? std::string("a <b>\xff") : std::string(599, 'x') + "\u00e9\u00e9";
  };
  const ordered_json samples = report::samples_json({1, 2}, options);
  EXPECT_EQ(samples["1"]["picture"]["shades"], packed(std::vector<std::int64_t>{0, 128, 255}));
  EXPECT_EQ(samples["1"]["text"], "a <b>\ufffd");
  EXPECT_EQ(samples["2"]["picture"]["height"], 16);
  EXPECT_EQ(samples["2"]["picture"]["width"], 32);
  EXPECT_EQ(samples["2"]["text"], std::string(599, 'x') + "...") << "no half of a letter";
  options.picture_of = [](std::int64_t) { return Picture{2, 2, {1}}; };
  EXPECT_THAT([&] { report::samples_json({7}, options); }, ThrowsMessage<Error>(HasSubstr("height * width values")));
}

}  // namespace
}  // namespace srm
