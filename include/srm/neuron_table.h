#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace srm {

/// Which of the two directions of a basis vector b_i: +b_i or -b_i.
enum class Side { kPlus, kMinus };
const char* to_string(Side side);  ///< "+" or "-"

/// A row near a signed basis vector; see RowTags for the last three.
struct NearestRow {
  double cosine = 0;          ///< x_hat . (+-b_i / |b_i|), in float64
  std::int64_t sample = 0;    ///< number of the sample of the data
  std::int64_t position = 0;  ///< of the row in that sample: which token, which place
  std::int64_t label = -1;    ///< class of the sample; -1: none
  friend bool operator==(const NearestRow&, const NearestRow&) = default;
};

/// The higher cosine is nearer; of equal ones the lower sample, then position, then label.
bool is_nearer(const NearestRow& a, const NearestRow& b);

/// Everything a table holds, in the words of the file format. In the order of sides +b_i comes first.
struct NeuronTableParts {
  std::int64_t num_vectors = 0;            ///< m
  std::vector<double> epsilon;             ///< (E) in the order given
  std::int64_t num_samples_seen = 0;       ///< N, as of Resonance
  std::int64_t num_rows = 0;               ///< of them with a direction: finite, not zero (after centring, if centred)
  std::vector<std::int64_t> class_totals;  ///< (C): rows seen of each class; the last is not zero
  std::vector<std::int64_t> counts;        ///< (E, m, 2): rows with x_hat . (+-b_i) >= epsilon
  std::vector<std::int64_t> class_counts;  ///< (E, m, 2, C): of them those of each class
  std::int64_t num_nearest = 0;            ///< k, how many nearest rows were asked for
  std::vector<NearestRow> nearest;         ///< (m, 2, min(k, num_rows)), the nearest first
  friend bool operator==(const NeuronTableParts&, const NeuronTableParts&) = default;
};

/// What one spotlight along a signed basis vector holds. Shares of nothing are NaN.
struct NeuronReading {
  std::int64_t count = 0;         ///< rows inside
  std::int64_t num_labelled = 0;  ///< of them with a known class
  std::int64_t majority_class =
      -1;                         ///< the class with most rows inside, of equal ones the lowest; -1: none is labelled
  std::int64_t num_majority = 0;  ///< rows inside of that class
  double purity = 0;              ///< num_majority / num_labelled
  double recall = 0;              ///< num_majority / rows seen of that class
  double base_rate = 0;           ///< rows seen of that class / labelled rows seen
  double lift = 0;                ///< purity / base_rate
};

/// For each signed basis vector +-b_i: how many rows its spotlight holds at each epsilon, of which classes, and which
/// rows are nearest to it. An immutable value of integer counts; thread-safe to read.
class NeuronTable {
 public:
  /// Throws srm::Error naming `where` when sizes, orders, ranges or sums contradict each other.
  explicit NeuronTable(NeuronTableParts parts, std::string_view where = "neurons");

  /// All members, for files and reports.
  const NeuronTableParts& parts() const { return parts_; }
  /// m, the vectors of the basis.
  std::int64_t num_vectors() const { return parts_.num_vectors; }
  /// E, the cosine thresholds.
  std::int64_t num_epsilons() const { return static_cast<std::int64_t>(parts_.epsilon.size()); }
  /// C, the classes of the labels.
  std::int64_t num_classes() const { return static_cast<std::int64_t>(parts_.class_totals.size()); }
  /// Rows seen with a known class.
  std::int64_t num_labelled() const { return num_labelled_; }

  /// Rows of each class inside one spotlight, (C). This and the next two throw srm::Error for indices out of range.
  std::span<const std::int64_t> class_counts(std::int64_t epsilon_index, std::int64_t vector, Side side) const;
  /// What follows from the counts of one side of one vector; throws srm::Error for indices outside.
  NeuronReading reading(std::int64_t epsilon_index, std::int64_t vector, Side side) const;
  /// The rows nearest to a signed vector, nearest first; inside a spotlight or not.
  std::span<const NearestRow> nearest(std::int64_t vector, Side side) const;

  /// Equal in every member.
  friend bool operator==(const NeuronTable& a, const NeuronTable& b) { return a.parts_ == b.parts_; }

 private:
  NeuronTableParts parts_;
  std::int64_t num_labelled_ = 0;
};

/// The table over the union of two disjoint sets of rows of one layer and basis; of any split of the rows the same.
/// Throws srm::Error naming `where` for the first setting that differs, and when a sum would overflow.
NeuronTable merge(const NeuronTable& a, const NeuronTable& b, std::string_view where = "merge");

}  // namespace srm
