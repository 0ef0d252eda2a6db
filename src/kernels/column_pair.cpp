#include "kernels/column_pair.h"

#include <algorithm>
#include <cmath>

namespace srm::kernels {
namespace {

constexpr std::int64_t kBlock = 1024;
constexpr int kLanes = 16;

// As many running sums as two vector registers hold floats: the compiler makes vector code of the loops over lanes.
template <typename Number>
FourthHarmonic harmonic_of(const Number* x, const Number* y, std::int64_t size) {
  FourthHarmonic sums;
  for (std::int64_t begin = 0; begin < size; begin += kBlock) {
    const std::int64_t end = std::min(begin + kBlock, size);
    // r^2 e^{2 i phi} = difference + i product, whose square is r^4 e^{4 i phi}.
    Number differences[kLanes] = {};
    Number products[kLanes] = {};
    Number mixed[kLanes] = {};
    const auto add = [&](std::int64_t k, int lane) {
      const Number difference = (x[k] - y[k]) * (x[k] + y[k]);
      const Number product = 2 * x[k] * y[k];
      differences[lane] += difference * difference;
      products[lane] += product * product;
      mixed[lane] += difference * product;
    };
    std::int64_t k = begin;
    for (; k + kLanes <= end; k += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) add(k + lane, lane);
    }
    for (int lane = 0; k < end; ++k, ++lane) add(k, lane);
    for (int lane = 0; lane < kLanes; ++lane) {
      const double difference = differences[lane];
      const double product = products[lane];
      sums.cosine += difference - product;
      sums.sine += 2 * static_cast<double>(mixed[lane]);
      sums.weight += difference + product;
    }
  }
  return sums;
}

template <typename Number>
void rotate_columns(Number* __restrict x, Number* __restrict y, std::int64_t size, double angle) {
  const Number cosine = static_cast<Number>(std::cos(angle));
  const Number sine = static_cast<Number>(std::sin(angle));
  for (std::int64_t k = 0; k < size; ++k) {
    const Number before = x[k];
    x[k] = cosine * before + sine * y[k];
    y[k] = cosine * y[k] - sine * before;
  }
}

template <typename Number>
double fourth_powers(const Number* x, std::int64_t size) {
  double sum = 0;
  for (std::int64_t begin = 0; begin < size; begin += kBlock) {
    const std::int64_t end = std::min(begin + kBlock, size);
    Number powers[kLanes] = {};
    for (std::int64_t k = begin; k < end; ++k) powers[(k - begin) % kLanes] += (x[k] * x[k]) * (x[k] * x[k]);
    for (const Number power : powers) sum += static_cast<double>(power);
  }
  return sum;
}

}  // namespace

FourthHarmonic fourth_harmonic(const float* x, const float* y, std::int64_t size) { return harmonic_of(x, y, size); }
FourthHarmonic fourth_harmonic(const double* x, const double* y, std::int64_t size) { return harmonic_of(x, y, size); }

void rotate(float* x, float* y, std::int64_t size, double angle) { rotate_columns(x, y, size, angle); }
void rotate(double* x, double* y, std::int64_t size, double angle) { rotate_columns(x, y, size, angle); }

double sum_of_fourth_powers(const float* x, std::int64_t size) { return fourth_powers(x, size); }
double sum_of_fourth_powers(const double* x, std::int64_t size) { return fourth_powers(x, size); }

}  // namespace srm::kernels
