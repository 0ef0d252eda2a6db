#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "io/findings_dict.h"

namespace srm {
namespace {

// `score` is the key of the score that is tested.
GenericDict to_dict(const NullTest& null, const char* score = "a4") {
  GenericDict dict = empty_dict();
  dict.insert(score, null.score);
  dict.insert("null_scores", borrow(null.null_scores, {null.num_rotations()}));
  dict.insert("p", null.p);
  dict.insert("mean", null.mean);
  dict.insert("std_dev", null.std_dev);
  dict.insert("skew", null.skew);
  dict.insert("z", null.z);
  return dict;
}

NullTest to_null_test(const DictEntries& entries, const char* score_key = "a4") {
  const std::vector<double> scores = entries.doubles("null_scores", {-1});
  const double tested = entries.number(score_key);
  bool all_finite = std::isfinite(tested);
  for (const double score : scores) all_finite = all_finite && std::isfinite(score);
  if (!all_finite || scores.size() < 2) {
    entries.refuse(fmt::format("'{}' and 'null_scores' must be finite, with at least two of the latter", score_key),
                   fmt::format("{} and {} scores", tested, scores.size()));
  }
  const NullTest null(tested, scores);
  const auto require_follows = [&](const char* key, double value) {
    const double written = entries.number(key);
    const bool is_same =
        std::isnan(value) ? std::isnan(written) : std::abs(written - value) <= 1e-9 * (1 + std::abs(value));
    if (is_same) return;
    entries.refuse(fmt::format("'{}' must be {}, as '{}' and 'null_scores' give it", key, value, score_key),
                   fmt::format("{}", written));
  };
  require_follows("p", null.p);
  require_follows("mean", null.mean);
  require_follows("std_dev", null.std_dev);
  require_follows("skew", null.skew);
  require_follows("z", null.z);
  return null;
}

GenericDict to_dict(const TopShare& top) {
  GenericDict dict = empty_dict();
  dict.insert("vectors", borrow(top.vectors, {std::ssize(top.vectors)}));
  dict.insert("share", top.share);
  if (top.a4_without) dict.insert("a4_without", *top.a4_without);
  return dict;
}

std::vector<TopShare> to_top_shares(const DictEntries& entries) {
  const GenericList list = entries.list("top_shares");
  std::vector<TopShare> shares;
  for (std::size_t k = 0; k < list.size(); ++k) {
    const DictEntries share(list.get(k), fmt::format("{}: top_shares {}", entries.where(), k));
    TopShare top{share.integers("vectors", {-1}), share.number("share")};
    if (share.has("a4_without")) top.a4_without = share.number("a4_without");
    shares.push_back(std::move(top));
  }
  return shares;
}

GenericDict to_dict(const NonlinearityTests& tests) {
  GenericDict dict = empty_dict();
  dict.insert("function", tests.function);
  dict.insert("m1", to_dict(tests.turned));
  dict.insert("m1c", to_dict(tests.mean_kept));
  return dict;
}

NonlinearityTests to_nonlinearity_tests(const DictEntries& entries) {
  return {entries.text("function"), to_null_test(entries.inside("m1")), to_null_test(entries.inside("m1c"))};
}

// The numbers of a plane and their keys.
constexpr double PlaneTest::*kPlaneNumbers[] = {&PlaneTest::c4,       &PlaneTest::p_c4,       &PlaneTest::q_c4,
                                                &PlaneTest::hit_rate, &PlaneTest::p_hit_rate, &PlaneTest::q_hit_rate};
constexpr const char* kPlaneKeys[] = {"c4", "p_c4", "q_c4", "hit_rate", "p_hit_rate", "q_hit_rate"};

// The numbers of a map and their keys.
constexpr std::vector<float> PlaneMap::*kMapNumbers[] = {&PlaneMap::c4, &PlaneMap::q_c4, &PlaneMap::hit_rate,
                                                         &PlaneMap::q_hit_rate};
constexpr const char* kMapKeys[] = {"c4", "q_c4", "hit_rate", "q_hit_rate"};

GenericDict to_dict(const PlaneMap& map) {
  GenericDict dict = empty_dict();
  dict.insert("vectors", borrow(map.vectors, {std::ssize(map.vectors)}));
  for (std::size_t k = 0; k < std::size(kMapKeys); ++k) {
    const std::vector<float>& numbers = map.*kMapNumbers[k];
    dict.insert(kMapKeys[k], borrow(numbers.data(), {std::ssize(numbers)}, at::kFloat));
  }
  return dict;
}

PlaneMap to_plane_map(const DictEntries& entries) {
  PlaneMap map;
  map.vectors = entries.integers("vectors", {-1});
  const std::int64_t num_vectors = std::ssize(map.vectors);
  for (std::size_t k = 0; k < std::size(kMapKeys); ++k) {
    const at::Tensor numbers = entries.tensor(kMapKeys[k], at::kFloat, {num_vectors * (num_vectors - 1) / 2});
    (map.*kMapNumbers[k]).assign(numbers.const_data_ptr<float>(), numbers.const_data_ptr<float>() + numbers.numel());
  }
  return map;
}

GenericDict to_dict(const ArcAlignmentTest& test) {
  GenericDict dict = empty_dict();
  dict.insert("c4", test.score);
  dict.insert("standard_error", test.standard_error);
  if (test.haar) dict.insert("haar", to_dict(*test.haar, "c4"));
  return dict;
}

ArcAlignmentTest to_arc_alignment_test(const DictEntries& entries) {
  ArcAlignmentTest test{.score = entries.number("c4"), .standard_error = entries.number("standard_error")};
  if (entries.has("haar")) test.haar = to_null_test(entries.inside("haar"), "c4");
  return test;
}

GenericDict to_dict(const PlaneTests& tests) {
  GenericDict dict = empty_dict();
  dict.insert("epsilon", tests.epsilon);
  dict.insert("num_planes", tests.num_planes);
  dict.insert("num_planes_tested", tests.num_planes_tested);
  dict.insert("num_rotations", tests.num_rotations);
  dict.insert("num_pooled", tests.num_pooled);
  dict.insert("num_c4_bh", tests.num_c4_bh);
  dict.insert("num_c4_by", tests.num_c4_by);
  dict.insert("num_hit_rate_bh", tests.num_hit_rate_bh);
  dict.insert("num_hit_rate_by", tests.num_hit_rate_by);
  std::vector<Plane> planes;
  for (const PlaneTest& plane : tests.strongest) planes.push_back({plane.i, plane.j});
  GenericDict strongest = empty_dict();
  strongest.insert("planes", borrow(planes).clone());
  for (std::size_t k = 0; k < std::size(kPlaneKeys); ++k) {
    std::vector<double> numbers;
    for (const PlaneTest& plane : tests.strongest) numbers.push_back(plane.*kPlaneNumbers[k]);
    strongest.insert(kPlaneKeys[k], at::tensor(numbers, at::kDouble));
  }
  dict.insert("strongest", strongest);
  if (tests.map) dict.insert("map", to_dict(*tests.map));
  if (tests.arc_alignment) dict.insert("arc_alignment", to_dict(*tests.arc_alignment));
  return dict;
}

PlaneTests to_plane_tests(const DictEntries& entries) {
  PlaneTests tests;
  tests.epsilon = entries.number("epsilon");
  tests.num_planes = entries.integer("num_planes");
  tests.num_planes_tested = entries.integer("num_planes_tested");
  tests.num_rotations = entries.integer("num_rotations");
  tests.num_pooled = entries.integer("num_pooled");
  tests.num_c4_bh = entries.integer("num_c4_bh");
  tests.num_c4_by = entries.integer("num_c4_by");
  tests.num_hit_rate_bh = entries.integer("num_hit_rate_bh");
  tests.num_hit_rate_by = entries.integer("num_hit_rate_by");
  const DictEntries strongest = entries.inside("strongest");
  for (const auto& [i, j] : strongest.planes("planes")) {
    tests.strongest.emplace_back();
    tests.strongest.back().i = i;
    tests.strongest.back().j = j;
  }
  for (std::size_t k = 0; k < std::size(kPlaneKeys); ++k) {
    const std::vector<double> numbers = strongest.doubles(kPlaneKeys[k], {std::ssize(tests.strongest)});
    for (std::size_t p = 0; p < numbers.size(); ++p) tests.strongest[p].*kPlaneNumbers[k] = numbers[p];
  }
  if (entries.has("map")) tests.map = to_plane_map(entries.inside("map"));
  if (entries.has("arc_alignment")) tests.arc_alignment = to_arc_alignment_test(entries.inside("arc_alignment"));
  return tests;
}

}  // namespace

GenericDict to_dict(const LayerTests& tests) {
  GenericList top_shares = empty_list();
  for (const TopShare& top : tests.top_shares) top_shares.push_back(to_dict(top));
  GenericDict dict = empty_dict();
  dict.insert("dim", tests.dim);
  dict.insert("num_vectors", tests.num_vectors);
  dict.insert("centred", tests.centred);
  dict.insert("seed", static_cast<std::int64_t>(tests.seed));
  dict.insert("num_rows", tests.num_rows);
  dict.insert("num_rows_offered", tests.num_rows_offered);
  dict.insert("num_blocks", tests.num_blocks);
  dict.insert("haar", to_dict(tests.haar));
  dict.insert("standard_error", tests.standard_error);
  dict.insert("effective_dimension", tests.effective_dimension);
  dict.insert("top_shares", top_shares);
  if (tests.nonlinearity) dict.insert("nonlinearity", to_dict(*tests.nonlinearity));
  if (tests.planes) dict.insert("planes", to_dict(*tests.planes));
  return dict;
}

LayerTests to_layer_tests(const DictEntries& entries) {
  LayerTests tests{.haar = to_null_test(entries.inside("haar"))};
  tests.dim = entries.integer("dim");
  tests.num_vectors = entries.integer("num_vectors");
  tests.centred = entries.flag("centred");
  tests.seed = static_cast<std::uint64_t>(entries.integer("seed"));
  tests.num_rows = entries.integer("num_rows");
  tests.num_rows_offered = entries.integer("num_rows_offered");
  tests.num_blocks = entries.integer("num_blocks");
  tests.standard_error = entries.number("standard_error");
  tests.effective_dimension = entries.number("effective_dimension");
  tests.top_shares = to_top_shares(entries);
  if (entries.has("nonlinearity")) tests.nonlinearity = to_nonlinearity_tests(entries.inside("nonlinearity"));
  if (entries.has("planes")) tests.planes = to_plane_tests(entries.inside("planes"));
  require_valid(tests, entries.where());
  return tests;
}

}  // namespace srm
