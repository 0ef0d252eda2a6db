#include "srm/layer_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "srm/error.h"

namespace srm {
namespace {

void require(bool holds, std::string_view where, std::string_view rule, const std::string& got) {
  if (!holds) throw Error(where, rule, got, "these tests are damaged or were not made by torchsrm; make them again");
}

bool is_share(double value) { return value >= 0 && value <= 1; }

void require_valid(const TopShare& top, std::int64_t num_vectors, std::string_view where) {
  require(is_share(top.share) && (!top.a4_without || std::isfinite(*top.a4_without)), where,
          "a share must be in [0, 1] and A4 finite", fmt::format("{}", top.share));
  for (const std::int64_t vector : top.vectors) {
    require(vector >= 0 && vector < num_vectors, where, fmt::format("a vector must be below {}", num_vectors),
            fmt::format("{}", vector));
  }
}

void require_valid(const PlaneMap& map, std::int64_t num_vectors, std::string_view where) {
  const bool in_order =
      std::adjacent_find(map.vectors.begin(), map.vectors.end(), std::greater_equal<>()) == map.vectors.end();
  require(in_order && (map.vectors.empty() || (map.vectors.front() >= 0 && map.vectors.back() < num_vectors)), where,
          fmt::format("the vectors of a map of planes must ascend and be below {}", num_vectors),
          fmt::format("{} others", map.vectors.size()));
  const std::size_t num_planes = map.vectors.size() * (map.vectors.size() - (map.vectors.empty() ? 0 : 1)) / 2;
  for (const auto* numbers : {&map.c4, &map.q_c4, &map.hit_rate, &map.q_hit_rate}) {
    require(numbers->size() == num_planes, where, fmt::format("a map must have {} planes", num_planes),
            fmt::format("{}", numbers->size()));
  }
  for (std::size_t p = 0; p < num_planes; ++p) {
    const auto c4 = map.c4[p], q_c4 = map.q_c4[p], hit_rate = map.hit_rate[p], q_hit_rate = map.q_hit_rate[p];
    const bool is_blank = std::isnan(c4) && std::isnan(q_c4) && std::isnan(hit_rate) && std::isnan(q_hit_rate);
    const bool in_range = std::abs(c4) <= 1 && is_share(q_c4) && is_share(hit_rate) && is_share(q_hit_rate);
    require(is_blank || in_range, where,
            "c4 in a map must be in [-1, 1], and the hit rate and q in [0, 1], or none of them a number",
            fmt::format("{}, {}, {} and {}", c4, hit_rate, q_c4, q_hit_rate));
  }
}

void require_valid(const ArcAlignmentTest& test, std::int64_t num_rotations, std::string_view where) {
  bool in_range = std::abs(test.score) <= 1;
  require(!(test.standard_error < 0) && !std::isinf(test.standard_error), where,
          "the standard error of C4 must not be negative or infinite", fmt::format("{}", test.standard_error));
  if (test.haar) {
    require(test.haar->score == test.score, where, "the null of C4 must test the same score",
            fmt::format("{} and {}", test.haar->score, test.score));
    require(test.haar->num_rotations() <= num_rotations, where,
            fmt::format("C4 can have been scored in at most {} rotations", num_rotations),
            fmt::format("{}", test.haar->num_rotations()));
    for (const double score : test.haar->null_scores) in_range = in_range && std::abs(score) <= 1;
  }
  require(in_range, where, "C4 must be in [-1, 1], in rotations too", fmt::format("{}", test.score));
}

void require_valid(const PlaneTests& planes, std::int64_t num_vectors, std::string_view where) {
  const auto tested = planes.num_planes_tested;
  require(planes.epsilon > 0 && planes.epsilon <= 1, where, "the epsilon of the hit rate must be in (0, 1]",
          fmt::format("{}", planes.epsilon));
  require(tested >= 0 && tested <= planes.num_planes && planes.num_rotations >= 1 && planes.num_pooled >= 1, where,
          "of the planes some must be tested, against planes of rotations",
          fmt::format("{} of {} planes against {} of {} rotations", tested, planes.num_planes, planes.num_pooled,
                      planes.num_rotations));
  for (const std::int64_t count :
       {planes.num_c4_bh, planes.num_c4_by, planes.num_hit_rate_bh, planes.num_hit_rate_by}) {
    require(count >= 0 && count <= tested, where, fmt::format("at most {} planes can be significant", tested),
            fmt::format("{}", count));
  }
  for (const PlaneTest& plane : planes.strongest) {
    require(plane.i >= 0 && plane.i < plane.j && plane.j < num_vectors, where,
            fmt::format("a plane must have 0 <= i < j < {}", num_vectors), fmt::format("({}, {})", plane.i, plane.j));
    bool in_range = std::abs(plane.c4) <= 1;
    for (const double value : {plane.p_c4, plane.q_c4, plane.hit_rate, plane.p_hit_rate, plane.q_hit_rate}) {
      in_range = in_range && is_share(value);
    }
    require(in_range, where, "c4 must be in [-1, 1], and the hit rate, p and q in [0, 1]",
            fmt::format("another number for the plane ({}, {})", plane.i, plane.j));
  }
  if (planes.map) require_valid(*planes.map, num_vectors, where);
  if (planes.arc_alignment) require_valid(*planes.arc_alignment, planes.num_rotations, where);
}

}  // namespace

bool operator==(const PlaneMap& a, const PlaneMap& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](float u, float v) { return u == v || (std::isnan(u) && std::isnan(v)); });
  };
  return a.vectors == b.vectors && same(a.c4, b.c4) && same(a.q_c4, b.q_c4) && same(a.hit_rate, b.hit_rate) &&
         same(a.q_hit_rate, b.q_hit_rate);
}

void require_valid(const LayerTests& tests, std::string_view where) {
  require(tests.dim >= 2 && tests.num_vectors >= 1, where, "dim must be at least 2 and num_vectors at least 1",
          fmt::format("{} and {}", tests.dim, tests.num_vectors));
  require(tests.num_rows >= 1 && tests.num_rows_offered >= tests.num_rows && tests.num_blocks >= 1 &&
              tests.num_blocks <= tests.num_rows,
          where, "there must be rows, not more than were offered, in at most as many blocks",
          fmt::format("{} of {} rows in {} blocks", tests.num_rows, tests.num_rows_offered, tests.num_blocks));
  require(!(tests.standard_error < 0) && !std::isinf(tests.standard_error), where,
          "a standard error must not be negative or infinite", fmt::format("{}", tests.standard_error));
  require(tests.effective_dimension >= 1 && tests.effective_dimension <= static_cast<double>(tests.dim), where,
          fmt::format("the effective dimension must be in [1, {}]", tests.dim),
          fmt::format("{}", tests.effective_dimension));
  for (const TopShare& top : tests.top_shares) require_valid(top, tests.num_vectors, where);
  if (tests.nonlinearity) {
    require(tests.nonlinearity->turned.score == tests.nonlinearity->mean_kept.score, where,
            "M1 and M1c must test the same score",
            fmt::format("{} and {}", tests.nonlinearity->turned.score, tests.nonlinearity->mean_kept.score));
  }
  if (tests.planes) require_valid(*tests.planes, tests.num_vectors, where);
}

}  // namespace srm
