#include "same_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "value_checks.h"

namespace srm {
namespace {

// Names a setting and both its values where they differ.
class Comparison {
 public:
  explicit Comparison(std::string_view where) : where_(where) {}

  void same(std::string_view name, const auto& a, const auto& b) const {
    require_same(name, fmt::format("{}", a), fmt::format("{}", b), where_);
  }
  // Long lists: the first place at which they differ.
  void same_values(std::string_view name, const std::vector<double>& a, const std::vector<double>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) { return at == end ? "nothing" : fmt::format("{}", *at); };
    require_same(fmt::format("{}, at number {},", name, in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()),
                 where_);
  }
  void same_planes(const std::vector<Plane>& a, const std::vector<Plane>& b) const {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() && in_b == b.end()) return;
    const auto value = [](const auto& at, const auto& end) {
      return at == end ? "nothing" : fmt::format("({}, {})", at->i, at->j);
    };
    require_same(fmt::format("planes, at plane {},", in_a - a.begin()), value(in_a, a.end()), value(in_b, b.end()),
                 where_);
  }

 private:
  std::string_view where_;
};

}  // namespace

void require_same_settings(const ResonanceParts& a, const ResonanceParts& b, std::string_view where) {
  const Comparison both(where);
  const auto grid = [](const AngleGrid& g) {
    return fmt::format("{} angles, {}", g.num_angles(), to_string(g.ends()));
  };
  const auto signs = [](const ResonanceParts& parts) {
    return parts.holistic_signed_counts.empty() ? "unsigned" : "signed";
  };
  const auto row_sums = [](const ResonanceParts& parts) {
    return parts.scores.has_row_sums() ? "summed" : "not summed";
  };
  const auto centring = [](bool centred) { return centred ? "centred" : "not centred"; };
  both.same("address", a.address, b.address);
  both.same("group", a.group, b.group);
  both.same("dim", a.dim, b.dim);
  both.same("basis_name", a.basis_name, b.basis_name);
  both.same("num_vectors", a.num_vectors, b.num_vectors);
  both.same("basis_lengths", std::string(to_string(a.basis_lengths)), to_string(b.basis_lengths));
  both.same_values("basis", a.basis, b.basis);
  both.same("pairs", std::string(to_string(a.pairs)), to_string(b.pairs));
  both.same("plane_choice", a.plane_choice, b.plane_choice);
  both.same("plane_seed", a.plane_seed, b.plane_seed);
  both.same_planes(a.planes, b.planes);
  both.same("num_planes_summed", a.num_planes_summed, b.num_planes_summed);
  both.same("epsilon", fmt::format("{}", fmt::join(a.epsilon, " ")), fmt::format("{}", fmt::join(b.epsilon, " ")));
  both.same("grid", grid(a.grid), grid(b.grid));
  both.same("sense", std::string(to_string(a.sense)), to_string(b.sense));
  both.same("counts", std::string(signs(a)), signs(b));
  both.same("directions", std::string(row_sums(a)), row_sums(b));
  both.same("centring", std::string(centring(a.centred)), centring(b.centred));
  both.same_values("mean", a.mean, b.mean);
}

}  // namespace srm
