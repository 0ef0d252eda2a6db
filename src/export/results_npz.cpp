#include <fmt/format.h>

#include "export/exported_planes.h"
#include "files/npz_writer.h"
#include "report/curve_facts.h"
#include "report/findings_facts.h"
#include "report/layer_json.h"
#include "srm/export.h"
#include "srm/statistics.h"

namespace srm {
namespace {

// The rows of a table (E, P, K) or (E, P) that are of these planes.
std::vector<std::int64_t> taken(const std::vector<std::int64_t>& table, const Resonance& layer,
                                const std::vector<std::int64_t>& places, std::int64_t row) {
  std::vector<std::int64_t> values;
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
    for (const std::int64_t p : places) {
      const auto first = table.begin() + (e * layer.num_planes() + p) * row;
      values.insert(values.end(), first, first + row);
    }
  }
  return values;
}

void add_planes(NpzWriter& file, const std::string& at, const Resonance& layer, const ExportPlanes& planes) {
  const ResonanceParts& parts = layer.parts();
  const std::vector<std::int64_t> places = exports::places_of(layer, planes);
  const auto num_planes = static_cast<std::int64_t>(places.size());
  const std::int64_t num_epsilons = layer.num_epsilons();
  std::vector<std::int64_t> pairs;
  for (const std::int64_t p : places) {
    const Plane& plane = parts.planes[static_cast<std::size_t>(p)];
    pairs.insert(pairs.end(), {plane.i, plane.j});
  }
  file.add_copy(at + "planes", {num_planes, 2}, std::move(pairs));
  file.add_copy(at + "plane_hits", {num_epsilons, num_planes}, taken(parts.plane_hits, layer, places, 1));
  const auto add_table = [&](const char* name, const std::vector<std::int64_t>& table) {
    const std::vector<std::int64_t> shape = {num_epsilons, num_planes, layer.num_angles()};
    if (planes.all) {
      file.add(at + name, shape, table);  // without a copy of what may be most of the memory
    } else {
      file.add_copy(at + name, shape, taken(table, layer, places, layer.num_angles()));
    }
  };
  add_table("counts", parts.counts);
  if (!parts.signed_counts.empty()) add_table("signed_counts", parts.signed_counts);
}

void add_curves(NpzWriter& file, const std::string& at, const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  const std::int64_t num_epsilons = layer.num_epsilons();
  const std::int64_t num_angles = layer.num_angles();
  std::vector<double> angles, deviations, c4, s4;
  for (std::int64_t k = 0; k < num_angles; ++k) angles.push_back(report::angle_degrees(parts.grid, k));
  for (std::int64_t e = 0; e < num_epsilons; ++e) {
    const std::vector<double> deviation = layer.holistic_std(e);
    deviations.insert(deviations.end(), deviation.begin(), deviation.end());
    c4.push_back(arc_alignment(layer, parts.epsilon[static_cast<std::size_t>(e)]));
    s4.push_back(spotlight_harmonic(layer, parts.epsilon[static_cast<std::size_t>(e)]));
  }
  file.add(at + "epsilon", {num_epsilons}, parts.epsilon);
  file.add_copy(at + "angles_deg", {num_angles}, std::move(angles));
  file.add(at + "holistic_counts", {num_epsilons, num_angles}, parts.holistic_counts);
  file.add_copy(at + "holistic_std", {num_epsilons, num_angles}, std::move(deviations));
  if (layer.is_signed()) {
    file.add(at + "holistic_signed_counts", {num_epsilons, num_angles}, parts.holistic_signed_counts);
  }
  file.add_copy(at + "c4", {num_epsilons}, std::move(c4));
  file.add_copy(at + "s4", {num_epsilons}, std::move(s4));
  file.add(at + "num_hits", {num_epsilons}, parts.scores.num_hits);
}

void add_numbers(NpzWriter& file, const std::string& at, const Resonance& layer, const LayerFindings* findings) {
  const ResonanceParts& parts = layer.parts();
  const auto size = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
  const auto add_integer = [&](const char* name, std::int64_t value) {
    file.add_copy(at + name, {}, std::vector<std::int64_t>{value});
  };
  const auto add_number = [&](const char* name, double value) {
    file.add_copy(at + name, {}, std::vector<double>{value});
  };
  file.add(at + "basis", {parts.basis.empty() ? 0 : parts.num_vectors, parts.dim}, parts.basis);
  file.add(at + "mean", {size(parts.mean)}, parts.mean);
  add_number("a4", quartic_alignment(layer));
  add_number("a4_error", quartic_alignment_error(layer));
  add_integer("num_planes_summed", parts.num_planes_summed);
  add_integer("num_samples_seen", parts.num_samples_seen);
  add_integer("num_samples_zero_norm", parts.num_samples_zero_norm);
  add_integer("num_samples_nonfinite", parts.num_samples_nonfinite);
  add_integer("num_samples_skipped", parts.num_samples_skipped);
  if (findings == nullptr || !findings->tests) return;
  const NullTest& haar = findings->tests->haar;
  file.add(at + "haar_null", {size(haar.null_scores)}, haar.null_scores);
  add_number("p", haar.p);
}

}  // namespace

void write_results_npz(const std::filesystem::path& path, const Results& results, const ExportPlanes& planes) {
  NpzWriter file(path);
  const auto num_layers = static_cast<std::int64_t>(results.layers.size());
  std::vector<std::string> names, addresses, groups, settings;
  for (const Resonance& layer : results) {
    names.push_back(report::valid_utf8(report::layer_name(layer)));
    addresses.push_back(report::valid_utf8(layer.address()));
    groups.push_back(report::valid_utf8(layer.parts().group));
  }
  for (const auto& [option, value] : results.settings) {
    settings.push_back(report::valid_utf8(option));
    settings.push_back(report::valid_utf8(value));
  }
  file.add_texts("format", {}, {"torchsrm-export 1"});
  file.add_texts("layers", {num_layers}, names);
  file.add_texts("addresses", {num_layers}, addresses);
  file.add_texts("groups", {num_layers}, groups);
  file.add_texts("settings", {static_cast<std::int64_t>(results.settings.size()), 2}, settings);
  for (std::size_t k = 0; k < results.layers.size(); ++k) {
    const Resonance& layer = results.layers[k];
    const std::string at = fmt::format("layer{}/", k);
    add_planes(file, at, layer, planes);
    add_curves(file, at, layer);
    add_numbers(file, at, layer, report::findings_of(results, layer));
  }
  file.commit();
}

}  // namespace srm
