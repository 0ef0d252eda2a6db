#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace srm::bases {

/// Well mixed bits of two numbers: the seed of the `index`-th of a sequence of generators.
std::uint64_t seed_of(std::uint64_t seed, std::int64_t index);

/// The type in which rows of that dimension are turned; see Note [Rotations] in srm/null.h.
at::ScalarType turn_type(std::int64_t dim);

/// The rotation `index` of the sequence that `seed` stands for: an orthogonal matrix drawn evenly from all of them
/// (Haar measure on O(n)), kept as Householder reflections. Immutable; may be shared between threads.
class HaarTurn {
 public:
  /// Of rows of `dim` numbers of the type turn_type(dim); throws srm::Error unless dim >= 1.
  HaarTurn(std::int64_t dim, std::uint64_t seed, std::int64_t index);

  /// Every row of `rows`, (num_rows, dim), turned.
  at::Tensor apply(const at::Tensor& rows) const;

 private:
  at::Tensor reflections_;  // (dim, dim), by column and below the diagonal, as LAPACK keeps them
  at::Tensor factors_;      // (dim): tau of I - tau v v^T
  at::Tensor signs_;        // (dim): +-1
};

/// While it lives, each operation of Torch runs on one thread, so that no sum depends on how many there are; work is
/// done side by side instead, by as many threads as Torch had. They see no gradients. Not thread-safe.
class SideBySide {
 public:
  SideBySide();
  ~SideBySide();
  SideBySide(const SideBySide&) = delete;
  SideBySide& operator=(const SideBySide&) = delete;

  /// Calls body(k) for all 0 <= k < count, each followed by `progress`, if there is one, never twice at once. The first
  /// exception ends the work and is thrown.
  void for_each(std::int64_t count, const std::function<void(std::int64_t num_done, std::int64_t num_total)>& progress,
                const std::function<void(std::int64_t)>& body) const;

 private:
  int num_threads_;
};

}  // namespace srm::bases
