#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "srm/density_tally.h"
#include "srm/layer_observer.h"
#include "srm/neuron_tally.h"
#include "srm/observe_options.h"
#include "srm/results.h"
#include "srm/row_reservoir.h"
#include "srm/row_tags.h"

namespace srm {

/// What the Accumulator of a layer does, as far as it does not hang on the layer: epsilons are those that are given.
AccumulatorOptions accumulator_options(const ObserveOptions& options);

/// What is known of a layer before its rows are counted.
struct LayerPlan {
  std::shared_ptr<const Basis> basis;
  std::vector<double> epsilon;
  std::vector<double> mean;  ///< empty: no centring
  PlaneChoice planes;
};

/// Everything that one layer's rows are counted into: an Accumulator, or one per class, and what else was asked for.
/// Not thread-safe.
class LayerCounts {
 public:
  /// Throws srm::Error as what it is made of.
  LayerCounts(LayerPlan plan, const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
              const std::string& address);
  ~LayerCounts();
  LayerCounts(const LayerCounts&) = delete;
  LayerCounts& operator=(const LayerCounts&) = delete;

  /// Counts rows (num_rows, dim), contiguous on the CPU, float32, float64, or where it takes_halves() those. Throws
  /// srm::Error, and counts none of them, for a label that is not below the number of classes.
  void update(const at::Tensor& rows, const RowTags& tags);
  bool takes_halves() const;
  void count_call();
  void count_skipped(std::int64_t num_rows);

  /// Everything by itself, whole() being of the rows without a class alone, and the way back: before anything is
  /// counted, with a sample of whatever capacity it had there.
  ObservedLayer parts() const;
  void resume(const ObservedLayer& earlier, std::optional<RowReservoir> sample);

  const LayerPlan& plan() const { return plan_; }
  const std::shared_ptr<const Basis>& basis() const { return plan_.basis; }
  const std::vector<double>& mean() const { return plan_.mean; }
  /// All rows, whatever their class.
  Resonance whole() const;
  /// whole().without_tables(), without a copy of the tables.
  Resonance holistic() const;
  /// The same without a copy where rows have no classes; nothing can be counted afterwards.
  Resonance take_whole();
  /// Those that had rows, by ascending class; none where results are not asked for by class.
  std::vector<Resonance> classes() const;
  std::optional<NeuronTable> neurons() const;
  std::optional<PlaneDensities> densities() const;
  const std::optional<RowReservoir>& sample() const { return sample_; }

 private:
  Accumulator& accumulator_of(std::int64_t label);
  void count(const at::Tensor& rows, const RowTags& tags);
  void count_by_class(const at::Tensor& rows, const RowTags& tags);
  void take_sample();
  void require_labels(const RowTags& tags) const;

  const LayerPlan plan_;
  const ObserveOptions& options_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::string address_;
  std::map<std::int64_t, Accumulator> accumulators_;  // by class; -1: of rows without one, and always there
  std::optional<NeuronTally> neurons_;
  std::optional<DensityTally> densities_;
  std::optional<RowReservoir> sample_;
  std::int64_t sample_bytes_ = 0;
};

}  // namespace srm
