#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "files/npy.h"
#include "srm/density_tally.h"

// What the published code projects onto planes, point by point: tests/data/reference/README.md tells where the files
// are from.

namespace srm {
namespace {

struct ReferenceFile {
  explicit ReferenceFile(const std::filesystem::path& path) : archive(path) {}
  NpyArray array(const std::string& key) const { return read_npz(archive, key); }
  std::vector<double> numbers(const std::string& key) const { return array(key).to_doubles(); }
  ZipArchive archive;
};

struct Comparison {
  std::int64_t num_planes = 0;
  std::int64_t num_points = 0;
  std::int64_t num_degenerate = 0;
  std::int64_t num_tied = 0;
};

constexpr double kLeastMargin = 1e-12;  // of a row's r / |x| from epsilon

Comparison compare(const std::filesystem::path& path) {
  const ReferenceFile file(path);
  const NpyArray vectors = file.array("basis"), rows = file.array("activations");
  const std::int64_t num_rows = rows.shape.at(0), dim = rows.shape.at(1);
  const std::vector<double> x = rows.to_doubles(), pairs = file.numbers("plane_pairs");
  const std::vector<double> plane_class = file.numbers("plane_class"), margin = file.numbers("plane_margin");
  const std::vector<double> offsets = file.numbers("plane_offsets"), samples = file.numbers("sample_index");
  const std::vector<double> points = file.numbers("points");

  DensityOptions options{.epsilon = file.numbers("epsilon").at(0), .num_bins = 16, .num_points = num_rows};
  for (std::size_t p = 0; p < plane_class.size(); ++p) {
    options.planes.push_back({static_cast<std::int64_t>(pairs[2 * p]), static_cast<std::int64_t>(pairs[2 * p + 1])});
  }
  MemoryBudget budget(std::int64_t{1} << 30);
  DensityTally tally(std::make_shared<const Basis>(Basis::from_vectors("reference", vectors.shape.at(0), dim,
                                                                       vectors.to_doubles(), VectorLengths::kKept)),
                     options, budget);
  if (rows.type == NumberType::kFloat64) {
    tally.update(x.data(), num_rows, dim, dim);
  } else {
    const std::vector<float> narrow(x.begin(), x.end());
    tally.update(narrow.data(), num_rows, dim, dim);
  }
  const PlaneDensities ours = tally.densities();

  Comparison comparison;
  for (std::size_t p = 0; p < plane_class.size(); ++p) {
    const Plane& plane = options.planes[p];
    const auto& planes = ours.parts().planes;
    const auto found =
        std::find_if(planes.begin(), planes.end(), [&](const PlaneDensity& density) { return density.plane == plane; });
    if (plane_class[p] != 0) {
      ++comparison.num_degenerate;
      EXPECT_EQ(found, planes.end()) << "a pair without a plane is left out";
      EXPECT_EQ(std::count(ours.parts().left_out.begin(), ours.parts().left_out.end(), plane), 1);
      continue;
    }
    if (margin[p] < kLeastMargin) {
      ++comparison.num_tied;
      continue;
    }
    if (found == planes.end()) {
      ADD_FAILURE() << "no plane (" << plane.i << ", " << plane.j << ")";
      continue;
    }
    std::map<std::int64_t, PlanePoint> by_sample;
    for (const PlanePoint& point : found->points) by_sample[point.sample] = point;
    const auto first = static_cast<std::size_t>(offsets[p]), last = static_cast<std::size_t>(offsets[p + 1]);
    EXPECT_EQ(ours.num_points(found - planes.begin()), static_cast<std::int64_t>(last - first));
    EXPECT_EQ(by_sample.size(), last - first);
    ++comparison.num_planes;
    for (std::size_t k = first; k < last; ++k) {
      const auto sample = static_cast<std::int64_t>(samples[k]);
      double length = 0;
      for (std::int64_t d = 0; d < dim; ++d) length = std::hypot(length, x[static_cast<std::size_t>(sample * dim + d)]);
      if (by_sample.count(sample) == 0) {
        ADD_FAILURE() << "no point of row " << sample;
        continue;
      }
      EXPECT_NEAR(by_sample[sample].u, points[2 * k], 1e-9 * length);
      EXPECT_NEAR(by_sample[sample].v, points[2 * k + 1], 1e-9 * length);
      ++comparison.num_points;
    }
  }
  return comparison;
}

std::vector<std::filesystem::path> reference_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TORCHSRM_TEST_DATA "/reference/pppm")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class DensityReferenceTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(DensityReferenceTest, PointsAreThePublishedOnes) { EXPECT_GT(compare(GetParam()).num_planes, 0); }

INSTANTIATE_TEST_SUITE_P(Reference, DensityReferenceTest, testing::ValuesIn(reference_files()), [](const auto& file) {
  std::string name = file.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// A file that was lost or a mask that grew would else go unnoticed.
TEST(DensityReferenceTotals, AllFilesPlanesAndPointsAreCompared) {
  Comparison all;
  for (const auto& path : reference_files()) {
    const Comparison one = compare(path);
    all.num_planes += one.num_planes;
    all.num_points += one.num_points;
    all.num_degenerate += one.num_degenerate;
    all.num_tied += one.num_tied;
  }
  EXPECT_EQ(reference_files().size(), 17U);
  EXPECT_EQ(all.num_planes, 626);
  EXPECT_EQ(all.num_points, 35289);
  EXPECT_EQ(all.num_degenerate, 20);
  EXPECT_EQ(all.num_tied, 0);
}

}  // namespace
}  // namespace srm
