#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "srm/plane_set.h"

namespace srm {

/// Which planes of a basis get a table, and so a curve, of their own. Whatever is chosen, holistic counts and scores
/// are over all planes.
struct PlaneChoice {
  /// All; `num_planes` of them drawn by `seed` without replacement (all where there are no more); those `listed`; none.
  enum class Kind { kAll, kRandom, kListed, kNone };
  Kind kind = Kind::kAll;          ///< which of the rules
  std::int64_t num_planes = 0;     ///< of kRandom: at least 1
  std::uint64_t seed = 0;          ///< of kRandom; one seed draws the same planes everywhere
  std::vector<Plane> listed = {};  ///< of kListed: at least one, in any order, none twice
  friend bool operator==(const PlaneChoice&, const PlaneChoice&) = default;
};

/// "all", "random:N", "listed" or "none", as in files and on the command line.
std::string to_string(const PlaneChoice& choice);

/// Throws srm::Error that names `where` for what is wrong with a choice whatever the basis is.
void require_valid(const PlaneChoice& choice, std::string_view where);

/// The planes of a set that a choice takes, in lexicographic order. An immutable value; may be shared between threads.
class ChosenPlanes {
 public:
  /// `planes` must outlive it. Throws srm::Error naming `where` for a plane listed that is not one of the set: out of
  /// range, (j, i) where there are combinations, or of (anti-)parallel vectors where those are left out.
  ChosenPlanes(const PlaneSet& planes, const PlaneChoice& choice, std::string_view where);

  /// How many `choice` takes of `planes`, nothing being drawn or checked.
  static std::int64_t num_chosen(const PlaneSet& planes, const PlaneChoice& choice);
  /// Bytes that it and the choice take at most, with `num_chosen` planes chosen; 1e18 stands for all that is more.
  static std::int64_t bytes_needed(const PlaneSet& planes, std::int64_t num_chosen);

  /// How many planes were chosen.
  std::int64_t num_planes() const { return has_all_ ? set_.num_planes() : static_cast<std::int64_t>(chosen_.size()); }
  /// Whether every plane of the set is chosen.
  bool has_all() const { return has_all_; }
  /// The place of the plane (i, j) among those chosen, or -1.
  std::int64_t index(std::int64_t i, std::int64_t j) const;
  /// All of them, (num_planes); made anew at each call.
  std::vector<Plane> planes() const;

 private:
  const PlaneSet& set_;
  bool has_all_;
  std::vector<Plane> chosen_;            // none when all are
  std::vector<std::int64_t> row_begin_;  // (m + 1): where in chosen_ the planes of b_i begin
};

}  // namespace srm
