// How near the whole way from rows to tables comes to the least that it must do: two increments a hit.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>

#include "rows.h"
#include "torch_peers.h"

namespace srm::bench {
namespace {

constexpr int kPairs = 11;
constexpr std::size_t kPlanes = 2000;
constexpr int kRoundsPerTurn = 10;

// Where the arcs of the hits of some planes begin and end, plane by plane, and in each the rows of one axis together,
// as whoever groups rows by their heavy coordinate meets them.
struct Increments {
  struct Hit {
    std::uint16_t begin, end;
  };
  std::vector<Hit> hits;
  std::vector<std::size_t> plane_ends;
};

Increments increments_of(const Workload& workload) {
  const at::Tensor axes = axes_of_rows(workload.num_rows(), workload.dim());
  Columns columns(workload);
  const at::Tensor order = axes.argsort(true, 0, false);
  columns.x = columns.x.index_select(1, order);
  columns.squares = columns.squares.index_select(1, order);
  std::vector<Plane> planes = workload.planes.planes();
  std::shuffle(planes.begin(), planes.end(), std::mt19937(7));
  planes.resize(std::min(planes.size(), kPlanes));
  Increments increments;
  for (const Plane& plane : planes) {
    const Hits hits(columns, workload, plane, workload.epsilon);
    const ArcEnds ends(hits.u, hits.v, hits.r_squared_of_all.index_select(0, hits.rows), workload.epsilon);
    const at::Tensor begin = ends.begin.remainder(kNumAngles), end = ends.end.remainder(kNumAngles);
    for (std::int64_t k = 0; k < begin.size(0); ++k) {
      increments.hits.push_back({static_cast<std::uint16_t>(begin.const_data_ptr<std::int64_t>()[k]),
                                 static_cast<std::uint16_t>(end.const_data_ptr<std::int64_t>()[k])});
    }
    increments.plane_ends.push_back(increments.hits.size());
  }
  return increments;
}

void do_increments(const Increments& increments) {
  alignas(64) std::array<std::int32_t, kNumAngles> table{};
  const Increments::Hit* hit = increments.hits.data();
  for (const std::size_t plane_end : increments.plane_ends) {
    for (const auto* const last = increments.hits.data() + plane_end; hit != last; ++hit) {
      ++table[hit->begin];
      --table[hit->end];
    }
    benchmark::DoNotOptimize(table.data());
    benchmark::ClobberMemory();
  }
}

Sides set_up() {
  const Workload& workload = aligned_n512();
  const auto increments = std::make_shared<const Increments>(increments_of(workload));
  const auto counter = std::make_shared<OurCounter>(workload, workload.options());
  const double our_hits = num_hits(workload);
  const Measure ours = [counter, our_hits] { return cpu_seconds([&] { counter->count(); }) / our_hits; };
  const Measure peer = [increments] {
    return cpu_seconds([&] { do_increments(*increments); }, kRoundsPerTurn) /
           static_cast<double>(increments->hits.size());
  };
  ours();
  peer();
  return {ours, peer, {"million hits a second", 1e-6, true}};
}

}  // namespace

std::vector<Contest> increment_rows() {
  return {{"aligned/n512/increment_rate", Ratio::kPeerOverOurs, kPairs, set_up}};
}

}  // namespace srm::bench
