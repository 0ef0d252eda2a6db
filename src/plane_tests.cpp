#include "srm/plane_tests.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "bases/arc_sums.h"
#include "bases/basis_columns.h"
#include "bases/rotations.h"
#include "srm/error.h"
#include "srm/plane_set.h"

namespace srm {
namespace {

struct Statistics {
  double c4;
  double hit_rate;
};

// Eight running sums, so that the compiler may use vector units; the order of the sums is fixed.
template <typename Number>
Statistics statistics_of(const Number* a, const Number* b, std::int64_t num_rows, const PlaneShape& shape,
                         double epsilon) {
  constexpr int kLanes = 8;
  const auto cosine = static_cast<Number>(shape.cosine);
  const auto inverse_sine = static_cast<Number>(shape.inverse_sine);
  // See Note [Ties] in srm/accumulator.h.
  const auto threshold = static_cast<Number>((epsilon - 1e-12) * (epsilon - 1e-12));
  Number along[kLanes] = {}, square[kLanes] = {}, hits[kLanes] = {};
  const auto add = [&](std::int64_t k, int lane) {
    const Number u = a[k];
    const Number v = (b[k] - cosine * u) * inverse_sine;
    const Number u2 = u * u, v2 = v * v;
    const Number r2 = u2 + v2;
    along[lane] += (u2 - v2) * (u2 - v2) - 4 * u2 * v2;  // r^4 cos(4 phi)
    square[lane] += r2 * r2;
    hits[lane] += r2 >= threshold ? 1 : 0;
  };
  std::int64_t k = 0;
  for (; k + kLanes <= num_rows; k += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) add(k + lane, lane);
  }
  for (int lane = 0; k < num_rows; ++k, ++lane) add(k, lane);
  double sums[3] = {};
  for (int lane = 0; lane < kLanes; ++lane) {
    sums[0] += static_cast<double>(along[lane]);
    sums[1] += static_cast<double>(square[lane]);
    sums[2] += static_cast<double>(hits[lane]);
  }
  // Rows that have no part in the plane say nothing of its direction.
  return {sums[1] > 0 ? std::clamp(sums[0] / sums[1], -1.0, 1.0) : 0, sums[2] / static_cast<double>(num_rows)};
}

template <typename Number>
std::vector<Statistics> statistics_of(const at::Tensor& coordinates, const std::vector<Plane>& planes,
                                      const PlaneSet& set, double epsilon) {
  const at::Tensor by_vector = coordinates.t().contiguous();
  const Number* numbers = by_vector.const_data_ptr<Number>();
  const std::int64_t num_rows = by_vector.size(1);
  std::vector<Statistics> statistics;
  statistics.reserve(planes.size());
  for (const Plane& plane : planes) {
    statistics.push_back(statistics_of(numbers + plane.i * num_rows, numbers + plane.j * num_rows, num_rows,
                                       set.shape(plane.i, plane.j), epsilon));
  }
  return statistics;
}

// At most that many of the planes that are not degenerate, every subset equally likely, in their order (Knuth, The Art
// of Computer Programming, 3.4.2, algorithm S).
std::vector<Plane> draw_planes(const PlaneSet& set, std::int64_t at_most, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::int64_t num_left = set.num_planes();
  std::int64_t num_wanted = std::min(at_most, num_left);
  std::vector<Plane> planes;
  planes.reserve(static_cast<std::size_t>(num_wanted));
  for (std::int64_t i = 0; i < set.num_vectors() && num_wanted > 0; ++i) {
    for (std::int64_t j = i + 1; j < set.num_vectors() && num_wanted > 0; ++j) {
      if (set.shape(i, j).inverse_sine == 0) continue;
      const bool takes_all = num_wanted == num_left;
      if (takes_all || generator() % static_cast<std::uint64_t>(num_left) < static_cast<std::uint64_t>(num_wanted)) {
        planes.push_back({i, j});
        --num_wanted;
      }
      --num_left;
    }
  }
  return planes;
}

void require_options(const PlaneTestOptions& options) {
  const bool in_range = options.epsilon > 0 && options.epsilon <= 1 && options.num_rotations >= 1 &&
                        options.max_pooled >= 1 && options.max_planes_tested >= 1 && options.num_strongest >= 0;
  if (in_range) return;
  throw Error("plane_tests", "epsilon must be in (0, 1], and rotations, planes pooled and planes tested at least 1",
              fmt::format("epsilon {}, {} rotations, {} pooled, {} tested, {} listed", options.epsilon,
                          options.num_rotations, options.max_pooled, options.max_planes_tested, options.num_strongest),
              "correct the options");
}

// What is pooled: both statistics of planes of Haar rotations, each sorted; and C4 of all planes of each rotation.
struct Pool {
  std::vector<double> c4;
  std::vector<double> hit_rate;
  std::vector<double> arc_alignment;  // (R) in the order of the rotations
};

Pool make_pool(const at::Tensor& unit, const bases::ArcPlanes& arcs, const PlaneTestOptions& options,
               const bases::SideBySide& side_by_side) {
  const std::int64_t dim = unit.size(1);
  const PlaneSet set(Basis::standard(dim), Pairs::kCombination);
  const std::int64_t share = std::max<std::int64_t>(1, options.max_pooled / options.num_rotations);
  const std::int64_t num_planes = std::min(share, set.num_planes());
  Pool pool;
  pool.c4.resize(static_cast<std::size_t>(num_planes * options.num_rotations));
  pool.hit_rate.resize(pool.c4.size());
  pool.arc_alignment.resize(static_cast<std::size_t>(options.num_rotations));
  const at::ScalarType type = bases::turn_type(dim);
  const at::Tensor turning = unit.to(type);
  side_by_side.for_each(options.num_rotations, options.progress, [&](std::int64_t k) {
    const at::Tensor turned = bases::HaarTurn(dim, options.seed, k).apply(turning);
    const std::vector<Plane> planes = draw_planes(set, num_planes, bases::seed_of(~options.seed, k));
    const std::vector<Statistics> statistics = type == at::kFloat
                                                   ? statistics_of<float>(turned, planes, set, options.epsilon)
                                                   : statistics_of<double>(turned, planes, set, options.epsilon);
    const auto first = static_cast<std::size_t>(k * num_planes);
    for (std::size_t p = 0; p < statistics.size(); ++p) {
      pool.c4[first + p] = statistics[p].c4;
      pool.hit_rate[first + p] = statistics[p].hit_rate;
    }
    pool.arc_alignment[static_cast<std::size_t>(k)] = bases::arc_alignment(arcs.null_sums(turned));
  });
  std::sort(pool.c4.begin(), pool.c4.end());
  std::sort(pool.hit_rate.begin(), pool.hit_rate.end());
  return pool;
}

// Rotations are as good as the basis itself under the null; so are those of them in which C4 is defined, where it is.
std::optional<ArcAlignmentTest> test_arc_alignment(const bases::ArcSums& sums, std::vector<double> null_scores,
                                                   std::span<const std::int64_t> blocks) {
  const double c4 = bases::arc_alignment(sums);
  if (std::isnan(c4)) return std::nullopt;
  ArcAlignmentTest test{.score = c4, .standard_error = bases::arc_alignment_error(sums, blocks)};
  const std::size_t num_rotations = null_scores.size();
  std::erase_if(null_scores, [](double score) { return std::isnan(score); });
  if (2 * null_scores.size() >= num_rotations && null_scores.size() >= 2) test.haar.emplace(c4, std::move(null_scores));
  return test;
}

std::vector<std::int64_t> blocks_or_rows(std::span<const std::int64_t> blocks, std::int64_t num_rows) {
  std::vector<std::int64_t> of_rows(blocks.begin(), blocks.end());
  if (blocks.empty()) {
    of_rows.resize(static_cast<std::size_t>(num_rows));
    std::iota(of_rows.begin(), of_rows.end(), 0);
  }
  if (std::ssize(of_rows) == num_rows) return of_rows;
  throw Error("plane_tests", "every row must have a block",
              fmt::format("{} rows and {} blocks", num_rows, blocks.size()),
              "say which sample each row is a part of, or nothing");
}

std::int64_t num_significant(const std::vector<double>& q) {
  return std::count_if(q.begin(), q.end(), [](double value) { return value <= 0.05; });
}

bool is_stronger(const PlaneTest& a, const PlaneTest& b) {
  if (a.p_c4 != b.p_c4) return a.p_c4 < b.p_c4;
  if (std::abs(a.c4) != std::abs(b.c4)) return std::abs(a.c4) > std::abs(b.c4);
  return a.i != b.i ? a.i < b.i : a.j < b.j;
}

// See PlaneMap; `tests` from the strongest on.
std::vector<std::int64_t> mapped_vectors(const std::vector<PlaneTest>& tests, std::int64_t num_vectors) {
  std::vector<std::int64_t> vectors;
  if (num_vectors <= PlaneMap::kMostVectors) {
    vectors.resize(static_cast<std::size_t>(num_vectors));
    std::iota(vectors.begin(), vectors.end(), 0);
    return vectors;
  }
  std::vector<bool> is_chosen(static_cast<std::size_t>(num_vectors), false);
  for (const PlaneTest& test : tests) {
    for (const std::int64_t vector : {test.i, test.j}) {
      if (std::ssize(vectors) == PlaneMap::kMostVectors) break;
      if (is_chosen[static_cast<std::size_t>(vector)]) continue;
      is_chosen[static_cast<std::size_t>(vector)] = true;
      vectors.push_back(vector);
    }
  }
  std::sort(vectors.begin(), vectors.end());
  return vectors;
}

PlaneMap map_of(const std::vector<PlaneTest>& tests, std::int64_t num_vectors) {
  PlaneMap map;
  map.vectors = mapped_vectors(tests, num_vectors);
  std::vector<std::size_t> place_of(static_cast<std::size_t>(num_vectors), map.vectors.size());
  for (std::size_t a = 0; a < map.vectors.size(); ++a) place_of[static_cast<std::size_t>(map.vectors[a])] = a;
  const std::size_t num_planes = map.vectors.empty() ? 0 : map.vectors.size() * (map.vectors.size() - 1) / 2;
  for (auto* numbers : {&map.c4, &map.q_c4, &map.hit_rate, &map.q_hit_rate}) {
    numbers->assign(num_planes, std::numeric_limits<float>::quiet_NaN());
  }
  for (const PlaneTest& test : tests) {
    const std::size_t a = place_of[static_cast<std::size_t>(test.i)], b = place_of[static_cast<std::size_t>(test.j)];
    if (a == map.vectors.size() || b == map.vectors.size()) continue;
    const std::size_t p = map.place(a, b);
    map.c4[p] = static_cast<float>(test.c4);
    map.q_c4[p] = static_cast<float>(test.q_c4);
    map.hit_rate[p] = static_cast<float>(test.hit_rate);
    map.q_hit_rate[p] = static_cast<float>(test.q_hit_rate);
  }
  return map;
}

}  // namespace

PlaneTests plane_tests(const at::Tensor& unit_rows, const Basis& basis, const PlaneTestOptions& options,
                       std::span<const std::int64_t> blocks) {
  require_options(options);
  bases::require_scorable(unit_rows, basis, "plane_tests");
  const std::vector<std::int64_t> blocks_of_rows = blocks_or_rows(blocks, unit_rows.size(0));
  const bases::SideBySide side_by_side;
  const PlaneSet set(basis, Pairs::kCombination);
  const std::vector<Plane> planes = draw_planes(set, options.max_planes_tested, bases::seed_of(options.seed, -1));
  const at::Tensor unit = unit_rows.to(at::kDouble);
  const at::Tensor coordinates = bases::coordinates_in(bases::basis_columns(basis, at::kDouble), unit);
  const bases::ArcPlanes arcs(basis, set, options.epsilon, bases::turn_type(basis.dim()));
  const Pool pool = make_pool(unit, arcs, options, side_by_side);

  std::vector<PlaneTest> tests(planes.size());
  std::vector<double> p_c4(planes.size()), p_hit_rate(planes.size());
  const std::vector<Statistics> statistics = statistics_of<double>(coordinates, planes, set, options.epsilon);
  for (std::size_t k = 0; k < planes.size(); ++k) {
    p_c4[k] = empirical_p_sorted(statistics[k].c4, pool.c4);
    p_hit_rate[k] = empirical_p_sorted(statistics[k].hit_rate, pool.hit_rate);
    tests[k] = {.i = planes[k].i,
                .j = planes[k].j,
                .c4 = statistics[k].c4,
                .p_c4 = p_c4[k],
                .hit_rate = statistics[k].hit_rate,
                .p_hit_rate = p_hit_rate[k]};
  }
  const std::vector<double> q_c4 = benjamini_hochberg(p_c4), q_hit_rate = benjamini_hochberg(p_hit_rate);
  for (std::size_t k = 0; k < planes.size(); ++k) {
    tests[k].q_c4 = q_c4[k];
    tests[k].q_hit_rate = q_hit_rate[k];
  }
  std::sort(tests.begin(), tests.end(), is_stronger);
  PlaneMap map = map_of(tests, basis.num_vectors());
  tests.resize(std::min(tests.size(), static_cast<std::size_t>(options.num_strongest)));
  return {.epsilon = options.epsilon,
          .num_planes = set.num_planes(),
          .num_planes_tested = static_cast<std::int64_t>(planes.size()),
          .num_rotations = options.num_rotations,
          .num_pooled = static_cast<std::int64_t>(pool.c4.size()),
          .num_c4_bh = num_significant(q_c4),
          .num_c4_by = num_significant(benjamini_yekutieli(p_c4)),
          .num_hit_rate_bh = num_significant(q_hit_rate),
          .num_hit_rate_by = num_significant(benjamini_yekutieli(p_hit_rate)),
          .strongest = std::move(tests),
          .map = std::move(map),
          .arc_alignment = test_arc_alignment(arcs.sums(coordinates), pool.arc_alignment, blocks_of_rows)};
}

}  // namespace srm
