#include "bases/rotations.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "kernels/random_rank.h"
#include "srm/error.h"

namespace srm::bases {

std::uint64_t seed_of(std::uint64_t seed, std::int64_t index) {
  // The index is far from neighbouring seeds.
  return kernels::split_mix(kernels::split_mix(seed) ^ static_cast<std::uint64_t>(index));
}

at::ScalarType turn_type(std::int64_t dim) { return dim < 128 ? at::kDouble : at::kFloat; }

HaarTurn::HaarTurn(std::int64_t dim, std::uint64_t seed, std::int64_t index) {
  if (dim < 1) throw Error("haar_turn", "dim must be at least 1", fmt::format("{}", dim), "turn rows of numbers");
  // Float32 numbers are fine enough to draw directions with; what follows is exact to the type of the rows. A generator
  // takes 32 bits, of which seed_of() makes the lower ones as good as the upper ones.
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed_of(seed, index));
  at::Tensor gaussian = at::randn({dim, dim}, generator, at::TensorOptions().dtype(at::kFloat));
  gaussian.masked_fill_(gaussian == 0, 1e-9);  // else the last reflection can have no direction
  // Row k holds, from its k-th number on, the vector x that the k-th reflection takes to beta e_k.
  gaussian = gaussian.to(turn_type(dim)).triu_();
  const at::Tensor alpha = gaussian.diagonal().clone();
  const at::Tensor beta = -at::copysign(at::linalg_vector_norm(gaussian, 2, at::IntArrayRef{1}), alpha);
  reflections_ = (gaussian / (alpha - beta).unsqueeze(1)).t();
  factors_ = (beta - alpha) / beta;
  signs_ = at::sign(beta);  // so that R of the QR decomposition has a positive diagonal, which makes Q Haar
}

at::Tensor HaarTurn::apply(const at::Tensor& rows) const {
  return at::ormqr(reflections_, factors_, (rows * signs_).t(), /*left=*/true, /*transpose=*/false).t();
}

SideBySide::SideBySide() : num_threads_(at::get_num_threads()) { at::set_num_threads(1); }
SideBySide::~SideBySide() { at::set_num_threads(num_threads_); }

void SideBySide::for_each(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& progress,
                          const std::function<void(std::int64_t)>& body) const {
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;
  std::int64_t num_done = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    at::set_num_threads(1);  // what it sets is in part the calling thread's own
    const at::NoGradGuard no_gradients;
    for (std::int64_t k = next++; k < count; k = next++) {
      try {
        body(k);
        const std::lock_guard lock(mutex);
        if (progress && !failure) progress(++num_done, count);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::int64_t k = 1; k < std::min<std::int64_t>(num_threads_, count); ++k) workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace srm::bases
