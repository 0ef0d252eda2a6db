#include "report/plane_map_json.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "report/curves_json.h"
#include "report/packed_numbers.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kNone = -1;

const PlaneTests* plane_tests_of(const LayerFindings* findings) {
  const bool has_any = findings != nullptr && findings->tests && findings->tests->planes;
  return has_any ? &*findings->tests->planes : nullptr;
}

std::int64_t num_hits(const Resonance& layer, std::int64_t e, std::int64_t p) {
  return layer.parts().plane_hits[static_cast<std::size_t>(e * layer.num_planes() + p)];
}

std::vector<std::int64_t> vectors_with_most_hits(const Resonance& layer) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(layer.num_planes()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return num_hits(layer, 0, a) > num_hits(layer, 0, b); });
  std::set<std::int64_t> chosen;
  for (const std::int64_t p : order) {
    const Plane& plane = layer.parts().planes[static_cast<std::size_t>(p)];
    for (const std::int64_t vector : {plane.i, plane.j}) {
      if (std::ssize(chosen) < PlaneMap::kMostVectors) chosen.insert(vector);
    }
  }
  return {chosen.begin(), chosen.end()};
}

struct Choice {
  std::vector<std::int64_t> vectors;
  const char* by = "all";
};

Choice choose(const Resonance& layer, const PlaneMap* map) {
  const std::int64_t num_vectors = layer.parts().num_vectors;
  if (num_vectors <= PlaneMap::kMostVectors) {
    Choice all;
    all.vectors.resize(static_cast<std::size_t>(num_vectors));
    std::iota(all.vectors.begin(), all.vectors.end(), 0);
    return all;
  }
  if (map != nullptr) return {map->vectors, "tests"};
  return {vectors_with_most_hits(layer), "hits"};
}

using NumberOf = std::function<std::int64_t(const Plane& plane)>;

// Null where no plane has a number.
ordered_json pairs_json(const std::vector<std::int64_t>& vectors, const NumberOf& number_of) {
  std::vector<std::int64_t> numbers;
  bool has_any = false;
  for (std::size_t a = 0; a < vectors.size(); ++a) {
    for (std::size_t b = a + 1; b < vectors.size(); ++b) {
      numbers.push_back(number_of({vectors[a], vectors[b]}));
      has_any = has_any || numbers.back() != kNone;
    }
  }
  return has_any ? ordered_json(packed(numbers)) : ordered_json();
}

std::optional<std::int64_t> place_of(const Resonance& layer, const Plane& plane) {
  const std::vector<Plane>& planes = layer.parts().planes;
  const auto found = std::lower_bound(planes.begin(), planes.end(), plane, [](const Plane& a, const Plane& b) {
    return std::pair(a.i, a.j) < std::pair(b.i, b.j);
  });
  if (found == planes.end() || *found != plane) return std::nullopt;
  return found - planes.begin();
}

ordered_json hits_json(const Resonance& layer, const std::vector<std::int64_t>& vectors) {
  ordered_json by_epsilon = ordered_json::array();
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    ordered_json hits = pairs_json(vectors, [&](const Plane& plane) {
      const auto place = place_of(layer, plane);
      return place ? num_hits(layer, e, *place) : kNone;
    });
    if (hits.is_null()) return {};
    by_epsilon.push_back(std::move(hits));
  }
  return by_epsilon;
}

// -log10 of the smallest q that a float can hold is 44.85; of q = 0 the same.
std::int64_t hundredths_of_log(float q) {
  constexpr double kSmallest = 1e-45;
  return std::llround(-100 * std::log10(std::max(static_cast<double>(q), kSmallest)));
}

void add_tested(const PlaneTests* tests, std::int64_t num_rows, const std::vector<std::int64_t>& vectors,
                ordered_json& object) {
  const PlaneMap* map = tests != nullptr && tests->map ? &*tests->map : nullptr;
  const auto add = [&](const char* key, std::vector<float> PlaneMap::*numbers, const auto& as_integer) {
    if (map == nullptr) {
      object[key] = nullptr;
      return;
    }
    object[key] = pairs_json(vectors, [&](const Plane& plane) {
      const auto at = [&](std::int64_t vector) {
        return std::lower_bound(map->vectors.begin(), map->vectors.end(), vector) - map->vectors.begin();
      };
      const auto a = static_cast<std::size_t>(at(plane.i)), b = static_cast<std::size_t>(at(plane.j));
      const bool has_both = b < map->vectors.size() && map->vectors[a] == plane.i && map->vectors[b] == plane.j;
      const float value = has_both ? (map->*numbers)[map->place(a, b)] : NAN;
      return std::isnan(value) ? kNone : as_integer(value);
    });
  };
  add("c4", &PlaneMap::c4, [](float value) -> std::int64_t { return std::llround(1000 * (value + 1.0)); });
  add("q_c4", &PlaneMap::q_c4, hundredths_of_log);
  add("q_hit_rate", &PlaneMap::q_hit_rate, hundredths_of_log);
  add("tested_hits", &PlaneMap::hit_rate, [&](float value) -> std::int64_t {
    return std::llround(static_cast<double>(value) * static_cast<double>(num_rows));
  });
}

ordered_json curves_of_list(const Resonance& layer, const LayerFindings* findings) {
  std::set<std::pair<std::int64_t, std::int64_t>> wanted;
  if (const PlaneTests* tests = plane_tests_of(findings)) {
    for (const PlaneTest& plane : tests->strongest) wanted.emplace(plane.i, plane.j);
  }
  if (findings != nullptr && findings->densities) {
    for (const PlaneDensity& density : findings->densities->parts().planes) {
      wanted.emplace(density.plane.i, density.plane.j);
    }
  }
  ordered_json curves = ordered_json::array();
  for (const auto& [i, j] : wanted) {
    const auto place = place_of(layer, {i, j});
    if (!place) continue;
    ordered_json hits = ordered_json::array(), counts = ordered_json::array();
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      hits.push_back(num_hits(layer, e, *place));
      counts.push_back(thinned(layer.counts(e, *place), layer));
    }
    curves.push_back({{"i", i}, {"j", j}, {"num_hits", std::move(hits)}, {"counts", std::move(counts)}});
  }
  return curves;
}

}  // namespace

ordered_json plane_map_json(const Resonance& layer, const LayerFindings* findings) {
  const PlaneTests* tests = plane_tests_of(findings);
  const auto [vectors, by] = choose(layer, tests != nullptr && tests->map ? &*tests->map : nullptr);
  ordered_json object = {{"vectors", vectors}, {"chosen_by", by}, {"hits", hits_json(layer, vectors)}};
  add_tested(tests, tests == nullptr ? 0 : findings->tests->num_rows, vectors, object);
  object["num_rows"] = tests == nullptr ? 0 : findings->tests->num_rows;
  object["curves"] = curves_of_list(layer, findings);
  const bool is_empty = object["hits"].is_null() && object["c4"].is_null() && object["curves"].empty();
  return is_empty ? ordered_json() : object;
}

}  // namespace srm::report
