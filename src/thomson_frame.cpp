#include "srm/thomson_frame.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/optim/lbfgs.h>

#include <cmath>
#include <vector>

#include "bases/gaussian_numbers.h"
#include "srm/error.h"

namespace srm {
namespace {

// The angles of a frame at rest are then right to about as much.
constexpr double kRestingForce = 1e-6;
constexpr double kShapeTolerance = 1e-4;
constexpr int kMaxSteps = 5000;

/// The forces on unit vectors (m, n), and the energy of all pairs.
struct Repulsion {
  at::Tensor forces;  // (m, n): sum_j (f_i - f_j) / |f_i - f_j|^3
  double energy = 0;
};

Repulsion repulsion_of(const at::Tensor& unit) {
  const std::int64_t m = unit.size(0);
  const std::int64_t n = unit.size(1);
  Repulsion repulsion{at::zeros_like(unit)};
  std::vector<double> energies(static_cast<std::size_t>(m), 0.0);
  const double* vectors = unit.const_data_ptr<double>();
  double* forces = repulsion.forces.mutable_data_ptr<double>();
  // Each vector's sums are one thread's, so that how many there are changes nothing.
  at::parallel_for(0, m, std::max<std::int64_t>(1, 100'000 / (m * n)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double* here = vectors + i * n;
      double* force = forces + i * n;
      for (std::int64_t j = 0; j < m; ++j) {
        if (j == i) continue;
        const double* there = vectors + j * n;
        double squared = 0;
        for (std::int64_t k = 0; k < n; ++k) squared += (here[k] - there[k]) * (here[k] - there[k]);
        const double inverse = 1 / std::sqrt(squared);
        const double weight = inverse / squared;
        energies[static_cast<std::size_t>(i)] += inverse / 2;  // each pair is met twice
        for (std::int64_t k = 0; k < n; ++k) force[k] += weight * (here[k] - there[k]);
      }
    }
  });
  for (const double energy : energies) repulsion.energy += energy;
  return repulsion;
}

at::Tensor lengths_of(const at::Tensor& vectors) { return at::linalg_vector_norm(vectors, 2, {1}, /*keepdim=*/true); }

// What of the forces turns the vectors; along themselves they cannot move.
at::Tensor along_the_sphere(const at::Tensor& forces, const at::Tensor& unit) {
  return forces - unit * (forces * unit).sum(1, /*keepdim=*/true);
}

at::Tensor spread(at::Tensor vectors) {
  const double num_vectors = static_cast<double>(vectors.size(0));
  torch::optim::LBFGS optimiser({vectors}, torch::optim::LBFGSOptions(1)
                                               .max_iter(kMaxSteps)
                                               .max_eval(2 * kMaxSteps)
                                               .tolerance_grad(1e-10)
                                               .tolerance_change(0)
                                               .history_size(20)
                                               .line_search_fn("strong_wolfe"));
  // The energy depends on directions alone; lengths are free, so that each step is an unconstrained one.
  optimiser.step([&] {
    const at::NoGradGuard no_grad;
    const at::Tensor lengths = lengths_of(vectors);
    const at::Tensor unit = vectors / lengths;
    const Repulsion repulsion = repulsion_of(unit);
    vectors.mutable_grad() = -along_the_sphere(repulsion.forces, unit) / lengths / num_vectors;
    return at::scalar_tensor(repulsion.energy / num_vectors, at::kDouble);
  });
  return vectors / lengths_of(vectors);
}

FrameShape shape_of(const at::Tensor& cosines) {
  const std::int64_t m = cosines.size(0);
  if (m < 2) return FrameShape::kOther;
  const at::Tensor identity = at::eye(m, cosines.options());
  const double simplex = -1 / static_cast<double>(m - 1);
  const auto is_near = [&](const at::Tensor& expected) {
    return (cosines - expected).abs().max().item<double>() < kShapeTolerance;
  };
  if (is_near(identity * (1 - simplex) + simplex)) return FrameShape::kSimplex;
  // Each vector's opposite is where its cosine is least.
  const at::Tensor opposites = at::zeros_like(cosines).scatter_(1, cosines.argmin(1, /*keepdim=*/true), -1.0);
  return is_near(identity + opposites) ? FrameShape::kCrossPolytope : FrameShape::kOther;
}

void describe(ThomsonFrame& frame) {
  const std::int64_t m = frame.vectors.size(0);
  const Repulsion repulsion = repulsion_of(frame.vectors);
  frame.energy = repulsion.energy;
  const double mean_force = lengths_of(repulsion.forces).mean().item<double>();
  const double residual = lengths_of(along_the_sphere(repulsion.forces, frame.vectors)).max().item<double>();
  frame.largest_residual = mean_force > 0 ? residual / mean_force : 0;
  frame.is_at_rest = frame.largest_residual < kRestingForce;
  const at::Tensor cosines = at::mm(frame.vectors, frame.vectors.t());
  frame.shape = shape_of(cosines);
  if (m > 1) {
    const at::Tensor of_pairs = cosines.masked_select(at::ones_like(cosines).tril(-1).to(at::kBool));
    frame.min_cosine = of_pairs.min().item<double>();
    frame.max_cosine = of_pairs.max().item<double>();
  }
  const at::Tensor eigenvalues = at::linalg_eigvalsh(at::mm(frame.vectors.t(), frame.vectors));
  frame.min_eigenvalue = eigenvalues.min().item<double>();
  frame.max_eigenvalue = eigenvalues.max().item<double>();
}

}  // namespace

const char* to_string(FrameShape shape) {
  switch (shape) {
    case FrameShape::kSimplex:
      return "simplex";
    case FrameShape::kCrossPolytope:
      return "cross-polytope";
    case FrameShape::kOther:
      break;
  }
  return "other";
}

ThomsonFrame thomson_frame(std::int64_t num_vectors, std::int64_t dim, std::uint64_t seed) {
  if (num_vectors < 1 || dim < 1 || (dim == 1 && num_vectors > 2)) {
    throw Error("thomson_frame", "it needs a vector, a dimension, and room: a line has two directions",
                fmt::format("{} vectors in {} dimensions", num_vectors, dim),
                "give num_vectors >= 1 and dim >= 2, or 1 or 2 vectors of dim 1");
  }
  bases::GaussianNumbers gaussian(seed);
  const at::Tensor drawn = gaussian.matrix(num_vectors, dim);
  ThomsonFrame frame;
  // Two directions of a line cannot move, and may have been drawn alike.
  if (dim == 1) {
    frame.vectors = at::where(drawn[0] < 0, -1.0, 1.0) * at::linspace(1, 3 - 2 * num_vectors, num_vectors, at::kDouble);
    frame.vectors = frame.vectors.view({num_vectors, 1});
  } else {
    frame.vectors = drawn / lengths_of(drawn);
    if (num_vectors > 1) frame.vectors = spread(frame.vectors);
  }
  describe(frame);
  return frame;
}

}  // namespace srm
