// What takes minutes: ctest -L long.
#include <gtest/gtest.h>

#include "planted_rows.h"
#include "srm/basis_comparison.h"
#include "srm/basis_learning.h"

namespace srm {
namespace {

void expect_found(const PlantedRows& planted, LearnMethod method) {
  // float32 columns: the rows are above 64 MB.
  const LearnedBasis learned =
      learn_basis(planted.rows, {.method = method, .num_restarts = 1, .compare_halves = false});
  EXPECT_TRUE(learned.converged);
  EXPECT_GE(compare_bases(learned.basis, planted.basis).mean_matched_cosine, 0.99);
}

TEST(WideBasisTest, SaturatedTanhIsFoundFrom160000Rows) {
  expect_found(plant(160'000, 256, saturated), LearnMethod::kDiagonal);
}

TEST(WideBasisTest, SparseIsFoundFrom40000Rows) { expect_found(plant(40'000, 256, sparse), LearnMethod::kAligned); }

}  // namespace
}  // namespace srm
