#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "srm/basis.h"
#include "srm/memory_budget.h"
#include "srm/plane_density.h"
#include "srm/row_tags.h"

namespace srm {

/// Which planes to bin, and how finely.
struct DensityOptions {
  std::vector<Plane> planes = {};  ///< pairs of vectors of the basis, in any order, none twice
  double epsilon = 0;              ///< least r / |x| of a point, in [-1, 1]
  std::int64_t num_bins = 128;     ///< a side; a power of two from 2 to 1024
  std::int64_t num_points = 1000;  ///< points kept of each plane, 0 to 1000000
  std::uint64_t seed = 0;          ///< of which are kept
  std::vector<double> mean = {};   ///< (dim), taken off every row; empty: no centring
};

/// Activations in, PlaneDensities out: see Note [Projection onto privileged planes] in plane_density.h. O(dim V) a row
/// for the V vectors of the planes, O(1) for the standard basis, and O(1) for each plane. All memory is reserved at
/// construction, and stated by bytes_needed(). Not thread-safe.
class DensityTally {
 public:
  /// Throws srm::Error for options out of range or when `budget`, which must outlive it, cannot hold the bins.
  DensityTally(std::shared_ptr<const Basis> basis, DensityOptions options, MemoryBudget& budget,
               std::string address = "activations");
  ~DensityTally();
  DensityTally(DensityTally&&) noexcept;
  DensityTally& operator=(DensityTally&&) noexcept;

  /// Bytes that such a tally takes at most, but for the basis, which is shared, and the copy that densities() makes;
  /// 1e18 stands for all that is more.
  static std::int64_t bytes_needed(const Basis& basis, const DensityOptions& options);

  /// Adds `num_samples` rows of `dim` numbers, row-major; row k starts at rows + k * row_stride. Neither how rows are
  /// cut into calls nor, given the samples they belong to, their order changes anything. Throws srm::Error and counts
  /// nothing when `dim` is not the basis's, tags are not as many as rows, or a label is below -1.
  void update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags = {});
  /// The same for rows of float64.
  void update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags = {});

  /// Adds what another tally of the same settings binned, of other samples. Throws srm::Error for the first setting
  /// that differs, naming both its values.
  void resume(const PlaneDensities& earlier);

  /// What was binned so far.
  PlaneDensities densities() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace srm
