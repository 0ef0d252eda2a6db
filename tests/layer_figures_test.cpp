// What figures are drawn from, and where their lines and colours go.
#include "figures/layer_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "drawn_figures.h"
#include "figures/axes.h"
#include "figures/layer_curves.h"
#include "figures/strip_figure.h"
#include "findings_examples.h"
#include "result_parts.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using figures::Figure;
using test::at;
using test::decoded;
using test::first_line_of;
using test::layer_of;
using test::Picture;
using test::with_planes;
using testing::AllOf;
using testing::Contains;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Pointwise;

// The line of a curve goes where its numbers say: 60, 20, 40, 0 and again 60 percent at 0, 90, 180, 270, 360 degrees.
// Cairo keeps places to 1/256 point.
TEST(FiguresTest, TheLineGoesWhereTheNumbersSay) {
  ResonanceParts parts = test::small_parts();
  parts.epsilon = {0.9};
  parts.counts = parts.holistic_counts = {3, 1, 2, 0};
  parts.plane_hits = {3};
  parts.scores.cosine_sum = {0};
  parts.scores.num_hits = {3};
  const Resonance layer(parts);
  const std::vector<figures::Point> line = first_line_of(figures::svg_of(figures::curve_figure(layer)));
  ASSERT_EQ(line.size(), 5U);
  const double percent = (line[3].y - line[0].y) / 60;
  EXPECT_GT(percent, 1);
  const std::vector<double> values = {60, 20, 40, 0, 60};
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(line[k].x, line[0].x + static_cast<double>(k) * (line[4].x - line[0].x) / 4, 5e-3);
    EXPECT_NEAR(line[k].y, line[3].y - values[k] * percent, 5e-3);
  }
  // Around the circle: 0 degrees on the right, 90 above. The one at 270 is the middle, on a straight way, where Cairo
  // joins two lines to one.
  const std::vector<figures::Point> polar = first_line_of(figures::svg_of(figures::polar_figure(layer)));
  ASSERT_EQ(polar.size(), 4U);
  const figures::Point middle{polar[1].x, polar[0].y};
  const double length = (polar[0].x - middle.x) / 60;
  EXPECT_GT(length, 1);
  EXPECT_NEAR(polar[1].y, middle.y - 20 * length, 5e-3);
  EXPECT_NEAR(polar[2].x, middle.x - 40 * length, 5e-3);
  EXPECT_NEAR(polar[2].y, middle.y, 5e-3);
  EXPECT_NEAR(polar[3].x, polar[0].x, 5e-3);
}

TEST(FiguresTest, CurvesAreInPercentWithTheirSpreadAndLine) {
  const Resonance layer = layer_of("a", 4, at({0.5, 0.2}, AngleGrid(9, GridEnds::kInclusive)));
  const std::vector<figures::DrawnCurve> curves = figures::holistic_curves(layer);
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_THAT(curves[1].degrees, ElementsAre(0, 45, 90, 135, 180, 225, 270, 315, 360));
  const std::vector<double> mean = layer.holistic_mean(1), deviation = layer.holistic_std(1);
  for (std::size_t k = 0; k < 9; ++k) {
    EXPECT_DOUBLE_EQ(curves[1].mean[k], 100 * mean[k]);
    EXPECT_DOUBLE_EQ(curves[1].deviation[k], 100 * deviation[k]);
  }
  EXPECT_DOUBLE_EQ(curves[1].isotropic.value(), 100 * isotropic_rate(4, 0.2));
  EXPECT_THAT(figures::holistic_curves(layer_of("a", 4, with_planes(PlaneChoice::Kind::kNone)))[0].deviation,
              IsEmpty());
  ResonanceParts kept = layer.parts();
  kept.basis_lengths = VectorLengths::kKept;
  kept.basis = Basis::standard(4).vectors();
  EXPECT_FALSE(figures::holistic_curves(Resonance(kept))[0].isotropic.has_value());
  // More angles than can be seen are not drawn.
  EXPECT_LE(figures::holistic_curves(layer_of("a", 2, at({0.5}, AngleGrid(5000))))[0].mean.size(), 721U);
}

TEST(FiguresTest, QuartersAreNamedByTheSenseAndTheBasis) {
  EXPECT_THAT(figures::quarter_names(layer_of("a", 2)), ElementsAre("+b_i", "+b_j", "\u2212b_i", "\u2212b_j", "+b_i"));
  AccumulatorOptions reference = at({0.5});
  reference.sense = Sense::kReference;
  EXPECT_THAT(figures::quarter_names(layer_of("a", 2, reference)),
              ElementsAre("+b_i", "\u2212b_j", "\u2212b_i", "+b_j", "+b_i"));
  const Basis skew = Basis::from_vectors("skew", 2, 2, std::vector<double>{1, 0, 0.6, 0.8});
  const Resonance skewed = test::accumulate(test::gaussian(40, 3), skew, at({0.5}));
  EXPECT_THAT(figures::quarter_names(skewed), ElementsAre("+b_i", "+e_2", "\u2212b_i", "\u2212e_2", "+b_i"));
}

TEST(FiguresTest, PlanesAreCellsOfBothOrders) {
  const Resonance layer = layer_of("a", 4);
  const auto cells = figures::plane_cells(layer, nullptr);
  ASSERT_TRUE(cells.has_value());
  EXPECT_FALSE(cells->is_c4);
  EXPECT_THAT(cells->vectors, ElementsAre(0, 1, 2, 3));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(std::isnan(cells->values[i * 4 + i]));
    for (std::size_t j = i + 1; j < 4; ++j) {
      const auto plane =
          static_cast<std::size_t>(layer.plane_index(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)));
      EXPECT_DOUBLE_EQ(cells->values[i * 4 + j], static_cast<double>(layer.parts().plane_hits[plane]) / 40);
      EXPECT_EQ(cells->values[j * 4 + i], cells->values[i * 4 + j]);
    }
  }
  EXPECT_EQ(figures::plane_cells(layer_of("a", 4, with_planes(PlaneChoice::Kind::kRandom, 2)), nullptr), std::nullopt);
  // Of many vectors those with most rows: 70 with a row on each axis, but none on 3 and 5, two of it on 69.
  std::vector<double> rows;
  for (std::size_t vector = 0; vector < 70; ++vector) {
    for (int copies = vector < 6 ? 0 : vector == 69 ? 2 : 1; copies > 0; --copies) {
      rows.resize(rows.size() + 70);
      rows[rows.size() - 70 + vector] = 1;
    }
  }
  const auto strongest = figures::plane_cells(test::accumulate(rows, Basis::standard(70), at({0.9})), nullptr);
  ASSERT_EQ(strongest->vectors.size(), 64U);
  EXPECT_EQ(strongest->vectors.front(), 6);
  EXPECT_EQ(strongest->vectors.back(), 69);
}

TEST(FiguresTest, TestedPlanesAreShownByTheirC4) {
  LayerTests tests = test::layer_tests(0.2);
  PlaneMap map;
  map.vectors = {1, 4, 9};
  map.c4 = {0.5F, -0.25F, std::numeric_limits<float>::quiet_NaN()};
  tests.planes->map = map;
  const auto cells = figures::plane_cells(layer_of("a", 16), &tests);
  EXPECT_TRUE(cells->is_c4);
  EXPECT_EQ(cells->values[1], 0.5);
  EXPECT_EQ(cells->values[6], -0.25);
  EXPECT_TRUE(std::isnan(cells->values[5]));
  const Picture picture = decoded(figures::png_of(figures::plane_map_figure(layer_of("a", 16), *cells)));
  EXPECT_EQ(picture.width, 980U);
  const auto is_shown = [&](figures::Colour colour) {
    for (double y = 130; y < 780; y += 20) {
      for (double x = 200; x < 830; x += 20) {
        const auto [red, green, blue] = picture.at(x, y);
        const double distance = std::abs(red - 255 * colour.red) + std::abs(green - 255 * colour.green) +
                                std::abs(blue - 255 * colour.blue);
        if (distance < 4) return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(is_shown(figures::diverging_colour(-1)));
  EXPECT_TRUE(is_shown(figures::diverging_colour(0.5)));
  EXPECT_TRUE(is_shown(figures::kBlank));
  EXPECT_FALSE(is_shown(figures::diverging_colour(1)));
}

TEST(FiguresTest, StripsShowCurvesBesideTheirMean) {
  Results results;
  results.layers = {layer_of("encoder.0", 4, at({0.5, 0.2})), layer_of("encoder.0", 4, at({0.5, 0.2}), "<b>three</b>"),
                    layer_of("b", 3), layer_of("one", 1), layer_of("wide", 5, with_planes(PlaneChoice::Kind::kNone))};
  results.findings.push_back({"encoder.0", test::layer_tests(0.2)});
  const std::vector<figures::StripRow> rows = figures::layer_rows(results);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].name, "encoder.0");
  EXPECT_THAT(rows[0].score, testing::EndsWith("*"));  // p = 0.01
  EXPECT_THAT(rows[1].score, Not(testing::EndsWith("*")));
  EXPECT_THAT(rows[2].log2_ratios, IsEmpty());
  const std::vector<double> mean = results.layers[0].holistic_mean(0);
  const double average = std::accumulate(mean.begin(), mean.end(), 0.0) / 360;
  ASSERT_EQ(rows[0].log2_ratios.size(), 360U);
  EXPECT_DOUBLE_EQ(rows[0].log2_ratios[89], std::log2(mean[90] / average));
  EXPECT_EQ(figures::group_rows(results, "encoder.0").at(0).name, "<b>three</b>");
  EXPECT_THAT(figures::group_rows(results, "wide"), IsEmpty());
  // A dip to zero is no reason to give all colours to it.
  figures::StripRow row;
  row.log2_ratios = {-std::numeric_limits<double>::infinity(), -3, 0.3, 0.5};
  EXPECT_DOUBLE_EQ(figures::colour_limit({row}), std::log2(1.5));
  EXPECT_DOUBLE_EQ(figures::colour_limit({}), std::log2(1.1));
  // Many layers: the figure grows, and each row keeps its height.
  const std::vector<figures::StripRow> many(110, rows[0]);
  const Picture picture = decoded(figures::png_of(figures::strip_figure("Layers", results.layers[0], many)));
  EXPECT_GT(picture.height, 4U * 110 * 9);
}

TEST(FigureAxesTest, TicksAreRoundNumbers) {
  EXPECT_THAT(figures::nice_ticks(0, 10, 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(figures::nice_ticks(-0.11, 0.028, 6),
              Pointwise(DoubleNear(1e-12), std::vector<double>{-0.1, -0.075, -0.05, -0.025, 0, 0.025}));
  EXPECT_THAT(figures::nice_ticks(1, 1, 6), IsEmpty());
  EXPECT_THAT(figures::nice_ticks(0, std::numeric_limits<double>::infinity(), 6), IsEmpty());
  EXPECT_THAT(figures::tick_texts({-0.05, -0.025, 0}), ElementsAre("\u22120.050", "\u22120.025", "0.000"));
  EXPECT_THAT(figures::tick_texts({0, 200, 400}), ElementsAre("0", "200", "400"));
  EXPECT_THAT(figures::tick_texts({0, 2e-7}), ElementsAre("0", "2e-07"));
  const figures::Axis axis = figures::value_axis(3, 3, 100, 0, 5);
  EXPECT_LT(axis.scale.low, 3);
  EXPECT_GT(axis.scale.high, 3);
  EXPECT_DOUBLE_EQ((figures::Scale{0, 4, 100, 20}(1)), 80);
  EXPECT_EQ(figures::shown_score(-0.0004), "0.000");
  EXPECT_EQ(figures::shown_score(-0.0979), "\u22120.098");
  EXPECT_EQ(figures::shown_score(std::nan("")), "-");
}

TEST(FigurePaletteTest, ColoursGrowLighterAndMeetInTheMiddle) {
  const auto light = [](figures::Colour c) { return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue; };
  for (int k = 1; k <= 20; ++k)
    EXPECT_GT(light(figures::sequential_colour(k / 20.0)), light(figures::sequential_colour((k - 1) / 20.0)));
  EXPECT_EQ(figures::sequential_colour(7), figures::sequential_colour(1));
  EXPECT_GT(figures::diverging_colour(-0.6).blue, figures::diverging_colour(-0.6).red);
  EXPECT_GT(figures::diverging_colour(0.6).red, figures::diverging_colour(0.6).blue);
  EXPECT_GT(light(figures::diverging_colour(0)), 0.95);
}

TEST(FigureTest, APointIsFourPixelsAndSoIsAPlace) {
  Figure figure;
  figure.width = 30;
  figure.height = 20;
  figure.draw = [](figures::Pen& pen) { pen.fill(figures::Box{10, 5, 2, 2}, {1, 0, 0}); };
  const Picture picture = decoded(figures::png_of(figure));
  EXPECT_EQ(picture.width, 120U);
  EXPECT_EQ(picture.height, 80U);
  EXPECT_EQ(picture.at(40, 20), (std::array<int, 3>{255, 0, 0}));
  EXPECT_EQ(picture.at(39, 20), (std::array<int, 3>{255, 255, 255}));
  EXPECT_EQ(picture.at(47, 27), (std::array<int, 3>{255, 0, 0}));
  EXPECT_EQ(picture.at(48, 27), (std::array<int, 3>{255, 255, 255}));
}

TEST(FigureTest, LongTextIsCutAtItsStartAndWrapped) {
  Figure figure;
  std::string fitted;
  std::vector<std::string> lines;
  figure.draw = [&](figures::Pen& pen) {
    fitted = pen.fitted("transformer.encoder.layer.11.attention.k\u00e9y", 60);
    EXPECT_LE(pen.text_width(fitted), 60);
    EXPECT_EQ(pen.fitted("short", 60), "short");
    lines = pen.wrapped("one two three four five six", 40);
    EXPECT_LT(pen.symbol_width("b_ij"), pen.text_width("bij"));
  };
  figures::svg_of(figure);
  EXPECT_THAT(fitted, AllOf(testing::StartsWith("\u2026"), testing::EndsWith("k\u00e9y")));
  EXPECT_GT(lines.size(), 2U);
}

}  // namespace
}  // namespace srm
