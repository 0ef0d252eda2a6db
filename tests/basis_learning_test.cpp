#include "srm/basis_learning.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "bases/plane_rotations.h"
#include "planted_rows.h"
#include "srm/basis_comparison.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::HasSubstr;

double match_of(const LearnedBasis& learned, const PlantedRows& planted) {
  return compare_bases(learned.basis, planted.basis).mean_matched_cosine;
}

double orthonormality_error(const at::Tensor& basis) {
  return (at::mm(basis, basis.t()) - at::eye(basis.size(0), basis.options())).abs().max().item<double>();
}

struct Planted {
  const char* name;
  std::int64_t num_rows;
  std::int64_t dim;
  at::Tensor (*function)(const at::Tensor&);
  LearnMethod method;
  bool normalise_rows = true;
};

void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.name << " of " << planted.dim; }

class PlantedBasisTest : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedBasisTest, IsFoundAndCalledStable) {
  const Planted& param = GetParam();
  const PlantedRows planted = plant(param.num_rows, param.dim, param.function);
  const auto start = std::chrono::steady_clock::now();
  const LearnedBasis learned =
      learn_basis(planted.rows, {.method = param.method, .normalise_rows = param.normalise_rows, .num_restarts = 2});
  RecordProperty("seconds",
                 std::to_string(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
  RecordProperty("sweeps", std::to_string(learned.score_by_sweep.size()));
  RecordProperty("match", std::to_string(match_of(learned, planted)));
  RecordProperty("halves", std::to_string(learned.halves_agreement));
  EXPECT_GE(match_of(learned, planted), 0.99);
  EXPECT_TRUE(learned.converged);
  EXPECT_GE(learned.halves_agreement, 0.97);
  EXPECT_GE(learned.restarts_agreement, 0.97);
  EXPECT_TRUE(learned.is_stable);
  EXPECT_LT(orthonormality_error(learned.basis), 1e-10);
}

std::string case_name(const ::testing::TestParamInfo<Planted>& info) {
  return std::string(info.param.name) + std::to_string(info.param.dim);
}

INSTANTIATE_TEST_SUITE_P(Small, PlantedBasisTest,
                         ::testing::Values(Planted{"Tanh", 1500, 16, at::tanh, LearnMethod::kDiagonal},
                                           Planted{"SaturatedTanh", 1500, 16, saturated, LearnMethod::kDiagonal},
                                           Planted{"Cubed", 1500, 16, cubed, LearnMethod::kAligned},
                                           Planted{"Sparse", 1500, 16, sparse, LearnMethod::kAligned},
                                           Planted{"RawRelu", 10000, 16, rectified, LearnMethod::kAligned, false},
                                           Planted{"Tanh", 10000, 64, at::tanh, LearnMethod::kDiagonal},
                                           Planted{"SaturatedTanh", 10000, 64, saturated, LearnMethod::kDiagonal},
                                           Planted{"Cubed", 10000, 64, cubed, LearnMethod::kAligned},
                                           Planted{"Sparse", 10000, 64, sparse, LearnMethod::kAligned},
                                           Planted{"RawRelu", 20000, 64, rectified, LearnMethod::kAligned, false}),
                         case_name);

}  // namespace
}  // namespace srm
