#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "srm/basis.h"
#include "srm/plane_set.h"

namespace srm {

/// An epsilon as it is asked for: a number, or one that follows the width of a layer or its rows. So wide layers get
/// curves that are neither empty nor full.
struct EpsilonChoice {
  /// `number` itself; that at which isotropic_rate() is `number`; that at which so large a share of the rows is inside,
  /// on average over planes and angles.
  enum class Kind { kGiven, kIsotropic, kData };

  /// This number, in [-1, 1].
  EpsilonChoice(double epsilon) : kind(Kind::kGiven), number(epsilon) {}
  /// Such that this share of evenly spread directions is inside, in each layer's width.
  static EpsilonChoice isotropic(double rate = 0.01) { return {Kind::kIsotropic, rate}; }
  /// Such that this share of the layer's own rows is inside, found in a pass before.
  static EpsilonChoice of_data(double rate = 0.01) { return {Kind::kData, rate}; }

  Kind kind;      ///< how it is chosen
  double number;  ///< epsilon itself, or the share of what is inside
  friend bool operator==(const EpsilonChoice&, const EpsilonChoice&) = default;

 private:
  EpsilonChoice(Kind kind_, double number_) : kind(kind_), number(number_) {}
};

/// "0.9", "auto" (isotropic, 1 %), "auto:0.001", "auto:data", "auto:data:0.05", and back; throws srm::Error for any
/// other text and for a rate that is not above 0 and below 1/2.
std::string to_string(const EpsilonChoice& choice);
EpsilonChoice to_epsilon_choice(std::string_view text);  ///< of what to_string() gives

/// Throws srm::Error that names `where` for an epsilon outside [-1, 1] and for a rate that is not in (0, 1/2).
void require_valid(const EpsilonChoice& choice, std::string_view where);

/// The epsilon of a choice that does not look at rows, for a layer of width `dim`; the isotropic one to three
/// significant digits, and 0.9 where dim is 1 and there are no planes.
double epsilon_of_width(const EpsilonChoice& choice, std::int64_t dim);

/// The epsilon, to three significant digits, at which on average over planes and angles the share `rate` of these rows,
/// (num_rows, dim) row-major, is inside; at most 1,000 of the rows and 2,000 planes, drawn by `seed`, are looked at. At
/// least 0.001, which is too high where hardly any row has a part in any plane. Throws srm::Error unless there is a row
/// and a plane.
double epsilon_of_rows(std::span<const double> rows, const Basis& basis, const PlaneSet& planes, double rate,
                       std::uint64_t seed);

}  // namespace srm
