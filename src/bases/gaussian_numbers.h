// PRIVATE: random numbers that a seed alone decides, on every standard library and whatever else the process draws.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <random>

namespace srm::bases {

class GaussianNumbers {
 public:
  explicit GaussianNumbers(std::uint64_t seed) : bits_(seed) {}

  /// Of mean 0 and variance 1, by Box and Muller: std::normal_distribution differs between standard libraries.
  double next();
  /// (num_rows, num_columns) float64, row by row.
  at::Tensor matrix(std::int64_t num_rows, std::int64_t num_columns);
  /// Evenly from 0 to limit - 1.
  std::uint64_t below(std::uint64_t limit);

 private:
  std::mt19937_64 bits_;
  std::optional<double> kept_;
};

/// The k-th of the seeds that one seed stands for; unlike seed + k it meets no neighbour's.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t k);

}  // namespace srm::bases
