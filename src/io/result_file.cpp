#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>
#include <vector>

#include "files/input_file.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

constexpr const char* kFormat = "torchsrm-result";
constexpr std::int64_t kVersion = 1;

using Shape = std::vector<std::int64_t>;
using GenericDict = c10::impl::GenericDict;
using GenericList = c10::impl::GenericList;

const char* to_string(VectorLengths lengths) { return lengths == VectorLengths::kKept ? "kept" : "normalised"; }

// ---- writing

GenericDict empty_dict() { return GenericDict(c10::AnyType::get(), c10::AnyType::get()); }
GenericList empty_list() { return GenericList(c10::AnyType::get()); }

// A tensor over memory of the result, which outlives the writing; tables may be most of the machine's memory.
at::Tensor borrow(const void* data, Shape shape, at::ScalarType type) {
  return at::from_blob(const_cast<void*>(data), shape, type);
}
at::Tensor borrow(const std::vector<std::int64_t>& numbers, Shape shape) {
  return borrow(numbers.data(), std::move(shape), at::kLong);
}
at::Tensor borrow(const std::vector<double>& numbers, Shape shape) {
  return borrow(numbers.data(), std::move(shape), at::kDouble);
}

GenericDict to_dict(const Scores& scores) {
  const auto num_epsilons = static_cast<std::int64_t>(scores.num_hits.size());
  GenericDict dict = empty_dict();
  dict.insert("rows", scores.num_rows);
  dict.insert("quartic_sum", scores.quartic_sum);
  dict.insert("quartic_scale", Scores::kQuarticScale);
  dict.insert("cosine_sum", borrow(scores.cosine_sum, {num_epsilons}));
  dict.insert("cosine_scale", Scores::kCosineScale);
  dict.insert("hits", borrow(scores.num_hits, {num_epsilons}));
  return dict;
}

GenericDict to_dict(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  const std::int64_t num_planes = layer.num_planes();
  const std::int64_t num_epsilons = layer.num_epsilons();
  const std::int64_t num_angles = layer.num_angles();
  static_assert(sizeof(Plane) == 2 * sizeof(std::int64_t), "planes are written as pairs of int64");
  GenericDict dict = empty_dict();
  dict.insert("address", parts.address);
  dict.insert("dim", parts.dim);
  dict.insert("basis", borrow(parts.basis, {parts.num_vectors, parts.dim}));
  dict.insert("basis_name", parts.basis_name);
  dict.insert("basis_lengths", to_string(parts.basis_lengths));
  dict.insert("pairs", to_string(parts.pairs));
  dict.insert("planes", borrow(parts.planes.data(), {num_planes, 2}, at::kLong));
  dict.insert("num_planes_left_out", parts.num_planes_left_out);
  dict.insert("epsilon", borrow(parts.epsilon, {num_epsilons}));
  dict.insert("angles", at::tensor(parts.grid.angles_radians(), at::kDouble));
  dict.insert("grid", to_string(parts.grid.ends()));
  dict.insert("sense", to_string(parts.sense));
  dict.insert("counts", borrow(parts.counts, {num_epsilons, num_planes, num_angles}));
  dict.insert("plane_hits", borrow(parts.plane_hits, {num_epsilons, num_planes}));
  dict.insert("holistic_counts", borrow(parts.holistic_counts, {num_epsilons, num_angles}));
  dict.insert("scores", to_dict(parts.scores));
  dict.insert("num_samples_seen", parts.num_samples_seen);
  dict.insert("num_samples_zero_norm", parts.num_samples_zero_norm);
  dict.insert("num_samples_nonfinite", parts.num_samples_nonfinite);
  dict.insert("num_samples_skipped", parts.num_samples_skipped);
  dict.insert("num_calls", parts.num_calls);
  dict.insert("centred", parts.centred);
  if (parts.centred) dict.insert("mean", borrow(parts.mean, {parts.dim}));
  return dict;
}

// ---- reading

/// A dict whose entries must be there and be what they should; `where` names the file and the place in it.
class Entries {
 public:
  Entries(const c10::IValue& dict, std::string where) : dict_(empty_dict()), where_(std::move(where)) {
    if (!dict.isGenericDict()) refuse("this must be a dict", dict.tagKind());
    dict_ = dict.toGenericDict();
  }

  bool has(const std::string& key) const { return dict_.contains(key); }
  c10::IValue value(const std::string& key) const {
    const auto found = dict_.find(key);
    if (found == dict_.end()) refuse(fmt::format("the key '{}' must be there", key), "none");
    return found->value();
  }
  std::int64_t integer(const std::string& key) const {
    const c10::IValue found = value(key);
    if (!found.isInt()) refuse(fmt::format("'{}' must be an integer", key), found.tagKind());
    return found.toInt();
  }
  bool flag(const std::string& key) const {
    const c10::IValue found = value(key);
    if (!found.isBool()) refuse(fmt::format("'{}' must be True or False", key), found.tagKind());
    return found.toBool();
  }
  std::string text(const std::string& key) const {
    const c10::IValue found = value(key);
    if (!found.isString()) refuse(fmt::format("'{}' must be text", key), found.tagKind());
    return found.toStringRef();
  }
  /// The one of two enumerators that is called what the file says.
  template <typename Enum>
  Enum choice(const std::string& key, Enum first, Enum second) const {
    const std::string name = text(key);
    if (name == to_string(first)) return first;
    if (name != to_string(second)) {
      refuse(fmt::format("'{}' must be '{}' or '{}'", key, to_string(first), to_string(second)), name);
    }
    return second;
  }
  /// -1 in `shape` takes any size.
  at::Tensor tensor(const std::string& key, at::ScalarType type, const Shape& shape) const {
    const c10::IValue found = value(key);
    if (!found.isTensor()) refuse(fmt::format("'{}' must be a tensor", key), found.tagKind());
    const at::Tensor tensor = found.toTensor();
    bool is_right = tensor.scalar_type() == type && tensor.dim() == static_cast<std::int64_t>(shape.size());
    for (std::size_t d = 0; is_right && d < shape.size(); ++d) {
      is_right = shape[d] < 0 || tensor.size(static_cast<std::int64_t>(d)) == shape[d];
    }
    if (!is_right) {
      refuse(fmt::format("'{}' must be {} of shape ({})", key, c10::toString(type), fmt::join(shape, ", ")),
             fmt::format("{} of shape ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", ")));
    }
    return tensor.contiguous();
  }
  std::vector<double> doubles(const std::string& key, const Shape& shape) const {
    const at::Tensor numbers = tensor(key, at::kDouble, shape);
    return {numbers.const_data_ptr<double>(), numbers.const_data_ptr<double>() + numbers.numel()};
  }
  std::vector<std::int64_t> integers(const std::string& key, const Shape& shape) const {
    const at::Tensor numbers = tensor(key, at::kLong, shape);
    return {numbers.const_data_ptr<std::int64_t>(), numbers.const_data_ptr<std::int64_t>() + numbers.numel()};
  }

  [[noreturn]] void refuse(const std::string& rule, const std::string& got) const {
    throw Error(where_, rule, got, "this result is damaged or was not written by torchsrm; make it again");
  }

 private:
  GenericDict dict_;
  std::string where_;
};

Scores to_scores(const Entries& entries, std::int64_t num_epsilons) {
  for (const auto& [key, scale] :
       {std::pair("quartic_scale", Scores::kQuarticScale), std::pair("cosine_scale", Scores::kCosineScale)}) {
    if (entries.integer(key) == scale) continue;
    entries.refuse(fmt::format("'{}' must be {}", key, scale), fmt::format("{}", entries.integer(key)));
  }
  return {.num_rows = entries.integer("rows"),
          .quartic_sum = entries.integer("quartic_sum"),
          .cosine_sum = entries.integers("cosine_sum", {num_epsilons}),
          .num_hits = entries.integers("hits", {num_epsilons})};
}

AngleGrid to_grid(const Entries& entries) {
  const std::vector<double> angles = entries.doubles("angles", {-1});
  if (angles.empty()) entries.refuse("'angles' must hold an angle", "none");
  const AngleGrid grid(static_cast<std::int64_t>(angles.size()),
                       entries.choice("grid", GridEnds::kExclusive, GridEnds::kInclusive));
  for (std::int64_t k = 0; k < grid.num_angles(); ++k) {
    const double angle = angles[static_cast<std::size_t>(k)];
    if (std::abs(angle - grid.angle_radians(k)) <= 1e-12) continue;
    entries.refuse(fmt::format("'angles' must be those of an {} grid of {}", to_string(grid.ends()), angles.size()),
                   fmt::format("{} for angle {}", angle, k));
  }
  return grid;
}

Resonance to_resonance(const c10::IValue& layer, const std::string& where) {
  const Entries entries(layer, where);
  ResonanceParts parts;
  parts.address = entries.text("address");
  parts.dim = entries.integer("dim");
  parts.num_vectors = entries.tensor("basis", at::kDouble, {-1, parts.dim}).size(0);
  parts.basis = entries.doubles("basis", {parts.num_vectors, parts.dim});
  parts.basis_name = entries.text("basis_name");
  parts.basis_lengths = entries.choice("basis_lengths", VectorLengths::kNormalised, VectorLengths::kKept);
  parts.pairs = entries.choice("pairs", Pairs::kCombination, Pairs::kPermutation);
  const std::vector<std::int64_t> planes = entries.integers("planes", {-1, 2});
  for (std::size_t k = 0; k < planes.size(); k += 2) parts.planes.push_back({planes[k], planes[k + 1]});
  parts.num_planes_left_out = entries.integer("num_planes_left_out");
  parts.epsilon = entries.doubles("epsilon", {-1});
  parts.grid = to_grid(entries);
  parts.sense = entries.choice("sense", Sense::kNatural, Sense::kReference);
  const auto num_planes = static_cast<std::int64_t>(parts.planes.size());
  const auto num_epsilons = static_cast<std::int64_t>(parts.epsilon.size());
  const std::int64_t num_angles = parts.grid.num_angles();
  parts.counts = entries.integers("counts", {num_epsilons, num_planes, num_angles});
  parts.plane_hits = entries.integers("plane_hits", {num_epsilons, num_planes});
  parts.holistic_counts = entries.integers("holistic_counts", {num_epsilons, num_angles});
  parts.scores = to_scores(Entries(entries.value("scores"), where + ": scores"), num_epsilons);
  parts.num_samples_seen = entries.integer("num_samples_seen");
  parts.num_samples_zero_norm = entries.integer("num_samples_zero_norm");
  parts.num_samples_nonfinite = entries.integer("num_samples_nonfinite");
  // Results of the first release have no such key: nothing could be left out then.
  if (entries.has("num_samples_skipped")) parts.num_samples_skipped = entries.integer("num_samples_skipped");
  parts.num_calls = entries.integer("num_calls");
  parts.centred = entries.flag("centred");
  if (parts.centred) parts.mean = entries.doubles("mean", {parts.dim});
  return Resonance(std::move(parts), fmt::format("{}: {}", where, entries.text("address")));
}

c10::IValue load_any(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::kZip) return load_pickle(path);
  throw Error(path.string(), "this must be a result that torchsrm wrote", describe(kind), "name a results.srm.pt");
}

Entries require_result(const c10::IValue& value, const std::string& where) {
  const bool is_result = value.isGenericDict() && value.toGenericDict().contains("format");
  const c10::IValue format = is_result ? value.toGenericDict().at("format") : c10::IValue();
  if (!format.isString() || format.toStringRef() != kFormat) {
    throw Error(where, fmt::format("this must be a result that torchsrm wrote, with the format '{}'", kFormat),
                format.isString() ? format.toStringRef() : fmt::format("a {} without it", value.tagKind()),
                "name a results.srm.pt");
  }
  Entries entries(value, where);
  const std::int64_t version = entries.integer("version");
  if (version > kVersion) {
    throw Error(where, fmt::format("the format's version must be {} or less for this torchsrm", kVersion),
                fmt::format("version {}", version), "read it with the torchsrm that wrote it, or a newer one");
  }
  if (version < 1) entries.refuse("'version' must be 1 or more", fmt::format("{}", version));
  return entries;
}

GenericDict to_dict(const Results& results, const std::string& where) {
  GenericDict settings = empty_dict();
  for (const auto& [name, value] : results.settings) {
    if (settings.insert(name, value).second) continue;
    throw Error(where, "a setting may be there once", fmt::format("'{}' twice", name), "leave one out");
  }
  GenericList layers = empty_list();
  for (const Resonance& layer : results) layers.push_back(to_dict(layer));
  GenericDict dict = empty_dict();
  dict.insert("format", kFormat);
  dict.insert("version", kVersion);
  dict.insert("settings", settings);
  dict.insert("partial", results.partial);
  dict.insert("layers", layers);
  return dict;
}

Results to_results(const c10::IValue& value, const std::string& where) {
  const Entries entries = require_result(value, where);
  Results results;
  const Entries settings(entries.value("settings"), where + ": settings");
  for (const auto& entry : entries.value("settings").toGenericDict()) {
    if (!entry.key().isString()) settings.refuse("settings must have names", entry.key().tagKind());
    results.settings.emplace_back(entry.key().toStringRef(), settings.text(entry.key().toStringRef()));
  }
  results.partial = entries.flag("partial");
  if (!entries.value("layers").isList()) entries.refuse("'layers' must be a list", entries.value("layers").tagKind());
  GenericList layers = entries.value("layers").toList();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    results.layers.push_back(to_resonance(layers.get(k), fmt::format("{}: layer {}", where, k)));
    layers.set(k, c10::IValue());  // its tables are copied, and may be large
  }
  return results;
}

}  // namespace

void save(const Results& results, const std::filesystem::path& path) {
  save_pickle(to_dict(results, path.string()), path);
}

Results load_results(const std::filesystem::path& path) { return to_results(load_any(path), path.string()); }

c10::IValue to_value(const Results& results) { return c10::IValue(to_dict(results, "results")).deepcopy(); }

std::string to_bytes(const Results& results) { return pickle_to_bytes(to_dict(results, "results")); }

Results results_from_bytes(std::string_view bytes, const std::string& where) {
  return to_results(pickle_from_bytes(bytes, where), where);
}

}  // namespace srm
