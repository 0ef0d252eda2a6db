#include "io/findings_dict.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace srm {
namespace {

// One member of each of a list of structures, as a tensor of `shape`.
template <typename Struct, typename Number>
at::Tensor column(const std::vector<Struct>& list, Number Struct::*member, const Shape& shape) {
  std::vector<Number> numbers;
  numbers.reserve(list.size());
  for (const Struct& element : list) numbers.push_back(element.*member);
  return at::tensor(numbers, c10::CppTypeToScalarType<Number>::value).reshape(shape);
}

GenericDict to_dict(const PlaneDensity& density, std::int64_t num_bins) {
  const std::int64_t num_points = std::ssize(density.points);
  std::vector<double> places;
  for (const PlanePoint& point : density.points) places.insert(places.end(), {point.u, point.v});
  GenericDict dict = empty_dict();
  dict.insert("i", density.plane.i);
  dict.insert("j", density.plane.j);
  dict.insert("exponent", density.exponent);
  dict.insert("counts", borrow(density.counts, {num_bins, num_bins}));
  dict.insert("points", at::tensor(places, at::kDouble).reshape({num_points, 2}));
  dict.insert("point_sample", column(density.points, &PlanePoint::sample, {num_points}));
  dict.insert("point_position", column(density.points, &PlanePoint::position, {num_points}));
  dict.insert("point_label", column(density.points, &PlanePoint::label, {num_points}));
  return dict;
}

PlaneDensity to_plane_density(const DictEntries& entries, std::int64_t num_bins) {
  PlaneDensity density;
  density.plane = {entries.integer("i"), entries.integer("j")};
  density.exponent = entries.integer("exponent");
  density.counts = entries.integers("counts", {num_bins, num_bins});
  const std::vector<double> places = entries.doubles("points", {-1, 2});
  const std::int64_t num_points = std::ssize(places) / 2;
  const std::vector<std::int64_t> sample = entries.integers("point_sample", {num_points});
  const std::vector<std::int64_t> position = entries.integers("point_position", {num_points});
  const std::vector<std::int64_t> label = entries.integers("point_label", {num_points});
  for (std::size_t k = 0; k < sample.size(); ++k) {
    density.points.push_back({places[2 * k], places[2 * k + 1], sample[k], position[k], label[k]});
  }
  return density;
}

}  // namespace

GenericDict to_dict(const NeuronTable& neurons) {
  const NeuronTableParts& parts = neurons.parts();
  const std::int64_t num_epsilons = neurons.num_epsilons();
  const std::int64_t m = parts.num_vectors;
  const Shape nearest = {m, 2, std::min(parts.num_nearest, parts.num_rows)};
  GenericDict dict = empty_dict();
  dict.insert("num_vectors", m);
  dict.insert("epsilon", borrow(parts.epsilon, {num_epsilons}));
  dict.insert("num_samples_seen", parts.num_samples_seen);
  dict.insert("num_rows", parts.num_rows);
  dict.insert("class_totals", borrow(parts.class_totals, {neurons.num_classes()}));
  dict.insert("counts", borrow(parts.counts, {num_epsilons, m, 2}));
  dict.insert("class_counts", borrow(parts.class_counts, {num_epsilons, m, 2, neurons.num_classes()}));
  dict.insert("num_nearest", parts.num_nearest);
  dict.insert("nearest_cosine", column(parts.nearest, &NearestRow::cosine, nearest));
  dict.insert("nearest_sample", column(parts.nearest, &NearestRow::sample, nearest));
  dict.insert("nearest_position", column(parts.nearest, &NearestRow::position, nearest));
  dict.insert("nearest_label", column(parts.nearest, &NearestRow::label, nearest));
  return dict;
}

NeuronTable to_neuron_table(const DictEntries& entries) {
  NeuronTableParts parts;
  parts.num_vectors = entries.integer("num_vectors");
  parts.epsilon = entries.doubles("epsilon", {-1});
  parts.num_samples_seen = entries.integer("num_samples_seen");
  parts.num_rows = entries.integer("num_rows");
  parts.class_totals = entries.integers("class_totals", {-1});
  const std::int64_t num_epsilons = std::ssize(parts.epsilon);
  const std::int64_t m = parts.num_vectors;
  parts.counts = entries.integers("counts", {num_epsilons, m, 2});
  parts.class_counts = entries.integers("class_counts", {num_epsilons, m, 2, std::ssize(parts.class_totals)});
  parts.num_nearest = entries.integer("num_nearest");
  const Shape nearest = {m, 2, std::min(parts.num_nearest, parts.num_rows)};
  const std::vector<double> cosine = entries.doubles("nearest_cosine", nearest);
  const std::vector<std::int64_t> sample = entries.integers("nearest_sample", nearest);
  const std::vector<std::int64_t> position = entries.integers("nearest_position", nearest);
  const std::vector<std::int64_t> label = entries.integers("nearest_label", nearest);
  if (sample.size() != cosine.size() || position.size() != cosine.size() || label.size() != cosine.size()) {
    entries.refuse("the nearest rows must all have a cosine, sample, position and label",
                   fmt::format("{}, {}, {} and {}", cosine.size(), sample.size(), position.size(), label.size()));
  }
  for (std::size_t k = 0; k < cosine.size(); ++k)
    parts.nearest.push_back({cosine[k], sample[k], position[k], label[k]});
  return NeuronTable(std::move(parts), entries.where());
}

GenericDict to_dict(const PlaneDensities& densities) {
  const PlaneDensitiesParts& parts = densities.parts();
  GenericList planes = empty_list();
  for (const PlaneDensity& density : parts.planes) planes.push_back(to_dict(density, parts.num_bins));
  GenericDict dict = empty_dict();
  dict.insert("dim", parts.dim);
  dict.insert("epsilon", parts.epsilon);
  dict.insert("num_bins", parts.num_bins);
  dict.insert("num_points", parts.num_points);
  dict.insert("seed", static_cast<std::int64_t>(parts.seed));
  dict.insert("num_rows", parts.num_rows);
  dict.insert("num_rows_out_of_range", parts.num_rows_out_of_range);
  // To the base 2^32 in units of 2^-1074, the lowest first.
  const ExactSum::Digits& digits = parts.squared_lengths.digits();
  dict.insert("squared_lengths", borrow(digits.data(), {ExactSum::kNumDigits}, at::kLong));
  dict.insert("planes", planes);
  dict.insert("left_out", borrow(parts.left_out));
  return dict;
}

PlaneDensities to_plane_densities(const DictEntries& entries) {
  PlaneDensitiesParts parts;
  parts.dim = entries.integer("dim");
  parts.epsilon = entries.number("epsilon");
  parts.num_bins = entries.integer("num_bins");
  parts.num_points = entries.integer("num_points");
  parts.seed = static_cast<std::uint64_t>(entries.integer("seed"));
  parts.num_rows = entries.integer("num_rows");
  parts.num_rows_out_of_range = entries.integer("num_rows_out_of_range");
  const std::vector<std::int64_t> digits = entries.integers("squared_lengths", {ExactSum::kNumDigits});
  ExactSum::Digits sum;
  for (std::size_t k = 0; k < sum.size(); ++k) {
    sum[k] = digits[k];
    if (sum[k] < 0 || sum[k] >> 32 != 0) {
      entries.refuse("'squared_lengths' must hold digits from 0 and below 2^32", fmt::format("{}", sum[k]));
    }
  }
  parts.squared_lengths = ExactSum(sum);
  const GenericList planes = entries.list("planes");
  for (std::size_t k = 0; k < planes.size(); ++k) {
    const DictEntries plane(planes.get(k), fmt::format("{}: plane {}", entries.where(), k));
    parts.planes.push_back(to_plane_density(plane, parts.num_bins));
    planes.set(k, c10::IValue());  // its counts are copied, and may be large
  }
  parts.left_out = entries.planes("left_out");
  return PlaneDensities(std::move(parts), entries.where());
}

GenericDict to_dict(const LayerFindings& findings) {
  GenericDict dict = empty_dict();
  dict.insert("address", findings.address);
  if (findings.tests) dict.insert("tests", to_dict(*findings.tests));
  if (findings.neurons) dict.insert("neurons", to_dict(*findings.neurons));
  if (findings.densities) dict.insert("densities", to_dict(*findings.densities));
  return dict;
}

LayerFindings to_findings(const c10::IValue& findings, const std::string& where) {
  const DictEntries entries(findings, where);
  LayerFindings found{entries.text("address")};
  if (entries.has("tests")) found.tests = to_layer_tests(entries.inside("tests"));
  if (entries.has("neurons")) found.neurons = to_neuron_table(entries.inside("neurons"));
  if (entries.has("densities")) found.densities = to_plane_densities(entries.inside("densities"));
  return found;
}

}  // namespace srm
