#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "workloads.h"

namespace srm::bench {

// Note [Peers]
// The same counts written in LibTorch, in float32 as the rows are. Unit rows X and X^2 lie by column, (m, N), which
// makes the expressions two to five times as fast as by row; both are made once, and only where the basis is not the
// standard one is making them (a projection) part of what is timed. Forms that were tried and are slower: comparing
// into bool and summing that (1.4 to 4 times), (angles, rows) instead of (rows, angles), half of the angles with both
// signs, one bincount of both ends.
// The forms beyond one plane at a time are rows of their own without a target: `blocked` takes 1,024 rows at a time, so
// that the cosines stay in cache, `batched` the arcs of 16 planes at a time, so that calling operators costs less.

/// X and X^2, (m, N): unit rows projected onto the unit vectors of the basis.
struct Columns {
  explicit Columns(const Workload& workload);
  std::int64_t num_rows() const { return x.size(1); }
  at::Tensor x, squares;
};

/// The rows of a plane that have r >= epsilon, u = x_hat . e1 and v = x_hat . e2 of those, and r^2 of all rows.
struct Hits {
  Hits(const Columns& columns, const Workload& workload, Plane plane, double epsilon);
  at::Tensor rows, u, v, r_squared_of_all;
};

/// Where arcs begin and where they have ended, as numbers of angles behind -K: begin <= k < end, 0 <= both < 3 K.
struct ArcEnds {
  ArcEnds(const at::Tensor& u, const at::Tensor& v, const at::Tensor& r_squared, double epsilon);
  at::Tensor begin, end;  // int64
};

/// A way to count planes: the counts of some planes, (planes, K), each exact below 2^24.
class TorchPeer {
 public:
  TorchPeer(const Workload& workload, std::shared_ptr<const Columns> columns)
      : workload_(workload), columns_(std::move(columns)) {}
  virtual ~TorchPeer() = default;
  virtual at::Tensor counts(const std::vector<Plane>& planes) const = 0;
  const Workload& workload() const { return workload_; }

 protected:
  const Workload& workload_;
  std::shared_ptr<const Columns> columns_;
};

/// [u v] @ [cos; sin] >= epsilon, summed, of the rows with r^2 >= epsilon^2: all rows of a plane at once, or blocks.
std::unique_ptr<TorchPeer> pruned_torch(const Workload& workload, std::shared_ptr<const Columns> columns);
std::unique_ptr<TorchPeer> blocked_torch(const Workload& workload, std::shared_ptr<const Columns> columns);

/// Arcs by atan2, acos and bincount of the same rows: one plane at a time, or several.
std::unique_ptr<TorchPeer> arc_torch(const Workload& workload, std::shared_ptr<const Columns> columns);
std::unique_ptr<TorchPeer> batched_arc_torch(const Workload& workload, std::shared_ptr<const Columns> columns);

}  // namespace srm::bench
