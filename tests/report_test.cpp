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

#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

using Rows = std::vector<std::vector<double>>;

// A result by the method's definition: each row against each direction of each plane of the standard basis.
Resonance layer_of(std::string address, std::int64_t dim, const Rows& rows, std::vector<double> epsilon = {0.9, 0.5},
                   AngleGrid grid = AngleGrid(8)) {
  ResonanceParts parts;
  parts.address = std::move(address);
  parts.dim = parts.num_vectors = dim;
  parts.basis_name = "standard";
  const Basis basis = Basis::standard(dim);
  parts.basis = basis.vectors();
  parts.planes = PlaneSet(basis, Pairs::kCombination).planes();
  parts.num_planes_summed = std::ssize(parts.planes);
  parts.grid = grid;
  parts.num_samples_seen = static_cast<std::int64_t>(rows.size());
  parts.num_calls = rows.empty() ? 0 : 1;
  parts.epsilon = std::move(epsilon);

  Rows directions;
  for (std::vector<double> row : rows) {
    double square = 0;
    for (const double x : row) square += x * x;
    parts.num_samples_zero_norm += square == 0 ? 1 : 0;
    parts.num_samples_nonfinite += std::isfinite(square) ? 0 : 1;
    if (square == 0 || !std::isfinite(square)) continue;
    double quartic = 0;
    for (double& x : row) {
      x /= std::sqrt(square);
      quartic += std::pow(x, 4);
    }
    parts.scores.quartic_sum += std::llround(quartic * static_cast<double>(Scores::kQuarticScale));
    ++parts.scores.num_rows;
    directions.push_back(std::move(row));
  }
  for (const double e : parts.epsilon) {
    std::vector<std::int64_t> holistic(static_cast<std::size_t>(grid.num_angles()));
    double cosines = 0;
    std::int64_t num_hits = 0;
    for (const Plane& plane : parts.planes) {
      std::vector<std::int64_t> counts(holistic.size());
      std::int64_t hits = 0;
      for (const std::vector<double>& x : directions) {
        const double u = x[static_cast<std::size_t>(plane.i)];
        const double v = x[static_cast<std::size_t>(plane.j)];
        for (std::int64_t k = 0; k < grid.num_angles(); ++k) {
          const double cosine = u * std::cos(grid.angle_radians(k)) + v * std::sin(grid.angle_radians(k));
          counts[static_cast<std::size_t>(k)] += cosine >= e - 1e-12 ? 1 : 0;
        }
        if (std::hypot(u, v) < std::max(e - 1e-12, 1e-300)) continue;
        ++hits;
        cosines += std::cos(4 * std::atan2(v, u));
      }
      parts.plane_hits.push_back(hits);
      num_hits += hits;
      for (std::size_t k = 0; k < counts.size(); ++k) holistic[k] += counts[k];
      parts.counts.insert(parts.counts.end(), counts.begin(), counts.end());
    }
    parts.holistic_counts.insert(parts.holistic_counts.end(), holistic.begin(), holistic.end());
    parts.scores.num_hits.push_back(num_hits);
    parts.scores.cosine_sum.push_back(std::llround(cosines * static_cast<double>(Scores::kCosineScale)));
  }
  return Resonance(std::move(parts));
}

// 60 rows on +b_0, 40 on +b_1, 20 on -b_2, and 8 without a direction: 128 rows, so that fractions are short numbers.
Rows aligned_rows() {
  Rows rows(60, {1, 0, 0});
  rows.insert(rows.end(), 40, {0, 2, 0});
  rows.insert(rows.end(), 20, {0, 0, -3});
  rows.insert(rows.end(), 2, {0, 0, 0});
  rows.insert(rows.end(), 6, {1, std::numeric_limits<double>::quiet_NaN(), 0});
  return rows;
}

// No plane holds more than r = sqrt(2/3) of such a row: nothing is inside at 0.9.
Rows diagonal_rows() { return Rows(50, {1, 1, 1}); }

Results three_layers() {
  Results results;
  results.settings = {{"epsilon", "0.9, 0.5"}, {"angles", "8"}};
  results.layers.push_back(layer_of("encoder.act", 3, aligned_rows()));
  results.layers.push_back(layer_of("diagonal, \"so called\"", 3, diagonal_rows()));
  results.layers.push_back(layer_of("never", 2, {}));
  return results;
}

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

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t first = text.find(begin) + begin.size();
  return text.substr(first, text.find(end, first) - first);
}

json page_data(const std::string& html) {
  return json::parse(between(html, R"(<script type="application/json" id="data">)", "</script>"));
}

std::ptrdiff_t num_occurrences(const std::string& text, const std::string& part) {
  std::ptrdiff_t number = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
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

TEST(ReportHtml, HoldsTheCountsOfEveryLayer) {
  const Results results = three_layers();
  const json data = page_data(html_of(results));
  ASSERT_EQ(data["layers"].size(), 3u);
  EXPECT_EQ(data["settings"][0], json::array({"epsilon", "0.9, 0.5"}));
  for (std::size_t l = 0; l < results.layers.size(); ++l) {
    const Resonance& layer = results.layers[l];
    const json& object = data["layers"][l];
    EXPECT_EQ(object["address"], layer.address());
    EXPECT_EQ(object["num_samples_seen"], layer.num_samples_seen());
    EXPECT_EQ(object["is_orthogonal"], true);
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      const json& curves = object["curves"][static_cast<std::size_t>(e)];
      const auto holistic = layer.holistic_counts(e);
      EXPECT_EQ(curves["holistic_counts"], std::vector<std::int64_t>(holistic.begin(), holistic.end()));
      EXPECT_DOUBLE_EQ(curves["isotropic_rate"],
                       isotropic_rate(layer.dim(), layer.parts().epsilon[static_cast<std::size_t>(e)]));
      const std::vector<double> deviation = layer.holistic_std(e);
      for (std::size_t k = 0; k < deviation.size(); ++k) EXPECT_NEAR(curves["holistic_std"][k], deviation[k], 1e-6);
      ASSERT_EQ(static_cast<std::int64_t>(curves["planes"].size()), layer.num_planes());
      for (const json& plane : curves["planes"]) {
        const auto counts = layer.counts(e, layer.plane_index(plane["i"], plane["j"]));
        EXPECT_EQ(plane["counts"], std::vector<std::int64_t>(counts.begin(), counts.end()));
      }
    }
  }
}

TEST(ReportHtml, LoadsNothingFromElsewhere) {
  std::string html = html_of(three_layers());
  EXPECT_EQ(num_occurrences(html, "content=\"default-src 'none'; script-src 'unsafe-inline';"), 1);
  EXPECT_EQ(num_occurrences(html, "{{report"), 0) << "a placeholder of the template was not filled";
  // The chart library names addresses in its texts; what it could load, the policy above forbids.
  const std::size_t library = html.find("* plotly.js v");
  ASSERT_NE(library, std::string::npos);
  html.erase(library, html.find("</script>", library) - library);
  EXPECT_LT(html.size(), 60000u);
  for (const char* load : {"src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest", "https:", "import("}) {
    EXPECT_THAT(html, Not(HasSubstr(load)));
  }
  EXPECT_EQ(num_occurrences(html, "http:"), num_occurrences(html, "http://www.w3.org/2000/svg"));
}

TEST(ReportHtml, KeepsNamesFromBecomingMarkup) {
  const std::string plain = html_of(three_layers());
  Results results = three_layers();
  const std::string name = "<script>alert(1)</script><!-- \xe2\x80\xa8 \xff {{data}} ]]>";
  results.layers.push_back(layer_of(name, 2, {}));
  results.settings.emplace_back(name, name);
  const std::string html = html_of(results);
  EXPECT_EQ(num_occurrences(html, "alert(1)</"), 0);
  for (const char* tag : {"<script", "</script", "<!--"}) {
    EXPECT_EQ(num_occurrences(html, tag), num_occurrences(plain, tag)) << tag;
  }
  const json data = page_data(html);
  EXPECT_EQ(data["layers"][3]["address"], "<script>alert(1)</script><!-- \xe2\x80\xa8 \xef\xbf\xbd {{data}} ]]>");
  EXPECT_EQ(data["settings"][2][0], data["layers"][3]["address"]);
  const std::string text = between(html, R"(id="data">)", "</script>");
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; }));
}

// A wide layer may not make a page that no browser opens: the strongest 64 planes, every s-th of very many angles.
TEST(ReportHtml, ReducesAWideLayerByItsRules) {
  Rows rows;
  for (std::int64_t i = 0; i < 20; ++i) {
    std::vector<double> row(20, 0.0);
    row[static_cast<std::size_t>(i)] = 1;
    rows.insert(rows.end(), i == 7 ? 5 : 1, row);
  }
  Results results;
  results.layers.push_back(layer_of("wide", 20, rows, {0.9}, AngleGrid(1000)));
  const json layer = page_data(html_of(results))["layers"][0];
  EXPECT_EQ(layer["num_planes"], 190);
  EXPECT_EQ(layer["angle_step"], 2);
  const json& planes = layer["curves"][0]["planes"];
  ASSERT_EQ(planes.size(), 64u);
  EXPECT_EQ(planes[0]["counts"].size(), 500u);
  for (std::size_t p = 0; p < 19; ++p) EXPECT_TRUE(planes[p]["i"] == 7 || planes[p]["j"] == 7);
  EXPECT_EQ(layer["curves"][0]["holistic_counts"].size(), 500u);
}

TEST(ReportHtml, DrawsNoIsotropicLineWhereVectorsKeepTheirLengths) {
  ResonanceParts parts = layer_of("kept", 2, Rows(3, {1, 0})).parts();
  parts.basis_lengths = VectorLengths::kKept;
  parts.basis = {2, 0, 1, 1};
  Results results;
  results.layers.emplace_back(std::move(parts));
  const json layer = page_data(html_of(results))["layers"][0];
  EXPECT_TRUE(layer["curves"][0]["isotropic_rate"].is_null());
  EXPECT_EQ(layer["is_orthogonal"], false);
  EXPECT_THAT(plane_chart(results.layers[0], 0, 1, {}), HasSubstr("+e2"));
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
