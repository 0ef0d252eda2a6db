#include "srm/rolling_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "brute_force.h"
#include "srm/accumulator.h"
#include "srm/error.h"
#include "srm/statistics.h"

namespace srm {
namespace {

constexpr std::int64_t kDim = 6;

// A stream, and what any stretch of it counts on its own.
class Stream {
 public:
  Stream() {
    for (const double number : test::gaussian(4000 * kDim, 3)) rows_.push_back(static_cast<float>(number));
    // The second half sits on the axes: a window must tell them apart.
    for (std::int64_t k = 2000; k < 4000; ++k) {
      float* row = rows_.data() + k * kDim;
      for (std::int64_t i = 0; i < kDim; ++i) row[i] = i == k % kDim ? 1.0F : 0.01F * row[i];
    }
  }

  Resonance counted(std::int64_t begin, std::int64_t end) const {
    MemoryBudget budget;
    AccumulatorOptions options;
    options.epsilon = {0.8, 0.5};
    options.grid = AngleGrid(36);
    options.is_signed = true;
    Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(kDim)), options, budget);
    accumulator.update(rows_.data() + begin * kDim, end - begin, kDim, kDim);
    return accumulator.holistic();
  }

 private:
  std::vector<float> rows_;
};

TEST(RollingWindow, WordsGoThereAndBack) {
  for (const char* text : {"cumulative", "last:1", "half-life:50000"}) EXPECT_EQ(to_string(to_look_window(text)), text);
  for (const char* text :
       {"", "last", "last:", "last:0", "last:-3", "last:5x", "half-life:1e3", "median:4", "cumulative:3"}) {
    EXPECT_THROW(to_look_window(text), Error) << text;
  }
}

TEST(RollingWindow, CumulativeIsWhatCame) {
  const Stream stream;
  RollingWindow window({});
  const WindowView view = window.look(stream.counted(0, 700));
  EXPECT_EQ(view.row_weight, 1);
  EXPECT_EQ(view.resonance.parts().holistic_counts, stream.counted(0, 700).parts().holistic_counts);
}

TEST(RollingWindow, LastIsExactlyTheRowsSinceAnEarlierLook) {
  const Stream stream;
  RollingWindow window({LookWindow::Kind::kLast, 1000});
  EXPECT_EQ(window.look(stream.counted(0, 500)).resonance.num_samples_seen(), 500);  // not full yet
  for (std::int64_t end = 600; end <= 3900; end += 100) window.look(stream.counted(0, end));
  const WindowView view = window.look(stream.counted(0, 4000));
  const Resonance expected = stream.counted(3000, 4000);
  ResonanceParts parts = view.resonance.parts();
  EXPECT_EQ(parts.num_calls, 0);  // none was counted by the stream
  EXPECT_EQ(parts.num_samples_seen, 1000);
  EXPECT_EQ(parts.holistic_counts, expected.parts().holistic_counts);
  EXPECT_EQ(parts.holistic_signed_counts, expected.parts().holistic_signed_counts);
  EXPECT_EQ(parts.scores, expected.parts().scores);
  EXPECT_EQ(quartic_alignment_error(view.resonance), quartic_alignment_error(expected));
}

TEST(RollingWindow, LastKeepsFewLooks) {
  const Stream stream;
  RollingWindow window({LookWindow::Kind::kLast, 320});
  Resonance view = window.look(stream.counted(0, 1)).resonance;
  for (std::int64_t end = 2; end <= 1500; ++end) {
    view = window.look(stream.counted(0, end)).resonance;
    // No shorter than it should be, and by less than one kept look longer.
    if (end < 340) continue;
    ASSERT_THAT(view.num_samples_seen(), testing::AllOf(testing::Ge(320), testing::Lt(320 + 12)));
  }
}

TEST(RollingWindow, HalfLifeWeighsRowsByAge) {
  const Stream stream;
  const std::int64_t half = 500;
  RollingWindow window({LookWindow::Kind::kHalfLife, half});
  std::vector<std::int64_t> ends;
  for (std::int64_t end = 100; end <= 4000; end += 100) ends.push_back(end);
  WindowView view = window.look(stream.counted(0, ends.front()));
  for (std::size_t k = 1; k < ends.size(); ++k) view = window.look(stream.counted(0, ends[k]));
  // By hand: what came up to each look, with the weight of the look.
  std::int64_t count = 0, seen = 0, quartic = 0, begin = 0;
  for (const std::int64_t end : ends) {
    const auto weight = std::llround(1024 * std::exp2(-static_cast<double>(4000 - end) / static_cast<double>(half)));
    const Resonance stretch = stream.counted(begin, end);
    count += weight * stretch.holistic_counts(1)[0];
    seen += weight * stretch.num_samples_seen();
    quartic += weight * stretch.parts().scores.quartic_sum;
    begin = end;
  }
  EXPECT_EQ(view.row_weight, 1024);
  EXPECT_EQ(view.resonance.holistic_counts(1)[0], count);
  EXPECT_EQ(view.resonance.num_samples_seen(), seen);
  EXPECT_EQ(view.resonance.parts().scores.quartic_sum, quartic);
  // Four half-lives after the rows changed, a sixteenth of the weight is left of the first half.
  EXPECT_GT(quartic_alignment(view.resonance), 0.9);
  EXPECT_LT(quartic_alignment(stream.counted(0, 4000)), 0.6);
}

TEST(RollingWindow, HalfLifeForgetsWhatWeighsNothing) {
  const Stream stream;
  RollingWindow window({LookWindow::Kind::kHalfLife, 100});
  for (std::int64_t end = 50; end <= 4000; end += 50) window.look(stream.counted(0, end));
  // Rows before 2900 weigh less than a two-thousandth: none of the first half is left.
  const WindowView view = window.look(stream.counted(0, 4000));
  EXPECT_GT(quartic_alignment(view.resonance), 0.99);
  EXPECT_LT(static_cast<double>(view.resonance.num_samples_seen()) / view.row_weight, 200);
}

TEST(RollingWindow, ErrorsAreThoseOfTheWeights) {
  const Stream stream;
  // Rows that all weigh the same have the error of the plain count.
  RollingWindow window({LookWindow::Kind::kHalfLife, 1000000});
  const WindowView view = window.look(stream.counted(0, 1000));
  EXPECT_NEAR(quartic_alignment_error(view.resonance), quartic_alignment_error(stream.counted(0, 1000)), 1e-12);
}

TEST(RollingWindow, AResetBeginsAnew) {
  const Stream stream;
  for (const auto kind : {LookWindow::Kind::kLast, LookWindow::Kind::kHalfLife}) {
    RollingWindow window({kind, 1000});
    window.look(stream.counted(0, 2000));
    const WindowView view = window.look(stream.counted(0, 300));
    EXPECT_EQ(static_cast<double>(view.resonance.num_samples_seen()) / view.row_weight, 300);
  }
}

TEST(RollingWindow, OtherSettingsAreRefused) {
  const Stream stream;
  RollingWindow window({LookWindow::Kind::kLast, 10});
  window.look(stream.counted(0, 100));
  MemoryBudget budget;
  AccumulatorOptions options;
  Accumulator other(std::make_shared<const Basis>(Basis::standard(kDim)), options, budget);
  const std::vector<float> rows(200 * kDim, 1.0F);
  other.update(rows.data(), 200, kDim, kDim);
  EXPECT_THROW(window.look(other.holistic()), Error);
}

}  // namespace
}  // namespace srm
