#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "activation_basis/experiment.h"
#include "activation_basis/report.h"
#include "scratch_folder.h"

namespace srm::activation_basis {
namespace {

// The experiment as it stands: every network, five seeds, 600 epochs.
TEST(ActivationBasisLongTest, EveryExpectationHoldsWithFiveSeeds) {
  const ScratchFolder folder;
  ExperimentOptions options;
  options.num_threads = 2;
  const Findings findings = findings_of(run_experiment(options, folder.path()));
  EXPECT_EQ(findings.cases.size(), 40U);
  for (const Expectation& one : findings.expectations) {
    EXPECT_TRUE(one.holds || one.is_figure)
        << one.network << ", " << one.claim << ": " << one.expected << "; measured " << one.measured;
  }
  EXPECT_THAT(findings.conclusion, ::testing::HasSubstr("here the function is what privileges the basis"));
}

}  // namespace
}  // namespace srm::activation_basis
