#include "resonance_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "brute_force.h"
#include "file_bytes.h"
#include "scratch_folder.h"
#include "srm/io.h"
#include "srm/merge.h"

namespace srm {
namespace {

using testing::Contains;
using testing::Key;
using testing::Pair;

AccumulatorOptions all_kinds() {
  AccumulatorOptions options;
  options.epsilon = {0.5, 0.3};
  options.grid = AngleGrid(12);
  options.is_signed = true;
  return options;
}

std::string bytes_of_result(const Resonance& layer) {
  const ScratchFolder folder;
  save({{}, {layer}, false, {}}, folder / "result");
  return bytes_of(folder / "result");
}

// Would catch a sum that a result has and this leaves out: then the bytes are not those of a merge.
TEST(ResonanceSumsTest, NumbersAddedAreAMerge) {
  const Basis basis = Basis::standard(6);
  const Resonance a = test::accumulate(test::gaussian(600, 1), basis, all_kinds());
  const Resonance b = test::accumulate(test::gaussian(3000, 2), basis, all_kinds());
  std::vector<std::int64_t> sums = sums_of(a.parts());
  const std::vector<std::int64_t> others = sums_of(b.parts());
  ASSERT_EQ(sums.size(), others.size());
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += others[k];
  ResonanceParts parts = a.parts();
  put_sums(sums, parts);
  EXPECT_EQ(bytes_of_result(Resonance(std::move(parts))), bytes_of_result(merge(a, b)));
}

TEST(ResonanceSumsTest, SumsOf128BitsCarry) {
  ResonanceParts parts = test::accumulate(test::gaussian(60, 1), Basis::standard(6), all_kinds()).parts();
  parts.scores.blocks.rows_squared = (UInt128{1} << 96) - 1;
  std::vector<std::int64_t> sums = sums_of(parts);
  for (std::int64_t& sum : sums) sum *= 3;
  put_sums(sums, parts);
  EXPECT_TRUE(parts.scores.blocks.rows_squared == 3 * ((UInt128{1} << 96) - 1));
}

TEST(ResonanceSumsTest, SettingsTellWhatWouldNotMerge) {
  const Resonance a = test::accumulate(test::gaussian(60, 1), Basis::standard(6), all_kinds());
  ResonanceParts centred = a.parts();
  centred.centred = true;
  centred.mean = {1, 0, 0, 0, 0, 0};
  const auto before = settings_of(centred);
  centred.mean[5] = 1e-9;
  EXPECT_NE(settings_of(centred), before);
  EXPECT_THAT(before, Contains(Pair("epsilon", "0.5 0.3")));
  EXPECT_THAT(before, Contains(Key("planes")));
}

}  // namespace
}  // namespace srm
