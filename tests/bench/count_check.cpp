#include "count_check.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace srm::bench {
namespace {

constexpr double kOurMargin = 1e-6;
constexpr double kPeerMargin = 5e-6;  // angles in float32 numbers of up to 1,080 are off by 5e-7 radians and more
constexpr std::int64_t kRowsPerBlock = 8192;

std::vector<std::int64_t> to_vector(const at::Tensor& counts) {
  const at::Tensor whole = counts.to(at::kLong).contiguous();
  const std::int64_t* const first = whole.const_data_ptr<std::int64_t>();
  return {first, first + whole.numel()};
}

// c = b_i . x_hat of all rows, (N) float64.
at::Tensor coordinate(const Workload& workload, const at::Tensor& norms, std::int64_t i) {
  if (workload.basis->is_standard()) return workload.rows.select(1, i).to(at::kDouble) / norms.squeeze(1);
  const at::Tensor vectors = at::tensor(workload.basis->vectors(), at::kDouble).view({-1, workload.dim()});
  return workload.rows.to(at::kDouble).mv(vectors[i]) / norms.squeeze(1);
}

}  // namespace

at::Tensor norms_of(const Workload& workload) { return workload.rows.norm(2, {1}, true, at::kDouble); }

CountBounds::CountBounds(const Workload& workload, const at::Tensor& norms, Plane plane, double margin) {
  const at::Tensor c_i = coordinate(workload, norms, plane.i), c_j = coordinate(workload, norms, plane.j);
  const PlaneShape shape = workload.planes.shape(plane.i, plane.j);
  const at::Tensor uv = at::stack({c_i, (c_j - shape.cosine * c_i) * shape.inverse_sine}, 1);
  const double least_r = std::max(0.0, workload.epsilon - margin);
  const at::Tensor hits = uv.index_select(0, (uv * uv).sum(1).ge(least_r * least_r).nonzero().squeeze(1));
  const at::Tensor angles = at::arange(kNumAngles, at::kDouble) * (2 * M_PI / kNumAngles);
  const at::Tensor spotlights = at::stack({at::cos(angles), at::sin(angles)});
  at::Tensor sum_least = at::zeros({kNumAngles}, at::kLong), sum_most = sum_least.clone();
  for (std::int64_t first = 0; first < hits.size(0); first += kRowsPerBlock) {
    const at::Tensor cosines = hits.slice(0, first, first + kRowsPerBlock).matmul(spotlights);
    sum_least += cosines.ge(workload.epsilon + margin).sum(0);
    sum_most += cosines.ge(workload.epsilon - margin).sum(0);
  }
  least = to_vector(sum_least);
  most = to_vector(sum_most);
}

void require_within(const CountBounds& bounds, const std::vector<std::int64_t>& counts, Plane plane,
                    const std::string& who) {
  for (std::size_t k = 0; k < bounds.least.size(); ++k) {
    if (counts.at(k) >= bounds.least[k] && counts.at(k) <= bounds.most[k]) continue;
    throw std::runtime_error(fmt::format("{}: plane ({}, {}) has {} rows at angle {}, which must be from {} to {}", who,
                                         plane.i, plane.j, counts[k], k, bounds.least[k], bounds.most[k]));
  }
}

void require_equal_counts(const TorchPeer& peer, const Resonance& ours, const std::vector<Plane>& planes) {
  const Workload& workload = peer.workload();
  const at::Tensor theirs = peer.counts(planes);
  at::Tensor norms;
  for (std::size_t k = 0; k < planes.size(); ++k) {
    const Plane plane = planes[k];
    const auto counts = ours.counts(0, ours.plane_index(plane.i, plane.j));
    const std::vector<std::int64_t> our_counts(counts.begin(), counts.end());
    const std::vector<std::int64_t> their_counts = to_vector(theirs[static_cast<std::int64_t>(k)]);
    if (our_counts == their_counts) continue;
    if (!norms.defined()) norms = norms_of(workload);
    require_within({workload, norms, plane, kOurMargin}, our_counts, plane, workload.name + ", ours");
    require_within({workload, norms, plane, kPeerMargin}, their_counts, plane, workload.name + ", the peer's");
  }
}

}  // namespace srm::bench
