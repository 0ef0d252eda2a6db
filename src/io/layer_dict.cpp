#include "io/layer_dict.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace srm {
namespace {

// ---- writing

// Sums of up to 126 bits as rows of two numbers, a and b for a * 2^63 + b.
constexpr int kLowBits = 63;
at::Tensor to_tensor(const BlockSums& blocks) {
  std::vector<std::int64_t> digits;
  for (const UInt128 sum : {blocks.rows_squared, blocks.rows_by_quartic, blocks.quartic_squared}) {
    digits.push_back(static_cast<std::int64_t>(sum >> kLowBits));
    digits.push_back(static_cast<std::int64_t>(sum & std::numeric_limits<std::int64_t>::max()));
  }
  return at::tensor(digits, at::kLong).reshape({3, 2});
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
  dict.insert("direction_sum", borrow(scores.direction_sum, {std::ssize(scores.direction_sum)}));
  dict.insert("direction_scale", Scores::kDirectionScale);
  dict.insert("quartic_by_vector", borrow(scores.quartic_by_vector, {std::ssize(scores.quartic_by_vector)}));
  dict.insert("num_blocks", scores.blocks.num_blocks);
  dict.insert("block_sums", to_tensor(scores.blocks));
  return dict;
}

BlockSums to_block_sums(const DictEntries& entries) {
  const std::vector<std::int64_t> digits = entries.integers("block_sums", {3, 2});
  for (const std::int64_t digit : digits) {
    if (digit < 0) entries.refuse("'block_sums' must not be negative", fmt::format("{}", digit));
  }
  const auto sum = [&](std::size_t k) {
    return static_cast<UInt128>(digits[2 * k]) << kLowBits | static_cast<UInt128>(digits[2 * k + 1]);
  };
  return {entries.integer("num_blocks"), sum(0), sum(1), sum(2)};
}

Scores to_scores(const DictEntries& entries, std::int64_t version, std::int64_t num_epsilons) {
  const auto require_scale = [&](const char* key, std::int64_t scale) {
    if (entries.integer(key) == scale) return;
    entries.refuse(fmt::format("'{}' must be {}", key, scale), fmt::format("{}", entries.integer(key)));
  };
  require_scale("quartic_scale", Scores::kQuarticScale);
  require_scale("cosine_scale", Scores::kCosineScale);
  Scores scores;
  scores.num_rows = entries.integer("rows");
  scores.quartic_sum = entries.integer("quartic_sum");
  scores.cosine_sum = entries.integers("cosine_sum", {num_epsilons});
  scores.num_hits = entries.integers("hits", {num_epsilons});
  if (version < 2) return scores;
  require_scale("direction_scale", Scores::kDirectionScale);
  scores.direction_sum = entries.integers("direction_sum", {-1});
  scores.quartic_by_vector = entries.integers("quartic_by_vector", {-1});
  scores.blocks = to_block_sums(entries);
  return scores;
}

// What the first release wrote of the standard basis: all its vectors.
bool is_spelled_out(const ResonanceParts& parts) {
  if (parts.basis_name != "standard" || parts.num_vectors != parts.dim) return false;
  const Basis standard = Basis::standard(parts.dim);
  return parts.basis_lengths == VectorLengths::kNormalised && parts.basis == standard.vectors();
}

void read_basis(const DictEntries& entries, std::int64_t version, ResonanceParts& parts) {
  const std::int64_t num_written = entries.tensor("basis", at::kDouble, {-1, parts.dim}).size(0);
  parts.num_vectors = version < 2 ? num_written : entries.integer("num_vectors");
  parts.basis = entries.doubles("basis", {num_written, parts.dim});
  parts.basis_name = entries.text("basis_name");
  parts.basis_lengths = entries.choice("basis_lengths", VectorLengths::kNormalised, VectorLengths::kKept);
  if (version < 2 && is_spelled_out(parts)) parts.basis.clear();
}

AngleGrid to_grid(const DictEntries& entries) {
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

}  // namespace

GenericDict to_dict(const Resonance& layer) {
  const ResonanceParts& parts = layer.parts();
  const std::int64_t num_planes = layer.num_planes();
  const std::int64_t num_epsilons = layer.num_epsilons();
  const std::int64_t num_angles = layer.num_angles();
  GenericDict dict = empty_dict();
  dict.insert("address", parts.address);
  dict.insert("group", parts.group);
  dict.insert("dim", parts.dim);
  dict.insert("num_vectors", parts.num_vectors);
  dict.insert("basis", borrow(parts.basis, {parts.basis.empty() ? 0 : parts.num_vectors, parts.dim}));
  dict.insert("basis_name", parts.basis_name);
  dict.insert("basis_lengths", to_string(parts.basis_lengths));
  dict.insert("pairs", to_string(parts.pairs));
  dict.insert("planes", borrow(parts.planes));
  dict.insert("plane_choice", parts.plane_choice);
  dict.insert("plane_seed", static_cast<std::int64_t>(parts.plane_seed));
  dict.insert("num_planes_summed", parts.num_planes_summed);
  dict.insert("num_planes_left_out", parts.num_planes_left_out);
  dict.insert("epsilon", borrow(parts.epsilon, {num_epsilons}));
  dict.insert("angles", at::tensor(parts.grid.angles_radians(), at::kDouble));
  dict.insert("grid", to_string(parts.grid.ends()));
  dict.insert("sense", to_string(parts.sense));
  dict.insert("counts", borrow(parts.counts, {num_epsilons, num_planes, num_angles}));
  dict.insert("plane_hits", borrow(parts.plane_hits, {num_epsilons, num_planes}));
  dict.insert("holistic_counts", borrow(parts.holistic_counts, {num_epsilons, num_angles}));
  dict.insert("signed", layer.is_signed());
  if (layer.is_signed()) {
    dict.insert("signed_counts", borrow(parts.signed_counts, {num_epsilons, num_planes, num_angles}));
    dict.insert("holistic_signed_counts", borrow(parts.holistic_signed_counts, {num_epsilons, num_angles}));
  }
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

Resonance to_resonance(const c10::IValue& layer, std::int64_t version, const std::string& where) {
  const DictEntries entries(layer, where);
  ResonanceParts parts;
  parts.address = entries.text("address");
  if (version >= 2) parts.group = entries.text("group");
  parts.dim = entries.integer("dim");
  read_basis(entries, version, parts);
  parts.pairs = entries.choice("pairs", Pairs::kCombination, Pairs::kPermutation);
  parts.planes = entries.planes("planes");
  parts.num_planes_summed = std::ssize(parts.planes);
  if (version >= 2) {
    parts.plane_choice = entries.text("plane_choice");
    parts.plane_seed = static_cast<std::uint64_t>(entries.integer("plane_seed"));
    parts.num_planes_summed = entries.integer("num_planes_summed");
  }
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
  if (version >= 2 && entries.flag("signed")) {
    parts.signed_counts = entries.integers("signed_counts", {num_epsilons, num_planes, num_angles});
    parts.holistic_signed_counts = entries.integers("holistic_signed_counts", {num_epsilons, num_angles});
  }
  parts.scores = to_scores(entries.inside("scores"), version, num_epsilons);
  parts.num_samples_seen = entries.integer("num_samples_seen");
  parts.num_samples_zero_norm = entries.integer("num_samples_zero_norm");
  parts.num_samples_nonfinite = entries.integer("num_samples_nonfinite");
  // The first results have no such key: nothing could be left out then.
  if (version >= 2 || entries.has("num_samples_skipped"))
    parts.num_samples_skipped = entries.integer("num_samples_skipped");
  parts.num_calls = entries.integer("num_calls");
  parts.centred = entries.flag("centred");
  if (parts.centred) parts.mean = entries.doubles("mean", {parts.dim});
  return Resonance(std::move(parts), fmt::format("{}: {}", where, entries.text("address")));
}

}  // namespace srm
