// The accumulator beside the same counts written in LibTorch, on one core.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "count_check.h"
#include "rows.h"
#include "torch_peers.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 9;
constexpr std::size_t kPlanesTimed = 2000;  // of the peer, by seed, over all turns
constexpr std::size_t kPlanesChecked = 100;
constexpr std::size_t kPlanesCheckedOfFew = 12;  // of so many as have most rows in every plane
constexpr std::size_t kFew = 200;

using MakePeer = std::unique_ptr<TorchPeer> (*)(const Workload&, std::shared_ptr<const Columns>);
using MakeWorkload = std::function<std::shared_ptr<const Workload>()>;

// Planes in an order drawn by seed. Each turn of the peer takes the next part of them, so that all turns together time
// at least kPlanesTimed, and its time is scaled to all planes.
class PlaneParts {
 public:
  explicit PlaneParts(const PlaneSet& set) : planes_(set.planes()) {
    std::shuffle(planes_.begin(), planes_.end(), std::mt19937(7));
    planes_.resize(std::min(planes_.size(), kPlanesTimed + kPairs));
    size_ = (planes_.size() + kPairs) / (kPairs + 1);
  }
  std::vector<Plane> next() {
    std::vector<Plane> part;
    for (std::size_t k = 0; k < size_; ++k) part.push_back(planes_[at_++ % planes_.size()]);
    return part;
  }
  std::size_t num_timed() const { return std::min(at_, planes_.size()); }
  std::vector<Plane> to_check() const {
    const std::size_t count = planes_.size() < kFew ? kPlanesCheckedOfFew : kPlanesChecked;
    return {planes_.begin(), planes_.begin() + static_cast<std::ptrdiff_t>(std::min(count, planes_.size()))};
  }

 private:
  std::vector<Plane> planes_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;
};

Sides set_up(const std::shared_ptr<const Workload>& workload, MakePeer make_peer) {
  const auto counter = std::make_shared<OurCounter>(*workload, workload->options());
  const auto columns = std::make_shared<const Columns>(*workload);
  const std::shared_ptr<TorchPeer> peer = make_peer(*workload, columns);
  const auto parts = std::make_shared<PlaneParts>(workload->planes);
  counter->count();
  const Resonance ours = counter->resonance();
  require_equal_counts(*peer, ours, parts->to_check());

  const double num_pairs = workload->num_pairs();
  const auto num_rows = static_cast<double>(workload->num_rows());
  const Measure time_ours = [workload, counter, num_pairs] {
    return cpu_seconds([&] { counter->count(); }) / num_pairs;
  };
  const Measure time_peer = [workload, peer, parts, num_pairs, num_rows] {
    const std::vector<Plane> part = parts->next();
    const double projecting =
        workload->basis->is_standard() ? 0 : cpu_seconds([&] { Columns again(*workload); }) / num_pairs;
    return projecting + cpu_seconds([&] { peer->counts(part); }) / num_rows / static_cast<double>(part.size());
  };
  const double share = static_cast<double>(ours.parts().scores.num_hits.at(0)) / num_pairs;
  return {time_ours, time_peer, {"ns a row and plane", 1e9}, [workload, parts, share] {
            return fmt::format("epsilon {:g}, {} rows, {:.3g} % hit; peer on {} of {} planes", workload->epsilon,
                               workload->num_rows(), 100 * share, parts->num_timed(), workload->planes.num_planes());
          }};
}

Contest versus(const std::string& name, MakeWorkload make_workload, MakePeer make_peer) {
  return {name, Ratio::kPeerOverOurs, kPairs, [=] { return set_up(make_workload(), make_peer); }};
}

MakeWorkload once(std::string name, at::Tensor (*make_rows)(std::int64_t, std::int64_t), std::int64_t num_rows,
                  std::int64_t dim, double epsilon) {
  return [=] { return std::make_shared<const Workload>(name, make_rows(num_rows, dim), epsilon); };
}

MakeWorkload shared(const Workload& (*workload)()) {
  return [=] { return std::shared_ptr<const Workload>(&workload(), [](const Workload*) {}); };
}

}  // namespace

std::vector<Contest> versus_rows() {
  const MakeWorkload aligned_64 = once("aligned/n64", aligned_rows, 65536, 64, 0.9);
  const MakeWorkload aligned_512 = shared(aligned_n512);
  const MakeWorkload wide = shared(wide_n768);
  const MakeWorkload gauss = once("small/n16_gauss", gaussian_rows, 65536, 16, 0.4);
  const MakeWorkload tanh = once("small/n16_tanh", tanh_rows, 65536, 16, 0.4);
  const MakeWorkload overcomplete = [] {
    return std::make_shared<const Workload>("overcomplete/m64_n16", gaussian_rows(65536, 16), 0.85,
                                            random_basis(64, 16));
  };
  return {
      versus("aligned/n64/vs_pruned_torch", aligned_64, pruned_torch),
      versus("aligned/n64/vs_arc_torch", aligned_64, arc_torch),
      versus("aligned/n64/vs_batched_arc_torch", aligned_64, batched_arc_torch),
      versus("aligned/n512/vs_pruned_torch", aligned_512, pruned_torch),
      versus("aligned/n512/vs_arc_torch", aligned_512, arc_torch),
      versus("aligned/n512/vs_batched_arc_torch", aligned_512, batched_arc_torch),
      versus("wide/n768/vs_pruned_torch", wide, pruned_torch),
      versus("wide/n768/vs_arc_torch", wide, arc_torch),
      versus("wide/n768/vs_batched_arc_torch", wide, batched_arc_torch),
      versus("small/n16_gauss/vs_pruned_torch", gauss, pruned_torch),
      versus("small/n16_gauss/vs_blocked_torch", gauss, blocked_torch),
      versus("small/n16_gauss/vs_arc_torch", gauss, arc_torch),
      versus("small/n16_tanh/vs_pruned_torch", tanh, pruned_torch),
      versus("small/n16_tanh/vs_blocked_torch", tanh, blocked_torch),
      versus("small/n16_tanh/vs_arc_torch", tanh, arc_torch),
      versus("overcomplete/m64_n16/vs_pruned_torch", overcomplete, pruned_torch),
      versus("overcomplete/m64_n16/vs_arc_torch", overcomplete, arc_torch),
  };
}

}  // namespace srm::bench
