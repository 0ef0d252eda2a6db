#include "report/plane_band.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace srm::report {
namespace {

// Angles whose counts are gathered at once: those of a plane that lie in two lines of the cache.
constexpr std::int64_t kAnglesAtOnce = 16;

// The counts of every plane at one angle. Reads are short runs of each plane's table.
class Columns {
 public:
  Columns(const Resonance& layer, std::int64_t e, CurveKind kind) : layer_(layer), e_(e), kind_(kind) {
    columns_.assign(kAnglesAtOnce, std::vector<std::int64_t>(static_cast<std::size_t>(layer.num_planes())));
  }

  void gather(std::int64_t first, std::int64_t count) {
    const ResonanceParts& parts = layer_.parts();
    const bool takes_signed = kind_ == CurveKind::kSigned && !parts.signed_counts.empty();
    const auto& tables = takes_signed ? parts.signed_counts : parts.counts;
    const std::int64_t half = kind_ == CurveKind::kSigned && !takes_signed ? parts.grid.num_distinct() / 2 : 0;
    for (std::int64_t p = 0; p < layer_.num_planes(); ++p) {
      const std::int64_t* table = tables.data() + (e_ * layer_.num_planes() + p) * layer_.num_angles();
      for (std::int64_t k = 0; k < count; ++k) {
        std::int64_t value = table[first + k];
        if (half > 0) value -= table[(first + k + half) % parts.grid.num_distinct()];
        columns_[static_cast<std::size_t>(k)][static_cast<std::size_t>(p)] = value;
      }
    }
  }
  std::vector<std::int64_t>& operator[](std::int64_t k) { return columns_[static_cast<std::size_t>(k)]; }

 private:
  const Resonance& layer_;
  std::int64_t e_;
  CurveKind kind_;
  std::vector<std::vector<std::int64_t>> columns_;
};

// The place of the quantile in a sorted list, by the nearest rank: the least value that `share` do not exceed.
std::ptrdiff_t rank_of(double share, std::size_t count) {
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(count) - 1e-9));
  return std::max<std::ptrdiff_t>(rank, 1) - 1;
}

// Whether theta + 180 degrees is an angle of the grid for each theta of it.
bool has_half_turn(const AngleGrid& grid) { return grid.num_distinct() % 2 == 0; }

}  // namespace

std::optional<PlaneBand> plane_band(const Resonance& layer, std::int64_t epsilon_index, CurveKind kind) {
  const AngleGrid& grid = layer.parts().grid;
  const bool is_known = kind == CurveKind::kPositive || layer.is_signed() || has_half_turn(grid);
  if (!is_known || layer.num_planes() == 0 || layer.num_samples_seen() == 0) return std::nullopt;
  if (std::isnan(layer.holistic_std(epsilon_index).front())) return std::nullopt;
  PlaneBand band;
  Columns columns(layer, epsilon_index, kind);
  const std::ptrdiff_t low = rank_of(0.05, static_cast<std::size_t>(layer.num_planes()));
  const std::ptrdiff_t high = rank_of(0.95, static_cast<std::size_t>(layer.num_planes()));
  for (std::int64_t first = 0; first < grid.num_distinct(); first += kAnglesAtOnce) {
    const std::int64_t count = std::min(kAnglesAtOnce, grid.num_distinct() - first);
    columns.gather(first, count);
    for (std::int64_t k = 0; k < count; ++k) {
      std::vector<std::int64_t>& values = columns[k];
      std::nth_element(values.begin(), values.begin() + low, values.end());
      band.low.push_back(values[static_cast<std::size_t>(low)]);
      std::nth_element(values.begin() + low, values.begin() + high, values.end());
      band.high.push_back(values[static_cast<std::size_t>(high)]);
    }
  }
  return band;
}

}  // namespace srm::report
