#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "srm/basis.h"
#include "srm/memory_budget.h"
#include "srm/neuron_table.h"
#include "srm/row_tags.h"

namespace srm {

/// What to count along the basis vectors.
struct NeuronOptions {
  std::vector<double> epsilon = {0.9};  ///< cosine thresholds in [-1, 1], none twice
  std::int64_t num_nearest = 8;         ///< rows kept for each signed vector, 0 to 1000
  std::int64_t max_classes = 1000;      ///< labels must be below this; memory is reserved for as many. 0: no labels
  std::vector<double> mean = {};        ///< (dim), taken off every row before it is normalised; empty: no centring
};

/// Activations and their labels in, NeuronTable out: for every basis vector b_i, the rows with x_hat . (+-b_i) >=
/// epsilon (where vectors keep their lengths, the cosine is compared with epsilon / |b_i|; a zero vector has no
/// spotlight), and the rows nearest to it. O(dim num_vectors) a row, for the standard basis O(dim). What counts as
/// inside is told by Note [Ties] and Note [Rows without a direction] in srm/accumulator.h. All memory is reserved at
/// construction, and stated by bytes_needed(). Not thread-safe.
class NeuronTally {
 public:
  /// Throws srm::Error for options out of range or when `budget`, which must outlive it, cannot hold the tables.
  NeuronTally(std::shared_ptr<const Basis> basis, NeuronOptions options, MemoryBudget& budget,
              std::string address = "activations");
  ~NeuronTally();
  NeuronTally(NeuronTally&&) noexcept;
  NeuronTally& operator=(NeuronTally&&) noexcept;

  /// Bytes that such a tally takes at most, but for the basis, which is shared, and the copy that table() makes; 1e18
  /// stands for all that is more.
  static std::int64_t bytes_needed(const Basis& basis, const NeuronOptions& options);

  /// Adds `num_samples` rows of `dim` numbers, row-major; row k starts at rows + k * row_stride. Neither how rows are
  /// cut into calls nor, given the samples they belong to, their order changes anything. Throws srm::Error and counts
  /// nothing when `dim` is not the basis's, tags are not as many as rows, or a label is below -1 or max_classes or
  /// above.
  void update(const float* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags = {});
  /// The same for rows of float64.
  void update(const double* rows, std::int64_t num_samples, std::int64_t dim, std::int64_t row_stride,
              const RowTags& tags = {});

  /// Adds what another tally of the same settings counted, of other samples. Throws srm::Error for the first setting
  /// that differs, naming both its values, and for classes beyond max_classes.
  void resume(const NeuronTable& earlier);

  /// What was counted so far.
  NeuronTable table() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace srm
