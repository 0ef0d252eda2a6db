#include "torch_peers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace srm::bench {
namespace {

constexpr std::int64_t kRowsPerBlock = 1024;
constexpr std::int64_t kPlanesPerBatch = 16;
constexpr std::int64_t kTurns = 3;  // that ends of arcs lie in

at::Tensor spotlights() {
  const at::Tensor angles = at::arange(kNumAngles, at::kDouble) * (2 * M_PI / kNumAngles);
  return at::stack({at::cos(angles), at::sin(angles)}).to(at::kFloat);
}

class PrunedTorch : public TorchPeer {
 public:
  PrunedTorch(const Workload& workload, std::shared_ptr<const Columns> columns, std::int64_t rows_per_block)
      : TorchPeer(workload, std::move(columns)), rows_per_block_(rows_per_block), spotlights_(spotlights()) {}

  at::Tensor counts(const std::vector<Plane>& planes) const override {
    std::vector<at::Tensor> counts;
    for (const Plane& plane : planes) {
      const Hits hits(*columns_, workload_, plane, workload_.epsilon);
      const std::int64_t num_hits = hits.rows.size(0);
      at::Tensor sum = count_rows(hits, 0, std::min(num_hits, rows_per_block_));
      for (std::int64_t first = rows_per_block_; first < num_hits; first += rows_per_block_) {
        sum += count_rows(hits, first, std::min(num_hits, first + rows_per_block_));
      }
      counts.push_back(std::move(sum));
    }
    return at::stack(counts);
  }

 private:
  at::Tensor count_rows(const Hits& hits, std::int64_t first, std::int64_t last) const {
    const at::Tensor uv = at::stack({hits.u.slice(0, first, last), hits.v.slice(0, first, last)}, 1);
    return uv.matmul(spotlights_).ge_(workload_.epsilon).sum(0);
  }

  std::int64_t rows_per_block_;
  at::Tensor spotlights_;
};

// Counts of tables of differences, (planes, kTurns * K), folded into one turn.
at::Tensor folded(const at::Tensor& differences) { return differences.cumsum(1).view({-1, kTurns, kNumAngles}).sum(1); }

class ArcTorch : public TorchPeer {
 public:
  ArcTorch(const Workload& workload, std::shared_ptr<const Columns> columns, std::int64_t planes_per_batch)
      : TorchPeer(workload, std::move(columns)), planes_per_batch_(planes_per_batch) {}

  at::Tensor counts(const std::vector<Plane>& planes) const override {
    std::vector<at::Tensor> counts;
    for (std::size_t first = 0; first < planes.size(); first += static_cast<std::size_t>(planes_per_batch_)) {
      const std::size_t last = std::min(planes.size(), first + static_cast<std::size_t>(planes_per_batch_));
      counts.push_back(count_batch(
          {planes.begin() + static_cast<std::ptrdiff_t>(first), planes.begin() + static_cast<std::ptrdiff_t>(last)}));
    }
    return at::cat(counts);
  }

 private:
  at::Tensor count_batch(const std::vector<Plane>& planes) const {
    const auto num_planes = static_cast<std::int64_t>(planes.size());
    std::vector<at::Tensor> u, v, r_squared;
    std::vector<std::int64_t> num_hits;
    for (const Plane& plane : planes) {
      Hits hits(*columns_, workload_, plane, workload_.epsilon);
      num_hits.push_back(hits.rows.size(0));
      u.push_back(std::move(hits.u));
      v.push_back(std::move(hits.v));
      r_squared.push_back(hits.r_squared_of_all.index_select(0, hits.rows));
    }
    if (num_planes == 1) return folded(differences({u[0], v[0], r_squared[0], workload_.epsilon}, 1));
    ArcEnds ends(at::cat(u), at::cat(v), at::cat(r_squared), workload_.epsilon);
    const at::Tensor tables = at::arange(0, num_planes * kTurns * kNumAngles, kTurns * kNumAngles, at::kLong)
                                  .repeat_interleave(at::from_blob(num_hits.data(), {num_planes}, at::kLong));
    ends.begin.add_(tables);
    ends.end.add_(tables);
    return folded(differences(ends, num_planes));
  }

  static at::Tensor differences(const ArcEnds& ends, std::int64_t num_planes) {
    const std::int64_t size = num_planes * kTurns * kNumAngles;
    return (ends.begin.bincount({}, size) - ends.end.bincount({}, size)).view({num_planes, kTurns * kNumAngles});
  }

  std::int64_t planes_per_batch_;
};

}  // namespace

Columns::Columns(const Workload& workload) {
  const at::Tensor unit_rows = workload.rows / workload.rows.norm(2, {1}, true);
  if (workload.basis->is_standard()) {
    x = unit_rows.t().contiguous();
  } else {
    const std::vector<double> vectors = workload.basis->vectors();
    x = at::tensor(at::ArrayRef<double>(vectors), at::kDouble)
            .view({-1, workload.dim()})
            .to(at::kFloat)
            .matmul(unit_rows.t());
  }
  squares = x * x;
}

Hits::Hits(const Columns& columns, const Workload& workload, Plane plane, double epsilon) {
  const at::Tensor x_i = columns.x[plane.i], x_j = columns.x[plane.j];
  if (workload.planes.is_orthogonal()) {
    r_squared_of_all = columns.squares[plane.i] + columns.squares[plane.j];
    rows = r_squared_of_all.ge(epsilon * epsilon).nonzero().squeeze(1);
    u = x_i.index_select(0, rows);
    v = x_j.index_select(0, rows);
    return;
  }
  // v = (c_j - g c_i) / sqrt(1 - g^2), of which the expression takes the square for all rows.
  const PlaneShape shape = workload.planes.shape(plane.i, plane.j);
  const at::Tensor all_v = x_j.sub(x_i, shape.cosine).mul_(shape.inverse_sine);
  r_squared_of_all = at::addcmul(columns.squares[plane.i], all_v, all_v);
  rows = r_squared_of_all.ge(epsilon * epsilon).nonzero().squeeze(1);
  u = x_i.index_select(0, rows);
  v = all_v.index_select(0, rows);
}

ArcEnds::ArcEnds(const at::Tensor& u, const at::Tensor& v, const at::Tensor& r_squared, double epsilon) {
  const double angles_per_radian = kNumAngles / (2 * M_PI);
  const at::Tensor centre = at::atan2(v, u).mul_(angles_per_radian).add_(static_cast<double>(kNumAngles));
  const at::Tensor half_width = r_squared.rsqrt().mul_(epsilon).clamp_max_(1.0).acos_().mul_(angles_per_radian);
  begin = centre.sub(half_width).ceil_().to(at::kLong);
  end = centre.add(half_width).floor_().add_(1.0).to(at::kLong);
}

std::unique_ptr<TorchPeer> pruned_torch(const Workload& workload, std::shared_ptr<const Columns> columns) {
  return std::make_unique<PrunedTorch>(workload, std::move(columns), std::numeric_limits<std::int64_t>::max() / 2);
}

std::unique_ptr<TorchPeer> blocked_torch(const Workload& workload, std::shared_ptr<const Columns> columns) {
  return std::make_unique<PrunedTorch>(workload, std::move(columns), kRowsPerBlock);
}

std::unique_ptr<TorchPeer> arc_torch(const Workload& workload, std::shared_ptr<const Columns> columns) {
  return std::make_unique<ArcTorch>(workload, std::move(columns), 1);
}

std::unique_ptr<TorchPeer> batched_arc_torch(const Workload& workload, std::shared_ptr<const Columns> columns) {
  return std::make_unique<ArcTorch>(workload, std::move(columns), kPlanesPerBatch);
}

}  // namespace srm::bench
