#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "file_bytes.h"
#include "findings_examples.h"
#include "plain_pickle.h"
#include "scratch_folder.h"
#include "srm/accumulator.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using GenericDict = c10::impl::GenericDict;

// Two layers with everything, and one of which there is nothing but its curves.
Results results_with_findings() {
  Results results;
  MemoryBudget budget(1 << 30);
  for (const char* address : {"encoder", "plain", "decoder"}) {
    const Accumulator accumulator(std::make_shared<Basis>(Basis::standard(16)), {.grid = AngleGrid(4), .mean = {}},
                                  budget, address);
    results.layers.push_back(accumulator.resonance());
  }
  results.findings.push_back({"encoder", test::layer_tests(0.125), test::neuron_table(), test::plane_densities()});
  LayerTests bare = test::layer_tests(-0.25);
  bare.top_shares = {{{0}, 1}};
  bare.nonlinearity.reset();
  bare.planes.reset();
  bare.haar = NullTest(0.5, {0.25, 0.25});  // z is no number
  results.findings.push_back({"decoder", bare, test::unlabelled_table()});
  return results;
}

Results read_back(const Results& results) { return results_from_bytes(to_bytes(results), "bytes"); }

TEST(FindingsFile, WhatIsSavedIsLoadedBack) {
  const Results results = results_with_findings();
  EXPECT_EQ(read_back(results).findings, results.findings);
  EXPECT_TRUE(read_back(Results{}).findings.empty());
}

TEST(FindingsFile, AStandardErrorOfOneBlockAndSeedsOfAllBitsStay) {
  Results results = results_with_findings();
  results.findings[0].tests->standard_error = std::numeric_limits<double>::quiet_NaN();
  results.findings[0].tests->seed = std::numeric_limits<std::uint64_t>::max();
  const Results loaded = read_back(results);
  EXPECT_TRUE(std::isnan(loaded.findings[0].tests->standard_error));
  EXPECT_EQ(loaded.findings[0].tests->seed, std::numeric_limits<std::uint64_t>::max());
}

TEST(FindingsFile, PythonOpensItAndEqualResultsGiveEqualBytes) {
  const ScratchFolder folder;
  save(results_with_findings(), folder / "results.srm.pt");
  save(read_back(results_with_findings()), folder / "again.pt");
  EXPECT_TRUE(is_plain_for_python(folder / "results.srm.pt"));
  EXPECT_EQ(bytes_of(folder / "results.srm.pt"), bytes_of(folder / "again.pt"));
}

TEST(FindingsFile, TablesWithoutVectorsRowsOrPlanesStay) {
  Results results = results_with_findings();
  NeuronTableParts neurons = test::neuron_table().parts();
  neurons.num_nearest = 0;
  neurons.nearest.clear();
  results.findings[0].neurons = NeuronTable(neurons);
  PlaneDensitiesParts densities = test::plane_densities().parts();
  densities.planes.clear();
  results.findings[0].densities = PlaneDensities(densities);
  results.findings[0].tests->planes->strongest.clear();
  EXPECT_EQ(read_back(results).findings, results.findings);
}

GenericDict file_dict() { return pickle_from_bytes(to_bytes(results_with_findings()), "bytes").toGenericDict(); }

GenericDict first_findings(const GenericDict& file) { return file.at("findings").toList().get(0).toGenericDict(); }

// The file format is a promise to other programs: its keys, types and shapes.
TEST(FindingsFile, ItsKeysAreThoseOfTheFormat) {
  const GenericDict found = first_findings(file_dict());
  EXPECT_EQ(found.at("address").toStringRef(), "encoder");
  const auto expect = [](const GenericDict& dict, const char* key, at::ScalarType type,
                         const std::vector<std::int64_t>& shape) {
    EXPECT_EQ(dict.at(key).toTensor().scalar_type(), type) << key;
    EXPECT_EQ(dict.at(key).toTensor().sizes(), shape) << key;
  };
  const GenericDict tests = found.at("tests").toGenericDict();
  const GenericDict haar = tests.at("haar").toGenericDict();
  EXPECT_EQ(haar.at("a4").toDouble(), 0.125);
  EXPECT_EQ(haar.at("p").toDouble(), 0.01);
  expect(haar, "null_scores", at::kDouble, {199});
  EXPECT_EQ(tests.at("nonlinearity").toGenericDict().at("function").toStringRef(), "tanh");
  expect(tests.at("nonlinearity").toGenericDict().at("m1c").toGenericDict(), "null_scores", at::kDouble, {199});
  expect(tests.at("top_shares").toList().get(1).toGenericDict(), "vectors", at::kLong, {3});
  const GenericDict strongest = tests.at("planes").toGenericDict().at("strongest").toGenericDict();
  expect(strongest, "planes", at::kLong, {1, 2});
  for (const char* key : {"c4", "p_c4", "q_c4", "hit_rate", "p_hit_rate", "q_hit_rate"}) {
    expect(strongest, key, at::kDouble, {1});
  }
  const GenericDict map = tests.at("planes").toGenericDict().at("map").toGenericDict();
  expect(map, "vectors", at::kLong, {3});
  for (const char* key : {"c4", "q_c4", "hit_rate", "q_hit_rate"}) expect(map, key, at::kFloat, {3});
  const GenericDict arcs = tests.at("planes").toGenericDict().at("arc_alignment").toGenericDict();
  EXPECT_EQ(arcs.at("c4").toDouble(), 0.5);
  EXPECT_EQ(arcs.at("standard_error").toDouble(), 0.0625);
  expect(arcs.at("haar").toGenericDict(), "null_scores", at::kDouble, {60});
  const GenericDict neurons = found.at("neurons").toGenericDict();
  expect(neurons, "epsilon", at::kDouble, {2});
  expect(neurons, "class_totals", at::kLong, {3});
  expect(neurons, "counts", at::kLong, {2, 16, 2});
  expect(neurons, "class_counts", at::kLong, {2, 16, 2, 3});
  expect(neurons, "nearest_cosine", at::kDouble, {16, 2, 2});
  for (const char* key : {"nearest_sample", "nearest_position", "nearest_label"}) {
    expect(neurons, key, at::kLong, {16, 2, 2});
  }
  const GenericDict densities = found.at("densities").toGenericDict();
  expect(densities, "squared_lengths", at::kLong, {68});
  expect(densities, "left_out", at::kLong, {1, 2});
  const GenericDict plane = densities.at("planes").toList().get(0).toGenericDict();
  EXPECT_EQ(plane.at("j").toInt(), 1);
  expect(plane, "counts", at::kLong, {4, 4});
  expect(plane, "points", at::kDouble, {2, 2});
  for (const char* key : {"point_sample", "point_position", "point_label"}) expect(plane, key, at::kLong, {2});
}

// What the error says when `change` was done to the file's dict, or "" when it was read.
std::string error_after(const std::function<void(GenericDict file, GenericDict found)>& change) {
  const GenericDict file = file_dict();
  change(file, first_findings(file));
  try {
    results_from_bytes(pickle_to_bytes(file), "bytes");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(FindingsFile, AnOlderFileHasNoFindings) {
  const GenericDict file = file_dict();
  EXPECT_EQ(file.erase("findings"), 1);
  EXPECT_TRUE(results_from_bytes(pickle_to_bytes(file), "bytes").findings.empty());
}

using Path = std::vector<std::string>;

GenericDict dict_at(GenericDict dict, const Path& path) {
  for (const std::string& key : path) {
    const c10::IValue value = dict.at(key);
    dict = value.isList() ? value.toList().get(0).toGenericDict() : value.toGenericDict();
  }
  return dict;
}

TEST(FindingsFile, EveryKeyOfItsPartsMustBeThere) {
  const std::vector<Path> paths = {{},
                                   {"tests"},
                                   {"tests", "haar"},
                                   {"tests", "top_shares"},
                                   {"tests", "nonlinearity"},
                                   {"tests", "nonlinearity", "m1c"},
                                   {"tests", "planes"},
                                   {"tests", "planes", "strongest"},
                                   {"tests", "planes", "map"},
                                   {"tests", "planes", "arc_alignment"},
                                   {"tests", "planes", "arc_alignment", "haar"},
                                   {"neurons"},
                                   {"densities"},
                                   {"densities", "planes"}};
  const std::vector<std::string> optional = {"tests",      "neurons", "densities",    "nonlinearity",
                                             "a4_without", "map",     "arc_alignment"};
  for (const Path& path : paths) {
    for (const auto& entry : dict_at(first_findings(file_dict()), path)) {
      const std::string key = entry.key().toStringRef();
      const bool may_go = std::find(optional.begin(), optional.end(), key) != optional.end() ||
                          (path == Path{"tests"} && key == "planes") ||
                          (path == Path{"tests", "planes", "arc_alignment"} && key == "haar");
      const std::string error =
          error_after([&](GenericDict, GenericDict found) { EXPECT_EQ(dict_at(found, path).erase(key), 1); });
      if (may_go) {
        EXPECT_EQ(error, "");
      } else {
        EXPECT_THAT(error, AllOf(HasSubstr("findings 0"), HasSubstr("'" + key + "' must be there"))) << key;
      }
    }
  }
}

TEST(FindingsFile, WhatItsPartsHoldIsChecked) {
  const auto expect = [](const Path& path, const char* key, const c10::IValue& value, const char* words) {
    EXPECT_THAT(error_after([&](GenericDict, GenericDict found) { dict_at(found, path).insert_or_assign(key, value); }),
                HasSubstr(words));
  };
  expect({}, "tests", 3, "must be a dict");
  const Path haar = {"tests", "haar"};
  expect(haar, "a4", 1, "'a4' must be a number of floating point; got Int");
  expect(haar, "a4", std::numeric_limits<double>::infinity(), "'a4' and 'null_scores' must be finite");
  expect(haar, "a4", 0.05, "'p' must be");
  expect(haar, "null_scores", at::zeros({1}, at::kDouble), "at least two of the latter; got 0.125 and 1 scores");
  expect(haar, "p", 0.02, "'p' must be 0.01, as 'a4' and 'null_scores' give it; got 0.02");
  expect(haar, "z", std::numeric_limits<double>::quiet_NaN(), "'z' must be");
  expect({"tests", "nonlinearity", "m1"}, "a4", 0.1255, "'z' must be 3.12");
  expect({"tests"}, "effective_dimension", 17.0, "the effective dimension must be in [1, 16]");
  expect({"tests"}, "top_shares", "none", "'top_shares' must be a list");
  expect({"tests", "top_shares"}, "vectors", at::full({1}, 16, at::kLong), "a vector must be below 16");
  expect({"tests", "planes"}, "num_c4_bh", 121, "at most 120 planes can be significant");
  expect({"tests", "planes", "strongest"}, "c4", at::zeros({2}, at::kDouble), "'c4' must be Double of shape (1)");
  expect({"tests", "planes", "strongest"}, "c4", at::full({1}, 2, at::kDouble), "c4 must be in [-1, 1]");
  const Path map = {"tests", "planes", "map"};
  expect({"tests", "planes"}, "map", 1, "must be a dict");
  expect(map, "vectors", at::zeros({3}, at::kInt), "'vectors' must be Long of shape (-1); got Int");
  expect(map, "vectors", at::zeros({3}, at::kLong), "the vectors of a map of planes must ascend");
  expect(map, "c4", at::zeros({2}, at::kFloat), "'c4' must be Float of shape (3)");
  expect(map, "q_hit_rate", at::zeros({3}, at::kDouble), "'q_hit_rate' must be Float of shape (3); got Double");
  expect(map, "hit_rate", at::full({3}, 2, at::kFloat), "c4 in a map must be in [-1, 1]");
  const Path arcs = {"tests", "planes", "arc_alignment"};
  expect({"tests", "planes"}, "arc_alignment", 1, "must be a dict");
  expect(arcs, "c4", 0.25, "the null of C4 must test the same score");
  expect(arcs, "standard_error", -1.0, "the standard error of C4 must not be negative");
  expect({"tests", "planes", "arc_alignment", "haar"}, "c4", 0.0, "'p' must be 1, as 'c4' and 'null_scores' give it");
  expect({"tests", "planes", "arc_alignment", "haar"}, "null_scores", at::zeros({1}, at::kDouble),
         "'c4' and 'null_scores' must be finite");
  expect({"neurons"}, "counts", at::zeros({2, 16, 2}, at::kInt), "'counts' must be Long of shape (2, 16, 2); got Int");
  expect({"neurons"}, "counts", at::zeros({2, 16, 2}, at::kLong), "class_counts must be at least 0");
  expect({"neurons"}, "num_rows", -1, "neurons] the rows with a direction must be among the samples seen");
  expect({"neurons"}, "num_vectors", -3, "num_vectors and num_nearest must not be negative");
  expect({"neurons"}, "nearest_label", at::zeros({16, 2, 3}, at::kLong), "'nearest_label' must be Long of shape");
  expect({"neurons"}, "nearest_cosine", at::full({16, 2, 2}, 2, at::kDouble), "must have cosines in [-1, 1]");
  expect({"densities"}, "num_bins", 3, "'counts' must be Long of shape (3, 3)");
  expect({"densities"}, "num_bins", -1, "num_bins must be a power of two");
  expect({"densities"}, "squared_lengths", at::full({68}, -1, at::kLong), "digits from 0 and below 2^32; got -1");
  expect({"densities"}, "squared_lengths", at::zeros({68}, at::kLong), "the sum of squared lengths must be above");
  expect({"densities"}, "planes", 0, "'planes' must be a list");
  expect({"densities", "planes"}, "exponent", 600, "the exponent of plane (0, 1) must be from -512 to 512");
  expect({"densities", "planes"}, "i", 1, "pairs of different basis vectors");
  expect({"densities", "planes"}, "points", at::zeros({3, 2}, at::kDouble), "'point_sample' must be Long of shape (3)");
}

// Sizes that no machine has are refused before memory is asked for.
TEST(FindingsFile, NoIntegerOfItDoesMoreThanBeRefused) {
  for (const Path& path :
       {Path{"tests"}, Path{"tests", "planes"}, Path{"neurons"}, Path{"densities"}, Path{"densities", "planes"}}) {
    for (const auto& entry : dict_at(first_findings(file_dict()), path)) {
      const std::string key = entry.key().toStringRef();
      if (!entry.value().isInt() || key == "seed") continue;
      for (const std::int64_t wrong : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}}) {
        const std::string error =
            error_after([&](GenericDict, GenericDict found) { dict_at(found, path).insert_or_assign(key, wrong); });
        EXPECT_THAT(error, HasSubstr("findings 0")) << key << " " << wrong;
      }
      error_after([&](GenericDict, GenericDict found) {
        dict_at(found, path).insert_or_assign(key, std::numeric_limits<std::int64_t>::max());
      });
    }
  }
}

TEST(FindingsFile, FindingsBelongToALayerOfTheirSize) {
  EXPECT_THAT(error_after([](GenericDict, GenericDict found) { found.insert_or_assign("address", "elsewhere"); }),
              HasSubstr("got 'elsewhere' without such a layer"));
  EXPECT_THAT(error_after([](GenericDict file, GenericDict) { file.insert_or_assign("findings", 1); }),
              HasSubstr("'findings' must be a list"));
  Results results = results_with_findings();
  results.findings[1].address = "encoder";
  EXPECT_THAT([&] { to_bytes(results); }, ThrowsMessage<Error>(HasSubstr("got 'encoder' twice")));
  results = results_with_findings();
  PlaneDensitiesParts densities = test::plane_densities().parts();
  densities.dim = 15;
  results.findings[0].densities = PlaneDensities(densities);
  EXPECT_THAT([&] { to_bytes(results); },
              ThrowsMessage<Error>(HasSubstr("got 'encoder' of other dimensions than the layer")));
}

}  // namespace
}  // namespace srm
