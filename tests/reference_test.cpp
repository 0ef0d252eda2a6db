#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "brute_force.h"
#include "files/npy.h"
#include "srm/accumulator.h"
#include "srm/error.h"

// What the published code returned, count by count: tests/data/reference/README.md tells where the files are from.

namespace srm {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// How the published code differs from the defaults here.
AccumulatorOptions reference_options(double epsilon, std::int64_t num_angles, Pairs pairs = Pairs::kPermutation) {
  AccumulatorOptions options;
  options.epsilon = {epsilon};
  options.grid = AngleGrid(num_angles, GridEnds::kInclusive);
  options.sense = Sense::kReference;
  options.pairs = pairs;
  options.degenerate = DegeneratePlanes::kKeptAsZeros;
  return options;
}

struct ReferenceFile {
  explicit ReferenceFile(const std::filesystem::path& path) : archive(path) {}

  NpyArray array(const std::string& key) const { return read_npz(archive, key); }
  std::vector<double> numbers(const std::string& key) const { return array(key).to_doubles(); }
  std::int64_t number(const std::string& key) const { return static_cast<std::int64_t>(numbers(key).at(0)); }
  bool contains(const std::string& key) const { return archive.contains(key + ".npy"); }

  ZipArchive archive;
};

Resonance count(const ReferenceFile& file) {
  const NpyArray basis = file.array("basis");
  const auto vectors = std::make_shared<const Basis>(
      Basis::from_vectors("reference", basis.shape.at(0), basis.shape.at(1), basis.to_doubles(), VectorLengths::kKept));
  const Pairs pairs = file.number("perm") == 1 ? Pairs::kPermutation : Pairs::kCombination;
  MemoryBudget budget(std::int64_t{1} << 30);
  AccumulatorOptions options =
      reference_options(file.numbers("epsilon").at(0), file.number("angular_resolution"), pairs);
  options.is_signed = file.number("signed") == 1;
  Accumulator accumulator(vectors, options, budget);
  const NpyArray rows = file.array("activations");
  const std::vector<double> wide = rows.to_doubles();
  if (rows.type == NumberType::kFloat64) {
    accumulator.update(wide.data(), rows.shape.at(0), rows.shape.at(1), rows.shape.at(1));
  } else {
    const std::vector<float> narrow(wide.begin(), wide.end());
    accumulator.update(narrow.data(), rows.shape.at(0), rows.shape.at(1), rows.shape.at(1));
  }
  return std::move(accumulator).take_resonance();
}

struct Comparison {
  std::int64_t num_cells = 0;
  std::int64_t num_compared = 0;
  std::int64_t num_different = 0;
};

Comparison compare(const ReferenceFile& file) {
  const Resonance result = count(file);
  const std::vector<double> values = file.numbers("srm_values");
  const std::vector<double> pairs = file.numbers("plane_pairs");
  const std::vector<double> tied = file.numbers("tie_mask");
  const std::vector<double> margin = file.numbers("margin");
  // float32 rows are normalised in float32 there, and in float64 here: where that matters, there is a second answer.
  const bool has_wide = file.contains("dtype_mask");
  const std::vector<double> norm_matters =
      has_wide ? file.numbers("dtype_mask") : std::vector<double>(values.size(), 0);
  const std::vector<double> wide_values = has_wide ? file.numbers("srm_values_f64") : values;

  const auto num_angles = static_cast<std::size_t>(result.num_angles());
  Comparison comparison;
  for (std::size_t plane = 0; plane < pairs.size() / 2; ++plane) {
    const auto i = static_cast<std::int64_t>(pairs[2 * plane]);
    const auto j = static_cast<std::int64_t>(pairs[2 * plane + 1]);
    const std::int64_t place = result.plane_index(i, j);
    const std::int64_t* counts = (result.is_signed() ? result.parts().signed_counts : result.parts().counts).data() +
                                 place * result.num_angles();
    for (std::size_t k = 0; k < num_angles; ++k) {
      const std::size_t cell = plane * num_angles + k;
      ++comparison.num_cells;
      const bool is_wide = norm_matters[cell] != 0 && margin[cell] >= 1e-6;
      if (tied[cell] != 0 && !is_wide) continue;
      const double value = is_wide ? wide_values[cell] : values[cell];
      ++comparison.num_compared;
      const auto expected = std::llround(value * static_cast<double>(result.num_samples_seen()));
      comparison.num_different += counts[k] == expected ? 0 : 1;
    }
  }
  return comparison;
}

std::vector<std::filesystem::path> reference_files() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {TORCHSRM_TEST_DATA "/reference", TORCHSRM_TEST_DATA "/reference/signed"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".npz") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

class ReferenceFileTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ReferenceFileTest, IsReproducedCellByCell) {
  const ReferenceFile file(GetParam());
  const Comparison comparison = compare(file);
  EXPECT_EQ(comparison.num_different, 0) << "of " << comparison.num_compared;
  EXPECT_EQ(comparison.num_cells, static_cast<std::int64_t>(file.array("srm_values").num_elements));

  const std::vector<double> angles = file.numbers("angles");
  const AngleGrid grid(file.number("angular_resolution"), GridEnds::kInclusive);
  ASSERT_EQ(static_cast<std::int64_t>(angles.size()), grid.num_angles());
  for (std::size_t k = 0; k < angles.size(); ++k) {
    EXPECT_NEAR(angles[k], grid.angle_radians(static_cast<std::int64_t>(k)), 1e-14);
  }
}

INSTANTIATE_TEST_SUITE_P(Reference, ReferenceFileTest, testing::ValuesIn(reference_files()), [](const auto& file) {
  std::string name = file.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A file that was lost or a mask that grew would else go unnoticed.
TEST(ReferenceTest, AllFilesAndCellsAreCompared) {
  Comparison all;
  for (const std::filesystem::path& path : reference_files()) {
    const Comparison one = compare(ReferenceFile(path));
    all.num_cells += one.num_cells;
    all.num_compared += one.num_compared;
    all.num_different += one.num_different;
  }
  EXPECT_EQ(reference_files().size(), 125U);
  EXPECT_EQ(all.num_cells, 746974);
  EXPECT_EQ(all.num_compared, 741458) << "all but ties";
  EXPECT_EQ(all.num_different, 0);
}

// ---- What unusual calls do there, and here ----

std::vector<double> rows() { return test::gaussian(50 * 5, 4); }
Basis five() { return Basis::from_vectors("five", 5, 5, test::gaussian(25, 6)); }

TEST(ReferenceTest, EpsilonOneIsInsideNowhereAndMinusOneEverywhere) {
  EXPECT_THAT(test::accumulate(rows(), five(), reference_options(1, 100)).parts().counts, Each(0));
  EXPECT_THAT(test::accumulate(rows(), five(), reference_options(-1, 100)).parts().counts, Each(50));
}

// NaN gives zeros there; here it is an error like any other epsilon that is no cosine.
TEST(ReferenceTest, EpsilonOutOfRangeIsRefused) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double epsilon :
       {std::nextafter(1, 2), std::nextafter(-1, -2), infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT([&] { test::accumulate(rows(), five(), reference_options(epsilon, 100)); },
                ThrowsMessage<Error>(HasSubstr("epsilon is a cosine")));
  }
}

TEST(ReferenceTest, BasisOfAnotherWidthIsRefused) {
  const Basis basis = Basis::from_vectors("four", 5, 4, test::gaussian(20, 6));
  MemoryBudget budget(1 << 30);
  Accumulator accumulator(std::make_shared<const Basis>(basis), reference_options(0.5, 100), budget);
  EXPECT_THAT([&] { accumulator.update(rows().data(), 50, 5, 5); },
              ThrowsMessage<Error>(HasSubstr("4 numbers; got 5")));
}

TEST(ReferenceTest, NanAndInfinityInTheBasisAreRefused) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(Basis::from_vectors("bad", 1, 2, {1, bad}, VectorLengths::kKept), Error);
  }
}

// Every value is NaN there (the mean of nothing); here counts are zero and so are curves.
TEST(ReferenceTest, NoSamplesAreZeros) {
  const Resonance result = test::accumulate({}, five(), reference_options(0.5, 100));
  EXPECT_EQ(result.num_planes(), 20);
  EXPECT_EQ(result.num_samples_seen(), 0);
  EXPECT_THAT(result.parts().counts, Each(0));
  EXPECT_THAT(result.curve(0, 0), Each(0));
}

TEST(ReferenceTest, NoneOrOneBasisVectorGivesNoPlanes) {
  for (const std::int64_t num_vectors : {0, 1}) {
    const Basis basis = Basis::from_vectors("few", num_vectors, 5, test::gaussian(5 * num_vectors, 1));
    const Resonance result = test::accumulate(rows(), basis, reference_options(0.5, 100));
    EXPECT_EQ(result.num_planes(), 0);
    EXPECT_EQ(result.num_samples_seen(), 50);
    EXPECT_THAT(result.holistic_mean(0), Each(0));
  }
}

TEST(ReferenceTest, OneDimensionHasRowsOfZeros) {
  const Basis basis = Basis::from_vectors("line", 2, 1, {1, -1}, VectorLengths::kKept);
  const Resonance result = test::accumulate({1, -2, 0, 3}, basis, reference_options(-1, 100));
  EXPECT_EQ(result.num_planes(), 2);
  EXPECT_THAT(result.parts().counts, Each(0));
}

TEST(ReferenceTest, RowsOfZerosAreInsideUpToEpsilonZero) {
  const std::vector<double> zeros(10 * 5, 0.0);
  EXPECT_THAT(test::accumulate(zeros, five(), reference_options(0, 100)).parts().counts, Each(10));
  EXPECT_THAT(test::accumulate(zeros, five(), reference_options(0.1, 100)).parts().counts, Each(0));
}

TEST(ReferenceTest, OneAngleIsTheFirst) {
  const Resonance one = test::accumulate(rows(), five(), reference_options(0.4, 1));
  const Resonance many = test::accumulate(rows(), five(), reference_options(0.4, 100));
  for (std::int64_t p = 0; p < 20; ++p) EXPECT_THAT(one.counts(0, p), ElementsAre(many.counts(0, p)[0]));
}

// No angles give an array of shape (P, 0) there.
TEST(ReferenceTest, NoAnglesAreRefused) {
  EXPECT_THAT([] { reference_options(0.5, 0); }, ThrowsMessage<Error>(HasSubstr("number of angles")));
  EXPECT_THROW(reference_options(0.5, -3), Error);
}

}  // namespace
}  // namespace srm
