#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "brute_force.h"
#include "srm/accumulator.h"

// What is allocated is counted by this program's own operator new, and compared with what was stated.

namespace {

std::atomic<std::int64_t> live_bytes = 0;
std::atomic<std::int64_t> peak_bytes = 0;

}  // namespace

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  const std::int64_t live = live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
  std::int64_t peak = peak_bytes;
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
  }
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr) live_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace srm {
namespace {

// Strings, threads, and what the allocator rounds up.
constexpr std::int64_t kOdds = 50'000;

struct Growth {
  std::int64_t stated;
  std::int64_t while_counting;
  std::int64_t with_result;
};

Growth growth(const Basis& basis, const AccumulatorOptions& options) {
  const auto shared = std::make_shared<const Basis>(basis);
  const std::vector<double> rows = test::gaussian(200 * basis.dim(), 1);
  MemoryBudget budget(std::int64_t{1} << 40);
  const std::int64_t before = live_bytes;
  peak_bytes = before;
  Accumulator accumulator(shared, options, budget);
  accumulator.update(rows.data(), 200, basis.dim(), basis.dim());
  const std::int64_t while_counting = peak_bytes - before;
  const std::int64_t stated = budget.reserved_bytes();
  EXPECT_EQ(stated, Accumulator::bytes_needed(basis, accumulator.planes(), options));
  const Resonance result = std::move(accumulator).take_resonance();
  return {stated, while_counting, peak_bytes - before};
}

void expect_as_stated(const Basis& basis, const AccumulatorOptions& options) {
  const Growth grown = growth(basis, options);
  EXPECT_LE(grown.while_counting, grown.stated + kOdds);
  EXPECT_LE(grown.with_result, grown.stated + kOdds);
  EXPECT_GE(grown.with_result + grown.with_result / 10 + kOdds, grown.stated) << "far too much was asked for";
}

AccumulatorOptions options_of(std::vector<double> epsilon, std::int64_t num_angles, Pairs pairs, int num_threads) {
  AccumulatorOptions options;
  options.epsilon = std::move(epsilon);
  options.grid = AngleGrid(num_angles);
  options.pairs = pairs;
  options.num_threads = num_threads;
  return options;
}

TEST(AccumulatorMemoryTest, GrowsByWhatWasStated) {
  const auto comb = Pairs::kCombination, perm = Pairs::kPermutation;
  expect_as_stated(Basis::standard(100), options_of({0.9}, 360, comb, 1));
  expect_as_stated(Basis::standard(60), options_of({0.9, 0.5, 0.1}, 360, perm, 2));
  expect_as_stated(Basis::standard(400), options_of({0.9}, 1, perm, 1));
  expect_as_stated(Basis::standard(2), options_of({0.3}, 100000, comb, 4));
  expect_as_stated(Basis::from_vectors("skew", 300, 20, test::gaussian(6000, 2)), options_of({0.9}, 4, perm, 3));
  expect_as_stated(Basis::from_vectors("few", 3, 3000, test::gaussian(9000, 2)), options_of({0.5}, 8, comb, 5));
  AccumulatorOptions centred = options_of({0.9}, 12, comb, 1);
  centred.mean.assign(500, 0.5);
  expect_as_stated(Basis::standard(500), centred);
}

TEST(AccumulatorMemoryTest, PlanesThatAreLeftOutTakeLittle) {
  std::vector<double> vectors = test::gaussian(200 * 10, 3);
  for (std::size_t k = 1000; k < 2000; ++k) vectors[k] = vectors[k - 1000];
  expect_as_stated(Basis::from_vectors("twins", 200, 10, vectors), options_of({0.9}, 72, Pairs::kPermutation, 1));
}

}  // namespace
}  // namespace srm
