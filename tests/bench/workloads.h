#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "srm/accumulator.h"

namespace srm::bench {

constexpr std::int64_t kNumAngles = 360;

/// Rows by seed, (num_rows, dim) float32, whatever the machine: Gaussian; tanh of three times that; random axes, each
/// as often as any other, with Gaussian noise of a fifth of their length.
at::Tensor gaussian_rows(std::int64_t num_rows, std::int64_t dim);
at::Tensor tanh_rows(std::int64_t num_rows, std::int64_t dim);
at::Tensor aligned_rows(std::int64_t num_rows, std::int64_t dim);
/// Where the axes of aligned_rows() are: (num_rows) int64.
at::Tensor axes_of_rows(std::int64_t num_rows, std::int64_t dim);

/// `num_vectors` random unit vectors by seed.
Basis random_basis(std::int64_t num_vectors, std::int64_t dim);

/// What is counted, and in which planes: all combinations of the basis.
struct Workload {
  std::string name;
  at::Tensor rows;
  double epsilon;
  std::shared_ptr<const Basis> basis;
  PlaneSet planes;

  /// In the standard basis.
  Workload(std::string name, at::Tensor rows, double epsilon);
  Workload(std::string name, at::Tensor rows, double epsilon, Basis basis);

  std::int64_t num_rows() const { return rows.size(0); }
  std::int64_t dim() const { return rows.size(1); }
  /// Pairs of a row and a plane.
  double num_pairs() const;
  /// One epsilon, the angles that all rows of the benchmark have, one thread.
  AccumulatorOptions options() const;
};

/// The workloads that several rows share; each is made once.
const Workload& aligned_n512();  ///< 65,536 rows, 128 an axis, epsilon 0.9
const Workload& wide_n768();     ///< 4,096 Gaussian rows, epsilon 0.084, that of the 1 % line

/// Our side: an accumulator that counts all rows of a workload again and again.
class OurCounter {
 public:
  OurCounter(const Workload& workload, AccumulatorOptions options);
  void count();
  /// What count() has counted so far; its num_hits is of all those calls.
  Resonance resonance() const { return accumulator_.resonance(); }
  const AccumulatorOptions& options() const { return options_; }

 private:
  const Workload& workload_;
  AccumulatorOptions options_;
  MemoryBudget budget_;
  Accumulator accumulator_;
};

/// Pairs of a row and a plane with r >= epsilon at the first epsilon, in one pass of the rows, by an accumulator
/// without tables.
double num_hits(const Workload& workload);

}  // namespace srm::bench
