#include "report/layer_look.h"

#include <algorithm>
#include <cmath>

#include "report/layer_json.h"
#include "srm/statistics.h"

namespace srm::report {
namespace {

using nlohmann::ordered_json;

std::int64_t rows_worth(std::int64_t num_rows, double row_weight) {
  return std::llround(static_cast<double>(num_rows) / row_weight);
}

// Weighted counts as those of as many rows as are told, so that their ratio is what was counted.
ordered_json curve_json(const LayerLook& look, std::size_t e, std::int64_t num_distinct, std::int64_t step) {
  const LayerWindow& layer = look.layer;
  const auto num_seen = static_cast<double>(std::max<std::int64_t>(layer.num_samples_seen, 1));
  const double scale = static_cast<double>(rows_worth(layer.num_samples_seen, look.row_weight)) / num_seen;
  ordered_json counts = ordered_json::array();
  for (std::int64_t k = 0; k < num_distinct; k += step) {
    const auto index = static_cast<std::int64_t>(e) * layer.num_angles + k;
    const std::int64_t count = layer.holistic_counts[static_cast<std::size_t>(index)];
    counts.push_back(look.row_weight == 1 ? ordered_json(count) : ordered_json(scale * static_cast<double>(count)));
  }
  return {{"isotropic_rate",
           look.keeps_lengths ? ordered_json() : ordered_json(isotropic_rate(layer.dim, layer.epsilon[e]))},
          {"holistic_counts", std::move(counts)},
          {"holistic_std", nullptr},
          {"planes", ordered_json::array()}};
}

}  // namespace

ordered_json look_json(const LayerLook& look, std::int64_t most_angles) {
  const LayerWindow& layer = look.layer;
  const std::int64_t num_distinct = layer.num_angles - (layer.is_inclusive ? 1 : 0);
  const std::int64_t step = (num_distinct + most_angles - 1) / most_angles;
  ordered_json c4 = ordered_json::array();
  for (const double value : layer.c4) c4.push_back(number_or_null(value));
  ordered_json curves = ordered_json::array();
  for (std::size_t e = 0; e < layer.epsilon.size(); ++e) curves.push_back(curve_json(look, e, num_distinct, step));
  return {{"name", valid_utf8(layer.address)},
          {"dim", layer.dim},
          {"num_vectors", layer.num_vectors},
          {"basis_name", valid_utf8(layer.basis_name)},
          {"num_planes_summed", layer.num_planes},
          {"num_samples_seen", rows_worth(layer.num_samples_seen, look.row_weight)},
          {"num_samples_zero_norm", rows_worth(layer.num_samples_zero_norm, look.row_weight)},
          {"num_samples_nonfinite", rows_worth(layer.num_samples_nonfinite, look.row_weight)},
          {"num_samples_skipped", rows_worth(layer.num_samples_skipped, look.row_weight)},
          {"rows_per_second", number_or_null(look.rows_per_second)},
          {"a4", number_or_null(layer.a4)},
          {"a4_error", number_or_null(layer.a4_error)},
          {"p", layer.p ? number_or_null(*layer.p) : ordered_json()},
          {"epsilon", layer.epsilon},
          {"c4", std::move(c4)},
          {"sense", look.is_reference_sense ? "reference" : "natural"},
          {"is_orthogonal", layer.basis_name == "standard"},
          {"num_distinct_angles", num_distinct},
          {"angle_step", step},
          {"curves", std::move(curves)}};
}

}  // namespace srm::report
