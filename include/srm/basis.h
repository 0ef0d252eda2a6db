#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace srm {

/// What happens to the lengths of the vectors of a basis: all become 1, or they stay as given. The published reference
/// code keeps them, which makes a plane's threshold epsilon / |b_i|; only then are zero vectors allowed.
enum class VectorLengths { kNormalised, kKept };

/// "normalised" | "kept", as in files.
const char* to_string(VectorLengths lengths);

/// The m vectors b_i of dimension n that span the planes: m may exceed n, and they need not be orthogonal.
/// An immutable value; may be shared between threads.
class Basis {
 public:
  /// The n unit vectors of the coordinate axes; throws srm::Error unless `dim` >= 1. Takes no memory, so that a layer
  /// too wide for the memory there is can be told so.
  static Basis standard(std::int64_t dim);

  /// Rows b_i of `vectors`, row-major (num_vectors, dim). Throws srm::Error when the size does not fit, a number is NaN
  /// or infinite, or a row is zero (unless lengths are kept, which then must be finite themselves).
  static Basis from_vectors(std::string name, std::int64_t num_vectors, std::int64_t dim, std::vector<double> vectors,
                            VectorLengths lengths = VectorLengths::kNormalised);

  /// "standard", or the name that it was given.
  const std::string& name() const { return name_; }
  /// m, the number of vectors.
  std::int64_t num_vectors() const { return num_vectors_; }
  /// n, the numbers of a vector.
  std::int64_t dim() const { return dim_; }
  /// What happened to the lengths of the vectors.
  VectorLengths lengths() const { return lengths_; }
  /// Whether it is what standard() makes.
  bool is_standard() const { return is_standard_; }
  /// Whether a row had a length that differed from 1 by more than 1e-6 before it was normalised.
  bool was_rescaled() const { return was_rescaled_; }

  /// The vectors as they are used, row-major (num_vectors, dim), made anew: of length 1 unless lengths are kept.
  std::vector<double> vectors() const;
  /// The same with every row of length 1 (a zero row stays zero), without a copy. Not of the standard basis, whose
  /// coordinates are the row itself: empty.
  std::span<const double> unit_vectors() const { return unit_vectors_.empty() ? vectors_ : unit_vectors_; }
  /// |b_i| as used: 1 unless lengths are kept.
  double length(std::int64_t i) const {
    return lengths_of_rows_.empty() ? 1.0 : lengths_of_rows_[static_cast<std::size_t>(i)];
  }

 private:
  Basis() = default;

  std::string name_;
  std::int64_t num_vectors_ = 0;
  std::int64_t dim_ = 0;
  VectorLengths lengths_ = VectorLengths::kNormalised;
  bool is_standard_ = false;
  bool was_rescaled_ = false;
  std::vector<double> vectors_;          // none for the standard basis
  std::vector<double> unit_vectors_;     // only when lengths are kept
  std::vector<double> lengths_of_rows_;  // only when lengths are kept
};

}  // namespace srm
