#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "plain_pickle.h"
#include "scratch_folder.h"
#include "srm/accumulator.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using GenericDict = c10::impl::GenericDict;

const std::filesystem::path kData = std::filesystem::path(TORCHSRM_TEST_DATA) / "io";

Resonance observe(const std::string& address, const Basis& basis, AccumulatorOptions options) {
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<Basis>(basis), std::move(options), budget, address);
  std::vector<double> rows;
  for (int k = 0; k < 20 * basis.dim(); ++k) rows.push_back(std::sin(k * k));
  rows[0] = std::nan("");
  accumulator.update(rows.data(), 20, basis.dim(), basis.dim());
  accumulator.count_call();
  return accumulator.resonance();
}

// Each way in which layers can differ in the file is in one of these.
Results all_kinds() {
  Results results;
  results.settings = {{"epsilon", "0.5 -0.25"}, {"centre", "yes"}};
  results.layers.push_back(
      observe("encoder.0", Basis::standard(3), {.epsilon = {0.5, -0.25}, .grid = AngleGrid(12), .mean = {}}));
  const Basis skew = Basis::from_vectors("skew", 3, 2, {1, 0, 2, 0, 1, 3});
  results.layers.push_back(observe("skew", skew,
                                   {.epsilon = {0.75},
                                    .grid = AngleGrid(9, GridEnds::kInclusive),
                                    .sense = Sense::kReference,
                                    .pairs = Pairs::kPermutation,
                                    .mean = {0.5, -0.125}}));
  const Basis lone = Basis::from_vectors("lone", 1, 2, {0, 3}, VectorLengths::kKept);
  results.layers.push_back(observe("no planes", lone, {.grid = AngleGrid(1), .mean = {}}));
  results.partial = true;
  return results;
}

// The same, saved once for all the tests that only read it.
const std::filesystem::path& saved_file() {
  static const ScratchFolder folder;
  static const std::filesystem::path path = [] {
    save(all_kinds(), folder / "results.srm.pt");
    return folder / "results.srm.pt";
  }();
  return path;
}

auto members(const ResonanceParts& p) {
  return std::tie(p.address, p.group, p.plane_choice, p.plane_seed, p.num_planes_summed, p.signed_counts,
                  p.holistic_signed_counts, p.dim, p.num_vectors, p.basis_name, p.basis, p.basis_lengths, p.pairs,
                  p.planes, p.num_planes_left_out, p.epsilon, p.grid, p.sense, p.counts, p.plane_hits,
                  p.holistic_counts, p.scores, p.num_samples_seen, p.num_samples_zero_norm, p.num_samples_nonfinite,
                  p.num_samples_skipped, p.num_calls, p.centred, p.mean);
}

bool is_same(const Results& a, const Results& b) {
  return a.settings == b.settings && a.partial == b.partial &&
         std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Resonance& x, const Resonance& y) { return members(x.parts()) == members(y.parts()); });
}

TEST(ResultFile, WhatIsSavedIsLoadedBack) {
  const ScratchFolder folder;
  EXPECT_TRUE(is_same(load_results(saved_file()), all_kinds()));
  save(Results{}, folder / "empty.srm.pt");
  EXPECT_TRUE(is_same(load_results(folder / "empty.srm.pt"), Results{}));
}

TEST(ResultFile, PythonOpensItAndEqualResultsGiveEqualBytes) {
  const ScratchFolder folder;
  save(all_kinds(), folder / "again.pt");
  EXPECT_TRUE(is_plain_for_python(saved_file()));
  EXPECT_EQ(bytes_of(saved_file()), bytes_of(folder / "again.pt"));
}

// The file format is a promise to other programs: its keys, types and shapes.
TEST(ResultFile, ItsKeysAreThoseOfTheFormat) {
  const GenericDict file = load_pickle(saved_file()).toGenericDict();
  EXPECT_EQ(file.at("format").toStringRef(), "torchsrm-result");
  EXPECT_EQ(file.at("version").toInt(), 2);
  EXPECT_TRUE(file.at("partial").toBool());
  EXPECT_EQ(file.at("settings").toGenericDict().at("epsilon").toStringRef(), "0.5 -0.25");
  const GenericDict layer = file.at("layers").toList().get(1).toGenericDict();
  const auto expect = [&](const char* key, at::ScalarType type, const std::vector<std::int64_t>& shape) {
    EXPECT_EQ(layer.at(key).toTensor().scalar_type(), type) << key;
    EXPECT_EQ(layer.at(key).toTensor().sizes(), shape) << key;
  };
  // (0, 1) and (1, 0) are parallel and left out.
  expect("basis", at::kDouble, {3, 2});
  expect("planes", at::kLong, {4, 2});
  expect("epsilon", at::kDouble, {1});
  expect("angles", at::kDouble, {9});
  expect("counts", at::kLong, {1, 4, 9});
  expect("plane_hits", at::kLong, {1, 4});
  expect("holistic_counts", at::kLong, {1, 9});
  expect("mean", at::kDouble, {2});
  for (const auto& [key, text] :
       {std::pair("address", "skew"), std::pair("basis_name", "skew"), std::pair("basis_lengths", "normalised"),
        std::pair("pairs", "permutation"), std::pair("grid", "inclusive"), std::pair("sense", "reference"),
        std::pair("group", ""), std::pair("plane_choice", "all")}) {
    EXPECT_EQ(layer.at(key).toStringRef(), text);
  }
  for (const auto& [key, number] :
       {std::pair("dim", 2), std::pair("num_planes_left_out", 2), std::pair("num_samples_seen", 19),
        std::pair("num_samples_zero_norm", 0), std::pair("num_samples_nonfinite", 1), std::pair("num_calls", 1),
        std::pair("num_vectors", 3), std::pair("plane_seed", 0), std::pair("num_planes_summed", 4)}) {
    EXPECT_EQ(layer.at(key).toInt(), number) << key;
  }
  EXPECT_TRUE(layer.at("centred").toBool());
  EXPECT_EQ(layer.size(), 29);
  const GenericDict scores = layer.at("scores").toGenericDict();
  EXPECT_EQ(scores.at("rows").toInt(), 19);
  EXPECT_EQ(scores.at("quartic_scale").toInt(), std::int64_t{1} << 30);
  EXPECT_EQ(scores.at("cosine_scale").toInt(), std::int64_t{1} << 20);
  EXPECT_TRUE(scores.at("quartic_sum").isInt());
  EXPECT_EQ(scores.at("cosine_sum").toTensor().scalar_type(), at::kLong);
  EXPECT_EQ(scores.at("hits").toTensor().sizes(), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(scores.at("direction_sum").toTensor().sizes(), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(scores.at("direction_scale").toInt(), std::int64_t{1} << 30);
  EXPECT_EQ(scores.at("quartic_by_vector").toTensor().sizes(), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(scores.at("num_blocks").toInt(), 19);
  EXPECT_EQ(scores.at("block_sums").toTensor().sizes(), (std::vector<std::int64_t>{3, 2}));
  EXPECT_FALSE(layer.at("signed").toBool());
  EXPECT_FALSE(layer.contains("signed_counts"));
  const GenericDict standard = file.at("layers").toList().get(0).toGenericDict();
  EXPECT_FALSE(standard.contains("mean"));
  EXPECT_EQ(standard.at("basis").toTensor().sizes(), (std::vector<std::int64_t>{0, 3})) << "not spelled out";
}

TEST(ResultFile, ASettingThatIsThereTwiceIsRefused) {
  const ScratchFolder folder;
  Results results;
  results.settings = {{"epsilon", "0.5"}, {"epsilon", "0.9"}};
  EXPECT_THAT([&] { save(results, folder / "results.srm.pt"); }, ThrowsMessage<Error>(HasSubstr("'epsilon' twice")));
}

TEST(ResultFile, AFullDiskIsAnErrorAndTheOlderFileStays) {
  const ScratchFolder folder;
  const auto path = folder / "results.srm.pt";
  save(Results{}, path);
  const std::string older = bytes_of(path);
  const FileSizeLimit limit(4096);
  EXPECT_THAT([&] { save(all_kinds(), path); }, ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  EXPECT_EQ(bytes_of(path), older);
  EXPECT_EQ(folder.num_files(), 1);
}

TEST(ResultFile, WhatIsNoResultIsToldSo) {
  for (const char* name : {"plain.npy", "python.pkl", "tensor.pt", "activations.pt"}) {
    EXPECT_THAT([&] { load_results(kData / name); },
                ThrowsMessage<Error>(AllOf(HasSubstr(name), HasSubstr("a result that torchsrm wrote"))));
  }
  EXPECT_THAT([&] { load_results(kData / "none.srm.pt"); }, ThrowsMessage<Error>(HasSubstr("no file of that name")));
}

// What the error says when `change` was done to the file's dict, or "" when it was loaded.
std::string error_after(const std::function<void(GenericDict file, GenericDict layer)>& change) {
  const ScratchFolder folder;
  const auto path = folder / "results.srm.pt";
  const GenericDict file = load_pickle(saved_file()).toGenericDict();
  change(file, file.at("layers").toList().get(0).toGenericDict());
  save_pickle(file, path);
  try {
    load_results(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ResultFile, EveryKeyMustBeThere) {
  const GenericDict file = load_pickle(saved_file()).toGenericDict();
  for (const auto& entry : file) {
    const std::string key = entry.key().toStringRef();
    const std::string message =
        error_after([&](GenericDict changed, GenericDict) { EXPECT_EQ(changed.erase(key), 1); });
    if (key == "findings") {
      EXPECT_EQ(message, "") << "older results have none";
      continue;
    }
    EXPECT_THAT(message, HasSubstr(key == "format" ? "a result that torchsrm wrote" : "'" + key + "' must be there"));
  }
  for (const auto& entry : file.at("layers").toList().get(0).toGenericDict()) {
    const std::string key = entry.key().toStringRef();
    const std::string message = error_after([&](GenericDict, GenericDict layer) { EXPECT_EQ(layer.erase(key), 1); });
    EXPECT_THAT(message, AllOf(HasSubstr("layer 0"), HasSubstr("'" + key + "' must be there")));
  }
}

TEST(ResultFile, EveryValueMustBeWhatTheFormatSays) {
  const auto expect_layer = [](const char* key, const c10::IValue& value, const char* words) {
    EXPECT_THAT(error_after([&](GenericDict, GenericDict layer) { layer.insert_or_assign(key, value); }),
                HasSubstr(words));
  };
  expect_layer("address", 3, "'address' must be text");
  expect_layer("dim", 3.0, "'dim' must be an integer");
  expect_layer("centred", 1, "'centred' must be True or False");
  expect_layer("sense", "sideways", "'sense' must be 'natural' or 'reference'");
  expect_layer("grid", "open", "'grid' must be 'exclusive' or 'inclusive'");
  expect_layer("counts", at::zeros({2, 3, 12}), "'counts' must be Long of shape (2, 3, 12); got Float");
  expect_layer("counts", at::zeros({2, 3, 11}, at::kLong), "got Long of shape (2, 3, 11)");
  expect_layer("counts", at::full({2, 3, 12}, -1, at::kLong), "counts must be between 0 and");
  expect_layer("angles", at::zeros({12}, at::kDouble), "'angles' must be those of an exclusive grid");
  expect_layer("angles", at::zeros({0}, at::kDouble), "'angles' must hold an angle");
  expect_layer("planes", at::zeros({3, 2}, at::kLong), "planes must be pairs of different basis vectors");
  expect_layer("scores", 3, "must be a dict");
  expect_layer("dim", -1, "dim");
  const auto expect_file = [](const char* key, const c10::IValue& value, const char* words) {
    EXPECT_THAT(error_after([&](GenericDict file, GenericDict) { file.insert_or_assign(key, value); }),
                HasSubstr(words));
  };
  expect_file("format", "else", "with the format 'torchsrm-result'; got else");
  expect_file("version", 3, "must be 2 or less for this torchsrm; got version 3");
  expect_file("version", 0, "'version' must be 1 or more");
  expect_file("layers", 0, "'layers' must be a list");
  expect_file("settings", 0, "must be a dict");
  EXPECT_THAT(error_after([](GenericDict, GenericDict layer) {
                layer.at("scores").toGenericDict().insert_or_assign("quartic_scale", 1);
              }),
              HasSubstr("'quartic_scale' must be 1073741824; got 1"));
}

TEST(ResultFile, AFileThatIsCutShortIsRefused) {
  const ScratchFolder folder;
  const std::string bytes = bytes_of(saved_file());
  const auto path = write_bytes(folder / "cut.pt", bytes);
  for (std::size_t size = bytes.size() - 1; size > 100; size -= 97) {
    std::filesystem::resize_file(path, size);
    EXPECT_THROW(load_results(path), Error) << size;
  }
}

// Either the checksums tell, or what changed is not the result: padding, dates, names that nobody reads.
TEST(ResultFile, EveryChangedByteIsHarmlessOrRefused) {
  const ScratchFolder folder;
  const Results results = all_kinds();
  const std::string bytes = bytes_of(saved_file());
  const auto path = write_bytes(folder / "damaged.pt", bytes);
  std::size_t num_refused = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    flip_bits(path, place, 1 << place % 8);
    try {
      EXPECT_TRUE(is_same(load_results(path), results)) << place;
    } catch (const Error&) {
      ++num_refused;
    }
    flip_bits(path, place, 1 << place % 8);
  }
  EXPECT_GT(num_refused, bytes.size() / 4);
}

}  // namespace
}  // namespace srm
