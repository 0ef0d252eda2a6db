#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "layer_counts.h"
#include "srm/accumulator.h"
#include "srm/observe_options.h"
#include "srm/row_mean.h"
#include "srm/row_reservoir.h"

namespace srm {

/// What the passes before the counting one find out about a layer. Not thread-safe.
class LayerPreparation {
 public:
  LayerPreparation(const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget, std::string address,
                   std::int64_t dim);
  ~LayerPreparation();
  LayerPreparation(const LayerPreparation&) = delete;
  LayerPreparation& operator=(const LayerPreparation&) = delete;

  std::int64_t dim() const { return dim_; }
  /// Takes rows (num_rows, dim), contiguous float32 or float64 on the CPU. Throws srm::Error where memory ends.
  void update(Pass pass, const at::Tensor& rows);
  /// Draws the conclusion of a pass. Throws what the basis rule throws.
  void finish(Pass pass);
  /// What the last pass counts with, whether other passes were there or not. Once only.
  LayerPlan take_plan();

 private:
  RowReservoir reservoir_of(std::int64_t num_rows);
  void make_basis();
  void measure();
  void start_ranking();
  void rank();

  const ObserveOptions& options_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::string address_;
  const std::int64_t dim_;
  std::int64_t reserved_bytes_ = 0;
  std::optional<RowReservoir> learning_rows_;
  std::optional<RowMean> mean_;
  std::optional<RowReservoir> measured_rows_;  // for epsilons that follow the data
  std::optional<Accumulator> ranking_;
  LayerPlan plan_;
};

}  // namespace srm
