#include "srm/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "counted_layer.h"
#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::json;
using test::aligned_rows;
using test::diagonal_rows;
using test::layer_of;
using test::Rows;
using test::three_layers;
using ::testing::HasSubstr;
using ::testing::Not;

std::string csv_of(const Results& results) {
  std::ostringstream out;
  write_planes_csv(out, results);
  return out.str();
}

std::string html_of(const Results& results) {
  std::ostringstream out;
  write_report_html(out, results);
  return out.str();
}

// Sources are ASCII: block characters become their height in eighths, the frame | L - and the ellipsis ~.
std::string spelled(std::string text) {
  const std::vector<std::pair<std::string, std::string>> marks = {
      {"\u2581", "1"}, {"\u2582", "2"}, {"\u2583", "3"}, {"\u2584", "4"}, {"\u2585", "5"}, {"\u2586", "6"},
      {"\u2587", "7"}, {"\u2588", "8"}, {"\u2502", "|"}, {"\u2514", "L"}, {"\u2500", "-"}, {"\u2026", "~"}};
  for (const auto& [mark, letter] : marks) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), letter);
    }
  }
  return "\n" + text;
}

TEST(PlanesCsv, HasALineAPlaneAndEpsilon) {
  EXPECT_EQ(csv_of(three_layers()),
            R"(layer,i,j,epsilon,hits,peak_angle_deg,peak,mean,group
encoder.act,0,1,0.9,100,0,0.46875,0.09765625,
encoder.act,0,1,0.5,100,45,0.78125,0.29296875,
encoder.act,0,2,0.9,80,0,0.46875,0.078125,
encoder.act,0,2,0.5,80,315,0.625,0.234375,
encoder.act,1,2,0.9,60,0,0.3125,0.05859375,
encoder.act,1,2,0.5,60,315,0.46875,0.17578125,
"diagonal, ""so called""",0,1,0.9,0,0,0,0,
"diagonal, ""so called""",0,1,0.5,50,0,1,0.375,
"diagonal, ""so called""",0,2,0.9,0,0,0,0,
"diagonal, ""so called""",0,2,0.5,50,0,1,0.375,
"diagonal, ""so called""",1,2,0.9,0,0,0,0,
"diagonal, ""so called""",1,2,0.5,50,0,1,0.375,
never,0,1,0.9,0,0,0,0,
never,0,1,0.5,0,0,0,0,
)");
}

// The last angle of an inclusive grid repeats the first: counted twice it would pull the mean up.
TEST(PlanesCsv, LeavesTheRepeatedAngleOutOfTheMean) {
  Results results;
  results.layers.push_back(layer_of("a", 2, Rows(4, {1, 0}), {0.9}, AngleGrid(5, GridEnds::kInclusive)));
  EXPECT_EQ(csv_of(results), "layer,i,j,epsilon,hits,peak_angle_deg,peak,mean,group\na,0,1,0.9,4,0,1,0.25,\n");
}

TEST(PlanesCsv, QuotesLineBreaksAndNothingElse) {
  Results results;
  for (const char* name : {"a\nb", "a b;c'", "\"", "tab\tbed"}) results.layers.push_back(layer_of(name, 2, {}, {1.0}));
  const std::string csv = csv_of(results);
  EXPECT_THAT(csv, HasSubstr("\n\"a\nb\",0,1,1,"));
  EXPECT_THAT(csv, HasSubstr("\na b;c',0,1,1,"));
  EXPECT_THAT(csv, HasSubstr("\n\"\"\"\",0,1,1,"));
  EXPECT_THAT(csv, HasSubstr("\ntab\tbed,0,1,1,"));
}

TEST(LayersJson, HasTheFileKeysWithoutArraysAndTheScores) {
  EXPECT_EQ(layers_json(three_layers())[0].dump(1),
            R"({
 "address": "encoder.act",
 "group": "",
 "dim": 3,
 "num_vectors": 3,
 "basis_name": "standard",
 "basis_lengths": "normalised",
 "pairs": "combination",
 "num_planes": 3,
 "plane_choice": "all",
 "plane_seed": 0,
 "num_planes_summed": 3,
 "num_planes_left_out": 0,
 "epsilon": [
  0.9,
  0.5
 ],
 "num_angles": 8,
 "grid": "exclusive",
 "sense": "natural",
 "signed": false,
 "centred": false,
 "num_samples_seen": 128,
 "num_samples_zero_norm": 2,
 "num_samples_nonfinite": 6,
 "num_samples_skipped": 0,
 "num_calls": 1,
 "scores": {
  "rows": 120,
  "quartic_sum": 128849018880,
  "quartic_scale": 1073741824,
  "cosine_sum": [
   251658240,
   251658240
  ],
  "cosine_scale": 1048576,
  "hits": [
   240,
   240
  ],
  "num_blocks": 0
 },
 "a4": 1.0,
 "a4_error": null,
 "c4": [
  1.0,
  1.0
 ],
 "s4": [
  1.0,
  -0.3333333333333333
 ],
 "partial": false
})");
}

TEST(LayersJson, SaysNullForUndefinedScoresAndMarksAPartialResult) {
  Results results = three_layers();
  results.partial = true;
  const json list = json::parse(layers_json(results).dump());
  ASSERT_EQ(list.size(), 3u);
  EXPECT_NEAR(list[1]["a4"], -2.0 / 3, 1e-9);
  EXPECT_TRUE(list[1]["c4"][0].is_null());
  EXPECT_TRUE(list[2]["a4"].is_null());
  EXPECT_EQ(list[2]["partial"], true);
}

TEST(LayersJson, ReplacesWhatIsNotUtf8) {
  Results results;
  results.layers.push_back(layer_of("caf\xe9", 2, {}));
  EXPECT_EQ(json::parse(layers_json(results).dump())[0]["address"], "caf\xef\xbf\xbd");
}

TEST(LayersTable, DrawsARowALayerAndEpsilon) {
  EXPECT_EQ(spelled(layers_table(three_layers(), {100, true, false})), R"(
layer                  n  planes  samples      A4  eps      C4    peak  0      90     180    270
encoder.act            3       3      128   1.000  0.9   1.000   41.7%  88    222           222    8
                                                   0.5   1.000   52.1%  6688882222222   222222288886
diagonal, "so called"  3       3       50  -0.667  0.9       -   0.00%  none inside
                                                   0.5  -1.000  100.0%  888888888                  8
never                  2       1        0       -  0.9       -   0.00%  no samples
                                                   0.5       -   0.00%  no samples
encoder.act: 2 zero rows, 6 rows with NaN or infinity
C4 is left out (-) below 100 hits, where it says nothing
1 layer: no sample inside at epsilon 0.9: lower --epsilon
)");
}

TEST(LayersTable, GivesUpNamesThenColumnsThenTheCurveInANarrowTerminal) {
  EXPECT_EQ("\n" + layers_table(three_layers(), {60, false, false}), R"(
layer                  n  samples      A4  eps      C4
encoder.act            3      128   1.000  0.9   1.000
                                           0.5   1.000
diagonal, "so called"  3       50  -0.667  0.9       -
                                           0.5  -1.000
never                  2        0       -  0.9       -
                                           0.5       -
encoder.act: 2 zero rows, 6 rows with NaN or infinity
C4 is left out (-) below 100 hits, where it says nothing
1 layer: no sample inside at epsilon 0.9: lower --epsilon
)");
  EXPECT_EQ("\n" + layers_table(three_layers(), {20, false, false}), R"(
layer         n  samples      A4  eps      C4
encoder.act   3      128   1.000  0.9   1.000
                                  0.5   1.000
diago..lled"  3       50  -0.667  0.9       -
                                  0.5  -1.000
never         2        0       -  0.9       -
                                  0.5       -
encoder.act: 2 zero
  rows, 6 rows with
  NaN or infinity
C4 is left out (-) below 100 hits, where it says nothing
1 layer: no sample inside at epsilon 0.9: lower --epsilon
)");
}

TEST(LayersTable, MarksAPartialResultAndAnEmptyOne) {
  Results results;
  results.partial = true;
  EXPECT_EQ(layers_table(results, {}),
            "PARTIAL: the run was stopped early; this is what was seen until then\nno layers\n");
}

TEST(LayersTable, ShowsNamesThatControlATerminalAsText) {
  Results results;
  results.layers.push_back(layer_of("a\x1b[31m\nb\xc3\xa4\xff\xe2\x80\xae", 2, {}));
  EXPECT_THAT(layers_table(results, {100, true, false}),
              HasSubstr("\na\\x1b[31m\\x0ab\xc3\xa4\\xff\\xe2\\x80\\xae  2 "));
  EXPECT_THAT(layers_table(results, {120, false, false}),
              HasSubstr("\na\\x1b[31m\\x0ab\\xc3\\xa4\\xff\\xe2\\x80\\xae  2 "));
  EXPECT_THAT(layers_table(results, {100, true, false}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(layers_table(results, {100, true, true}), HasSubstr("\x1b[1mlayer"));
}

// The same curve at all four axes has to look the same at all four quarters, whatever the number of angles.
TEST(LayersTable, DrawsAFourfoldCurveFourfold) {
  const Rows axes = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
  for (const std::int64_t num_angles : {4, 8, 100, 360}) {
    Results results;
    results.layers.push_back(layer_of("layer", 2, axes, {0.95}, AngleGrid(num_angles)));
    const std::string table = layers_table(results, {60, false, false});
    const std::size_t line = table.find('\n') + 1;
    const std::string curve = table.substr(table.find('\n', line) - 24, 24);
    EXPECT_EQ(curve.front(), '@') << table;
    for (std::size_t quarter = 6; quarter < 24; quarter += 6) {
      EXPECT_EQ(curve.substr(quarter, 6), curve.substr(0, 6)) << table;
    }
  }
}

TEST(PlaneChart, DrawsTheCurveWithItsPeakMeanAndHits) {
  Results results = three_layers();
  EXPECT_EQ(spelled(plane_chart(results.layers[0], 0, 1, {40, true, false})), R"(
encoder.act, plane (0, 1), epsilon 0.9
128 samples, 100 hits; peak 46.9% at 0 degrees, mean 9.77%
46.9% |88                            88
      |88                            88
      |88                            88
      |88                            88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
      |88    8888                    88
   0% L--------------------------------
       0       90      180     270
       +b_i    +b_j    -b_i    -b_j
encoder.act, plane (0, 1), epsilon 0.5
128 samples, 100 hits; peak 78.1% at 45 degrees, mean 29.3%
78.1% |  8888
      |  8888
      |  8888
      |  8888
      |228888                    222222
      |888888                    888888
      |888888                    888888
      |88888866666666            888888
      |88888888888888            888888
      |88888888888888            888888
      |88888888888888            888888
      |88888888888888            888888
   0% L--------------------------------
       0       90      180     270
       +b_i    +b_j    -b_i    -b_j
)");
  EXPECT_EQ("\n" + plane_chart(layer_of("a", 2, aligned_rows(), {0.5}), 0, 1, {32, false, false}), R"(
a, plane (0, 1), epsilon 0.5
128 samples, 100 hits; peak 78.1% at 45 degrees, mean 29.3%
78.1% |  ###
      |  ###
      |  ###
      |  ###
      |..###               ....
      |#####               ####
      |#####               ####
      |#####::::::         ####
      |###########         ####
      |###########         ####
      |###########         ####
      |###########         ####
   0% +------------------------
       0     90    180   270
       +b_i  +b_j  -b_i  -b_j
)");
}

TEST(LayersTable, TellsWhichEpsilonSuitsAWideLayer) {
  Results results;
  results.layers.push_back(layer_of("wide", 64, Rows(5, std::vector<double>(64, 1.0)), {0.9}));
  EXPECT_THAT(layers_table(results, {}), HasSubstr("at epsilon 0.9: lower --epsilon, to about 0.29 for n = 64"));
}

TEST(PlaneChart, SaysWhatToDoAboutAFlatLineAndWhichPlanesThereAre) {
  const Results results = three_layers();
  EXPECT_THAT(plane_chart(results.layers[1], 0, 1, {}), HasSubstr("no sample inside at epsilon 0.9: lower --epsilon"));
  EXPECT_THAT(plane_chart(results.layers[2], 0, 1, {}), HasSubstr("no samples were seen"));
  EXPECT_THROW(plane_chart(results.layers[0], 1, 0, {}), Error);
}

// Word for word: other programs read it.
TEST(PrometheusText, HasALineAMetricAndLayer) {
  const Results results{{}, {layer_of("act", 2, {{1, 0}, {1, 1}, {0, 0}}, {0.9})}, false};
  EXPECT_EQ(prometheus_text(results, "mlp").substr(0, 195),
            "# HELP srm_samples_total Activations (rows) of the layer that were seen.\n"
            "# TYPE srm_samples_total counter\n"
            "srm_samples_total{model=\"mlp\",layer=\"act\"} 3\n"
            "# HELP srm_samples_skipped_total Activations");
  const std::string text = prometheus_text(results);
  for (const char* line : {"srm_samples_zero_norm_total{layer=\"act\"} 1\n", "srm_calls_total{layer=\"act\"} 1\n",
                           "srm_quartic_alignment{layer=\"act\"} 0\n", "srm_arc_alignment{layer=\"act\"} NaN\n",
                           "srm_epsilon{layer=\"act\"} 0.9\n", "srm_hits_total{layer=\"act\"} 2\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(prometheus_text({}), Not(HasSubstr("{"))) << "no layer, no line";
}

TEST(PrometheusText, KeepsNamesWithinTheirQuotes) {
  const Results results{{}, {layer_of("a\"b\\c\nd\xff", 2, {{1, 0}})}, false};
  const std::string text = prometheus_text(results, "m\"");
  EXPECT_THAT(text, HasSubstr("srm_calls_total{model=\"m\\\"\",layer=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} 1\n"));
}

TEST(WriteReports, LeavesTheThreeFiles) {
  const ScratchFolder folder;
  const Results results = three_layers();
  write_reports(results, folder.path());
  EXPECT_EQ(folder.num_files(), 3);
  const auto content = [&](const char* name) {
    std::ifstream file(folder / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(content("planes.csv"), csv_of(results));
  EXPECT_EQ(content("layers.json"), layers_json(results).dump(2) + "\n");
  EXPECT_EQ(content("report.html"), html_of(results));
}

TEST(WriteReports, NamesTheFileThatCannotBeWritten) {
  const ScratchFolder folder;
  try {
    write_reports(three_layers(), folder / "missing");
    FAIL() << "wrote into a folder that is not there";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("planes.csv"));
  }
  const FileSizeLimit limit(100000);
  try {
    write_reports(three_layers(), folder.path());
    FAIL() << "wrote five megabytes onto a full disk";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("report.html"));
    EXPECT_EQ(folder.num_files(), 2);
  }
}

}  // namespace
}  // namespace srm
