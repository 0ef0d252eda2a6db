#include "workloads.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <utility>

namespace srm::bench {
namespace {

constexpr std::uint64_t kSeed = 20260801;
constexpr double kNoise = 0.2;

at::Generator generator_of(std::uint64_t seed) { return at::detail::createCPUGenerator(seed); }

// The machine's memory is no part of what is measured here: hook rows and memory/stated ask for it.
constexpr std::int64_t kAnyMemory = std::int64_t{1} << 40;

}  // namespace

at::Tensor gaussian_rows(std::int64_t num_rows, std::int64_t dim) {
  return at::randn({num_rows, dim}, generator_of(kSeed));
}

at::Tensor tanh_rows(std::int64_t num_rows, std::int64_t dim) { return at::tanh(3 * gaussian_rows(num_rows, dim)); }

at::Tensor axes_of_rows(std::int64_t num_rows, std::int64_t dim) {
  return at::randperm(num_rows, generator_of(kSeed + 1), at::kLong).remainder(dim);
}

at::Tensor aligned_rows(std::int64_t num_rows, std::int64_t dim) {
  at::Tensor rows = gaussian_rows(num_rows, dim);
  rows.mul_(kNoise / rows.norm(2, {1}, true));
  return rows.scatter_add_(1, axes_of_rows(num_rows, dim).unsqueeze(1), at::ones({num_rows, 1}));
}

Basis random_basis(std::int64_t num_vectors, std::int64_t dim) {
  const at::Tensor vectors = at::randn({num_vectors, dim}, generator_of(kSeed + 2), at::kDouble);
  const double* const first = vectors.const_data_ptr<double>();
  return Basis::from_vectors("random", num_vectors, dim, {first, first + vectors.numel()});
}

Workload::Workload(std::string name_, at::Tensor rows_, double epsilon_)
    : Workload(std::move(name_), rows_, epsilon_, Basis::standard(rows_.size(1))) {}

Workload::Workload(std::string name_, at::Tensor rows_, double epsilon_, Basis basis_)
    : name(std::move(name_)),
      rows(std::move(rows_)),
      epsilon(epsilon_),
      basis(std::make_shared<const Basis>(std::move(basis_))),
      planes(*basis, Pairs::kCombination) {}

double Workload::num_pairs() const {
  return static_cast<double>(num_rows()) * static_cast<double>(planes.num_planes());
}

AccumulatorOptions Workload::options() const {
  AccumulatorOptions options;
  options.epsilon = {epsilon};
  options.grid = AngleGrid(kNumAngles);
  return options;
}

const Workload& aligned_n512() {
  static const Workload workload("aligned/n512", aligned_rows(65536, 512), 0.9);
  return workload;
}

const Workload& wide_n768() {
  static const Workload workload("wide/n768", gaussian_rows(4096, 768), 0.084);
  return workload;
}

OurCounter::OurCounter(const Workload& workload, AccumulatorOptions options)
    : workload_(workload),
      options_(std::move(options)),
      budget_(kAnyMemory),
      accumulator_(workload.basis, options_, budget_, workload.name) {}

void OurCounter::count() {
  accumulator_.update(workload_.rows.const_data_ptr<float>(), workload_.num_rows(), workload_.dim(), workload_.dim());
}

double num_hits(const Workload& workload) {
  AccumulatorOptions options = workload.options();
  options.planes.kind = PlaneChoice::Kind::kNone;
  OurCounter counter(workload, options);
  counter.count();
  return static_cast<double>(counter.resonance().parts().scores.num_hits.at(0));
}

}  // namespace srm::bench
