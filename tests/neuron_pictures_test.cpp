#include "srm/neuron_pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

#include "findings_examples.h"
#include "result_parts.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// At one epsilon: +b_3 with the samples 6 (class 0) and 93 nearest to it, and -b_1 with 3 (class 0) and 96.
Results results_with_neurons() {
  ResonanceParts layer = test::small_parts();
  layer.address = "act";
  NeuronTableParts neurons = test::neuron_table().parts();
  neurons.epsilon = {0.5};
  neurons.counts.resize(32);
  neurons.class_counts.resize(96);
  Results results;
  results.layers = {Resonance(std::move(layer))};
  results.findings = {{"act", {}, NeuronTable(neurons)}};
  return results;
}

// Two lines of three that grow from left to right and down, or of odd samples fall.
Picture small_picture(std::int64_t sample) {
  return {2, 3, sample % 2 == 0 ? std::vector<double>{0, 1, 2, 3, 4, 5} : std::vector<double>{5, 4, 3, 2, 1, 0}};
}

std::string with(const ConsoleOptions& options, const PictureOf& picture_of) {
  return "\n" + neurons_text(results_with_neurons(), options, {}, picture_of);
}

// Of one picture, which all samples have, the lines below the first title.
std::string lines_of(const Picture& picture, const ConsoleOptions& options) {
  const std::string text = with(options, [&](std::int64_t) { return picture; });
  const std::size_t begin = text.find('\n', text.find("    6:0 (0)")) + 1;
  return text.substr(begin, text.find("      -1  ") - begin);
}

// Sources are ASCII: shades become the digits 1 to 4, the upper half of a character ^, the escape character $.
std::string spelled(std::string text) {
  for (const auto& [mark, letter] : {std::pair("\u2591", "1"), std::pair("\u2592", "2"), std::pair("\u2593", "3"),
                                     std::pair("\u2588", "4"), std::pair("\u2580", "^"), std::pair("\x1b", "$")}) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, std::string(mark).size(), letter);
    }
  }
  return text;
}

TEST(NeuronPictures, StandBelowTheirNeuronSideBySide) {
  EXPECT_EQ(with({80, false, false}, small_picture), R"(
act: 2 grandmother neurons at epsilon 0.5 among 32 signed vectors
  neuron  class  count  purity  recall  lift        q  nearest samples
      +3      2     20  100.0%  100.0%  4.50  8.3e-12  6:0 93:0
    6:0 (0)  93:0
      ::==   @@%%**
    **%%@@   ==::
      -1      0     12   91.7%   36.7%  2.75  2.3e-03  3:0 96:7
    3:0 (0)  96:7
    @@%%**     ::==
    ==::     **%%@@
the rule asks for 10 labelled rows, 90% of them of one class, and q <= 0.05
)");
  EXPECT_THAT(spelled(with({80, true, false}, small_picture)), EndsWith(R"(
    3:0 (0)  96:7
    444433     1122
    2211     334444
the rule asks for 10 labelled rows, 90% of them of one class, and q <= 0.05
)"));
}

TEST(NeuronPictures, AreAsManyAsFitAndOneInAnyCase) {
  EXPECT_THAT(with({19, false, false}, small_picture), HasSubstr("\n    3:0 (0)  96:7\n    @@%%**     ::==\n"
                                                                 "    ==::     **%%@@\nthe rule"));
  EXPECT_THAT(with({18, false, false}, small_picture), HasSubstr("\n    3:0 (0)\n    @@%%**\n    ==::\nthe rule"));
  EXPECT_THAT(with({5, false, false}, small_picture), HasSubstr("\n    3:0 (0)\n    @@%%**\n    ==::\nthe\n  rule"));
}

TEST(NeuronPictures, OfOneSampleAreDrawnOnce) {
  Results results = results_with_neurons();
  NeuronTableParts parts = results.findings[0].neurons->parts();
  for (std::size_t k = 1; k < parts.nearest.size(); k += 2) parts.nearest[k].sample = parts.nearest[k - 1].sample;
  results.findings[0].neurons = NeuronTable(parts);
  EXPECT_THAT(neurons_text(results, {80, false, false}, {}, small_picture),
              HasSubstr("  3:0 3:7\n    3:0 (0)\n    @@%%**\n    ==::\nthe rule"));
}

TEST(NeuronPictures, BelongToTheFullestVectorsWhereNothingIsLabelled) {
  Results results = results_with_neurons();
  results.findings[0].neurons = test::unlabelled_table();
  EXPECT_THAT(neurons_text(results, {80, false, false}, {}, small_picture),
              HasSubstr("     -15     40  31:0 68:7\n    31:0 (1)  68:7\n    @@%%**      ::==\n"));
}

// Two values a character where colours tell 24 greys apart; without Unicode there is no half of a character.
TEST(NeuronPictures, HaveTwoValuesACharacterInColour) {
  EXPECT_EQ(spelled(lines_of({2, 3, {0, 1, 2, 3, 4, 5}}, {80, true, true})),
            "    $[38;5;232;48;5;246m^$[38;5;236;48;5;251m^$[38;5;241;48;5;255m^$[0m      "
            "$[38;5;232;48;5;246m^$[38;5;236;48;5;251m^$[38;5;241;48;5;255m^$[0m\n");
  const std::string three_lines = spelled(lines_of({3, 2, {0, 0, 1, 1, 1, 1}}, {80, true, true}));
  EXPECT_THAT(three_lines, HasSubstr("    $[38;5;232;48;5;255m^^$[0m       $"));
  EXPECT_THAT(three_lines, HasSubstr("    $[38;5;255m^^$[0m       $")) << "nothing below the third";
  EXPECT_THAT(lines_of({2, 3, {0, 1, 2, 3, 4, 5}}, {80, false, true}), HasSubstr("      ::==     ::==\n"));
}

TEST(NeuronPictures, ShrinkToMeansOfWhatACharacterCovers) {
  Picture halves{64, 64, {}};
  for (int k = 0; k < 64 * 64; ++k) halves.values.push_back(k % 64 < 32 ? -3 : 7);
  const std::string blank(16, ' '), full(16, '@'), line = "    " + blank + full + "  " + blank + full + "\n";
  std::string expected;
  for (int k = 0; k < 16; ++k) expected += line;
  EXPECT_EQ(lines_of(halves, {80, false, false}), expected);
  const std::string greys = spelled(lines_of(halves, {38, true, true}));
  EXPECT_THAT(greys, ::testing::StartsWith("    $[38;5;232;48;5;232m^^^^^^^^^^^^^^^^$[38;5;255;48;5;255m^^^^^^"));

  // 48 columns of 4 lines become 32 of 1: the border lies in a character that covers half of each side.
  Picture wide{4, 48, {}};
  for (int k = 0; k < 4 * 48; ++k) wide.values.push_back(k % 48 < 3 ? 1 : 0);
  EXPECT_EQ(lines_of(wide, {40, true, false}), "    \u2588\u2588\n");
  const std::vector<double> ramp = {0, 1, 2};
  EXPECT_EQ(lines_of({1, 3, ramp}, {20, false, false}), "      ++@@     ++@@\n");
  std::vector<double> tall(64, 0);
  for (std::size_t k = 0; k < 6; ++k) tall[k] = 4;  // a line of 16 covers four of them
  EXPECT_THAT(lines_of({64, 1, tall}, {20, false, false}), ::testing::StartsWith("    @        @\n    +        +\n"));
}

TEST(NeuronPictures, DrawWhatIsNotFiniteAsTheLowest) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(lines_of({1, 5, {nan, 1, 2, infinity, -infinity}}, {20, false, false}), "        @@\n");
  EXPECT_EQ(lines_of({1, 2, {7, 7}}, {20, false, false}), "\n") << "no value is higher than another";
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(lines_of({1, 3, {-most, 0, most}}, {15, false, false}), "      ++@@\n");
}

TEST(NeuronPictures, ThatAreNoneAreRefused) {
  for (const Picture& picture : {Picture{2, 3, {1, 2}}, Picture{0, 0, {}}, Picture{-1, -1, {1}}}) {
    EXPECT_THAT([&] { lines_of(picture, {}); }, ThrowsMessage<Error>(HasSubstr("height * width values")));
  }
  EXPECT_THAT([] { with({}, [](std::int64_t) -> Picture { throw Error("inputs", "a", "b", "c"); }); },
              ThrowsMessage<Error>(HasSubstr("[inputs] a; got b; c")));
}

}  // namespace
}  // namespace srm
