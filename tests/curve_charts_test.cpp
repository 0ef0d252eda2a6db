// Holistic curves as charts for the terminal.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/curve_braille.h"
#include "result_parts.h"
#include "srm/report.h"

namespace srm {
namespace {

using report::dotted_chart;
using report::Paint;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::vector<report::ChartLine>& lines) {
  std::string text = "\n";
  for (const report::ChartLine& line : lines) text += line.text + "\n";
  return text;
}

// Sources are ASCII: a Braille character becomes its dots as a number, rows of two from the top.
std::string spelled(const std::string& text) {
  std::string plain;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (static_cast<unsigned char>(text[k]) != 0xE2 || static_cast<unsigned char>(text[k + 1]) < 0xA0 ||
        static_cast<unsigned char>(text[k + 1]) > 0xA3) {
      plain += text[k];
      continue;
    }
    const unsigned dots =
        (static_cast<unsigned char>(text[k + 1]) & 3U) << 6 | (static_cast<unsigned char>(text[k + 2]) & 63U);
    plain += "[";
    for (const unsigned bits : {0x09U, 0x12U, 0x24U, 0xC0U}) {
      const unsigned row = dots & bits;
      plain += row == 0 ? '.' : row == bits ? '=' : (row & 0x47U) != 0 ? '<' : '>';
    }
    plain += "]";
    k += 2;
  }
  return plain;
}

Resonance four_angles() { return Resonance(test::small_parts()); }

TEST(DottedChart, PutsADotWhereTheValueIs) {
  // One column of dots after the other: at the top, one third down, two thirds down, at the bottom.
  EXPECT_EQ(spelled(text_of(dotted_chart({{3, 2, 1, 0}}, 3, 1, 2, true, Paint{}))), "\n[<>..][..<>]\n");
  EXPECT_EQ(spelled(text_of(dotted_chart({{0, 0}}, 1, 2, 1, true, Paint{}))), "\n\n[...=]\n");
  EXPECT_EQ(text_of(dotted_chart({{3, 2, 1, 0}}, 3, 2, 2, false, Paint{})), "\n*\n *\n");
}

TEST(DottedChart, JoinsDotsThatAreFarApart) {
  EXPECT_EQ(spelled(text_of(dotted_chart({{1, 0}}, 1, 2, 1, true, Paint{}))), "\n[<>>>]\n[>>>>]\n");
  EXPECT_EQ(spelled(text_of(dotted_chart({{0, 1}}, 1, 2, 1, true, Paint{}))), "\n[>>>>]\n[>>><]\n");
}

TEST(DottedChart, HasAColourOrAMarkACurve) {
  const std::vector<std::vector<double>> curves = {{1, 1, 1, 1}, {0, 0, 0, 0}};
  EXPECT_EQ(text_of(dotted_chart(curves, 1, 2, 2, false, Paint{})), "\n**\noo\n");
  const std::string coloured = text_of(dotted_chart(curves, 1, 2, 2, true, Paint{true}));
  EXPECT_THAT(coloured, AllOf(HasSubstr("\x1b[36m"), HasSubstr("\x1b[33m")));
  EXPECT_EQ(dotted_chart(curves, 1, 2, 2, true, Paint{true})[0].num_columns, 2);
  EXPECT_THAT(text_of(dotted_chart(curves, 1, 2, 2, true, Paint{})), Not(HasSubstr("\x1b")));
}

TEST(CurvesChart, NamesEachCurveAndTheQuarters) {
  EXPECT_EQ(fmt::format("\n{}", curves_chart(four_angles(), {40, false, false})), R"(
encoder.0: 5 samples, 1 plane
* epsilon 0.9: peak 40% at 0 degrees, mean 15%; evenly spread rows 14.4%
o epsilon 0.5: peak 60% at 0 degrees, mean 30%; evenly spread rows 33.3%
60% |ooo                  ooo 0.5
    |
    |
    |***oooooo            *** 0.9
    |
    |
    |   ******oooooo
    |
    |
    |         ******oooooo
 0% +------------------------
     0     90    180   270
     +b_i  +b_j  -b_i  -b_j
)");
}

TEST(CurvesChart, SaysWhyThereIsNone) {
  ResonanceParts parts = test::small_parts();
  parts.counts = parts.holistic_counts = {0, 0, 0, 0, 3, 2, 1, 0};
  EXPECT_THAT(curves_chart(Resonance(parts), {}), HasSubstr("epsilon 0.9: no sample inside, lower --epsilon\n"));
  parts.counts = parts.holistic_counts = std::vector<std::int64_t>(8);
  EXPECT_THAT(curves_chart(Resonance(parts), {}), Not(HasSubstr("+b_i")));
  parts.scores = {};
  parts.scores.cosine_sum = parts.scores.num_hits = parts.plane_hits = {0, 0};
  parts.num_samples_seen = parts.num_samples_zero_norm = parts.num_samples_nonfinite = 0;
  parts.address = "a\x1b[2J";
  EXPECT_THAT(curves_chart(Resonance(parts), {}), AllOf(HasSubstr("no samples were seen"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace srm
