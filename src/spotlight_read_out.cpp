// What has been counted, from difference tables to counts and back.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "spotlight_tables.h"

namespace srm {
namespace {

std::size_t size_of(std::int64_t num_curves, std::int64_t num_angles) {
  return static_cast<std::size_t>(num_curves) * static_cast<std::size_t>(num_angles);
}

void add_to(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values) {
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += values[k];
}

}  // namespace

void SpotlightTables::read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) const& {
  std::vector<std::int64_t> tables = tables_;
  if (is_narrow_) widen(tables);
  read_out(std::move(tables), signed_tables_, num_rows_everywhere, parts);
}

void SpotlightTables::read_out(std::int64_t num_rows_everywhere, ResonanceParts& parts) && {
  widen();
  read_out(std::move(tables_), std::move(signed_tables_), num_rows_everywhere, parts);
}

void SpotlightTables::read_out(std::vector<std::int64_t> tables, std::vector<std::int64_t> signed_tables,
                               std::int64_t num_rows_everywhere, ResonanceParts& parts) const {
  parts.planes = chosen_.planes();
  parts.holistic_counts.assign(size_of(std::ssize(spotlight_.epsilon), num_angles_), 0);
  read_out_scores(parts);
  read_out_planes(std::move(tables), num_rows_everywhere, parts);
  read_out_sums(num_rows_everywhere, parts);
  if (spotlight_.is_signed) read_out_signed(std::move(signed_tables), parts);
}

// The running sums of a difference table, (K), which begin at `count`. `counts` may be the same memory.
void SpotlightTables::to_counts(const std::int64_t* differences, std::int64_t count, std::int64_t* counts) const {
  for (std::int64_t k = 0; k < num_distinct_; ++k) {
    count += differences[k];
    counts[k] = count;
  }
  if (num_distinct_ < num_angles_) counts[num_distinct_] = counts[0];
}

void SpotlightTables::read_out_planes(std::vector<std::int64_t> tables, std::int64_t num_rows_everywhere,
                                      ResonanceParts& parts) const {
  const std::int64_t num_epsilons = std::ssize(spotlight_.epsilon);
  const std::int64_t num_planes = chosen_.num_planes();
  parts.plane_hits.assign(size_of(num_epsilons, num_planes), 0);
  // In place: a plane's counts never lie behind its table, since each table before it is one number longer.
  auto hits = parts.plane_hits.begin();
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    std::int64_t* holistic = parts.holistic_counts.data() + e * num_angles_;
    for (std::int64_t p = 0; p < num_planes; ++p, ++hits) {
      const std::int64_t* table = tables.data() + (e * num_planes + p) * stride();
      std::int64_t* counts = tables.data() + (e * num_planes + p) * num_angles_;
      *hits = table[num_angles_];
      const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
      const bool degenerate = planes_.shape(plane.i, plane.j).inverse_sine == 0;
      const bool has_all_rows = spotlight_.epsilon[static_cast<std::size_t>(e)] <= 0 && !degenerate;
      to_counts(table, has_all_rows ? num_rows_everywhere : 0, counts);
      for (std::int64_t k = 0; k < num_angles_ && chosen_.has_all(); ++k) holistic[k] += counts[k];
    }
  }
  tables.resize(size_of(num_epsilons * num_planes, num_angles_));
  parts.counts = std::move(tables);
}

void SpotlightTables::read_out_scores(ResonanceParts& parts) const {
  parts.num_planes_summed = planes_.num_planes();
  parts.num_planes_left_out = planes_.num_left_out();
  parts.scores.cosine_sum.assign(spotlight_.epsilon.size(), 0);
  parts.scores.num_hits.assign(spotlight_.epsilon.size(), 0);
  for (const Sums& sums : sums_) {
    add_to(parts.scores.cosine_sum, sums.cosine_sum);
    add_to(parts.scores.num_hits, sums.num_hits);
  }
}

void SpotlightTables::read_out_sums(std::int64_t num_rows_everywhere, ResonanceParts& parts) const {
  if (chosen_.has_all()) return;
  for (const Sums& sums : sums_) add_to(parts.holistic_counts, sums.holistic);
  holistic_to_counts(num_rows_everywhere, parts.holistic_counts);
}

// From differences (E, K), in place.
void SpotlightTables::holistic_to_counts(std::int64_t num_rows_everywhere,
                                         std::vector<std::int64_t>& differences) const {
  const std::int64_t num_spanned = planes_.num_planes() - planes_.num_kept_as_zeros();
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const bool has_all_rows = spotlight_.epsilon[static_cast<std::size_t>(e)] <= 0;
    std::int64_t* holistic = differences.data() + e * num_angles_;
    to_counts(holistic, has_all_rows ? num_rows_everywhere * num_spanned : 0, holistic);
  }
}

// Of tables of all planes, (E, P, stride): what they sum up to, (E, K).
template <typename Cell>
std::vector<std::int64_t> SpotlightTables::sum_of_tables(const Cell* cells, std::int64_t stride) const {
  const std::int64_t num_epsilons = std::ssize(spotlight_.epsilon);
  std::vector<std::int64_t> sum(size_of(num_epsilons, num_angles_), 0);
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    std::int64_t* holistic = sum.data() + e * num_angles_;
    for (std::int64_t p = 0; p < chosen_.num_planes(); ++p, cells += stride) {
      for (std::int64_t k = 0; k < num_distinct_; ++k) holistic[k] += cells[k];
    }
  }
  return sum;
}

void SpotlightTables::read_out_holistic(std::int64_t num_rows_everywhere, ResonanceParts& parts) const {
  read_out_scores(parts);
  if (chosen_.has_all()) {
    parts.holistic_counts = is_narrow_ ? sum_of_tables(reinterpret_cast<const NarrowCell*>(tables_.data()), stride())
                                       : sum_of_tables(tables_.data(), stride());
    holistic_to_counts(num_rows_everywhere, parts.holistic_counts);
  } else {
    parts.holistic_counts.assign(size_of(std::ssize(spotlight_.epsilon), num_angles_), 0);
    read_out_sums(num_rows_everywhere, parts);
  }
  if (!spotlight_.is_signed) return;
  if (has_signed_tables_ && chosen_.has_all()) {
    parts.holistic_signed_counts = sum_of_tables(signed_tables_.data(), num_angles_);
    holistic_to_counts(0, parts.holistic_signed_counts);
  } else {
    read_out_holistic_signed(parts);
  }
}

// Counts without those of half a turn away, (K).
void SpotlightTables::take_half_turn_off(const std::int64_t* counts, std::int64_t* signed_counts) const {
  for (std::int64_t k = 0; k < num_angles_; ++k) {
    signed_counts[k] = counts[k] - counts[(k + num_distinct_ / 2) % num_distinct_];
  }
}

// Rows without a direction are on neither side.
void SpotlightTables::read_out_signed(std::vector<std::int64_t> signed_tables, ResonanceParts& parts) const {
  const std::int64_t num_curves = std::ssize(spotlight_.epsilon) * chosen_.num_planes();
  if (!has_signed_tables_) {
    parts.signed_counts.resize(parts.counts.size());
    for (std::int64_t curve = 0; curve < num_curves; ++curve) {
      take_half_turn_off(parts.counts.data() + curve * num_angles_, parts.signed_counts.data() + curve * num_angles_);
    }
    return read_out_holistic_signed(parts);
  }
  parts.holistic_signed_counts.assign(parts.holistic_counts.size(), 0);
  for (std::int64_t curve = 0; curve < num_curves; ++curve) {
    std::int64_t* counts = signed_tables.data() + curve * num_angles_;
    to_counts(counts, 0, counts);
    if (!chosen_.has_all()) continue;
    std::int64_t* holistic = parts.holistic_signed_counts.data() + curve / chosen_.num_planes() * num_angles_;
    for (std::int64_t k = 0; k < num_angles_; ++k) holistic[k] += counts[k];
  }
  parts.signed_counts = std::move(signed_tables);
  if (!chosen_.has_all()) read_out_holistic_signed(parts);
}

// Where not all planes have tables of signed counts, or where these follow from the others.
void SpotlightTables::read_out_holistic_signed(ResonanceParts& parts) const {
  parts.holistic_signed_counts.assign(parts.holistic_counts.size(), 0);
  if (has_signed_tables_) {
    for (const Sums& sums : sums_) add_to(parts.holistic_signed_counts, sums.holistic_signed);
    return holistic_to_counts(0, parts.holistic_signed_counts);
  }
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    take_half_turn_off(parts.holistic_counts.data() + e * num_angles_,
                       parts.holistic_signed_counts.data() + e * num_angles_);
  }
}

// The way back from to_counts().
template <typename Cell>
void SpotlightTables::add_differences(const std::int64_t* counts, std::int64_t count, Cell* differences) const {
  for (std::int64_t k = 0; k < num_distinct_; ++k) {
    differences[k] += static_cast<Cell>(counts[k] - count);
    count = counts[k];
  }
}

void SpotlightTables::resume(const ResonanceParts& parts, std::int64_t num_rows_everywhere) {
  if (parts.num_samples_seen > kMostNarrowRows) widen();
  const std::int64_t num_planes = chosen_.num_planes();
  const std::int64_t num_spanned = planes_.num_planes() - planes_.num_kept_as_zeros();
  Sums& sums = sums_.front();  // which owner has them changes no sum
  add_to(sums.cosine_sum, parts.scores.cosine_sum);
  add_to(sums.num_hits, parts.scores.num_hits);
  for (std::int64_t e = 0; e < std::ssize(spotlight_.epsilon); ++e) {
    const std::int64_t everywhere = spotlight_.epsilon[static_cast<std::size_t>(e)] <= 0 ? num_rows_everywhere : 0;
    for (std::int64_t p = 0; p < num_planes; ++p) {
      const std::int64_t curve = e * num_planes + p;
      const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
      const bool degenerate = planes_.shape(plane.i, plane.j).inverse_sine == 0;
      with_table(e, p, [&](auto* table) {
        add_differences(parts.counts.data() + curve * num_angles_, degenerate ? 0 : everywhere, table);
        using Cell = std::remove_reference_t<decltype(*table)>;
        table[num_angles_] += static_cast<Cell>(parts.plane_hits[static_cast<std::size_t>(curve)]);
      });
      if (!has_signed_tables_) continue;
      add_differences(parts.signed_counts.data() + curve * num_angles_, 0, signed_tables_.data() + curve * num_angles_);
    }
    if (chosen_.has_all()) continue;
    const std::int64_t first = e * num_angles_;
    add_differences(parts.holistic_counts.data() + first, everywhere * num_spanned, sums.holistic.data() + first);
    if (!has_signed_tables_) continue;
    add_differences(parts.holistic_signed_counts.data() + first, 0, sums.holistic_signed.data() + first);
  }
}

}  // namespace srm
