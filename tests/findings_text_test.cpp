#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "findings_examples.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/isotropic_plane.h"
#include "srm/report.h"
#include "srm/verdict.h"

namespace srm {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

// Without tables of planes; of 100 rows, each a block of its own, half have a sum of fourth powers of 1/4 and half of
// 1/8: A4 is 1/40 and its error 0.0075, or none without blocks.
Resonance layer_of(std::string address, std::string group = {}, bool has_blocks = true) {
  ResonanceParts parts;
  parts.address = std::move(address);
  parts.group = std::move(group);
  parts.dim = parts.num_vectors = 16;
  parts.basis_name = "standard";
  parts.plane_choice = "none";
  parts.num_planes_summed = 120;
  parts.epsilon = {0.5};
  parts.grid = AngleGrid(4);
  parts.holistic_counts = {120, 60, 120, 60};
  parts.num_samples_seen = 100;
  parts.num_calls = 1;
  Scores& scores = parts.scores;
  scores.num_rows = 100;
  scores.quartic_sum = 50 * Scores::kQuarticScale / 4 + 50 * Scores::kQuarticScale / 8;
  scores.cosine_sum = {200 * Scores::kCosineScale};
  scores.num_hits = {400};
  if (has_blocks) {
    scores.direction_sum.assign(16, 0);
    scores.quartic_by_vector.assign(16, 0);
    scores.quartic_by_vector[0] = scores.quartic_sum;
    for (int k = 0; k < 100; ++k) scores.blocks.add_block(1, Scores::kQuarticScale / (k % 2 == 0 ? 4 : 8));
  }
  return Resonance(std::move(parts));
}

Results results_with_findings() {
  Results results;
  results.layers = {layer_of("encoder.act"), layer_of("encoder.act", "3"), layer_of("decoder"),
                    layer_of("plain", "", false)};
  results.findings = {{"encoder.act", test::layer_tests(0.125), test::neuron_table(), test::plane_densities()},
                      {"decoder", test::layer_tests(0.0625), test::unlabelled_table()}};
  return results;
}

// Sources are ASCII: shades become the digits 1 to 4, the frame |, the ellipsis ~.
std::string spelled(std::string text) {
  for (const auto& [mark, letter] : {std::pair("\u2591", "1"), std::pair("\u2592", "2"), std::pair("\u2593", "3"),
                                     std::pair("\u2588", "4"), std::pair("\u2502", "|"), std::pair("\u2026", "~")}) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, std::string(mark).size(), letter);
    }
  }
  return "\n" + text;
}

std::string csv_of(const Results& results) {
  std::ostringstream out;
  write_neurons_csv(out, results);
  return out.str();
}

TEST(LayersTable, HasColumnsForErrorsAndVerdictsWhereThereAreAny) {
  const Results results = results_with_findings();
  EXPECT_EQ("\n" + layers_table(results, {100, false, false}), R"(
layer             n  samples     A4     +-     p  verdict  eps     C4  0      90     180    270
encoder.act      16      100  0.025  0.008  0.01  aligned  0.5  0.500  @@@@=======@@@@@@@=======@@@
encoder.act [3]  16      100  0.025  0.008                 0.5  0.500  @@@@=======@@@@@@@=======@@@
decoder          16      100  0.025  0.008  0.37  none     0.5  0.500  @@@@=======@@@@@@@=======@@@
plain            16      100  0.025                        0.5  0.500  @@@@=======@@@@@@@=======@@@
2 layers tested: 1 aligned, 1 none beyond chance
)");
  Results bare;
  bare.layers = {results.layers[3]};
  EXPECT_EQ("\n" + layers_table(bare, {60, false, false}), R"(
layer   n  samples     A4  eps     C4  0    90   180  270
plain  16      100  0.025  0.5  0.500  @@@=====@@@@@=====@@
)");
}

// First planes, then the peak, the error and p go; the verdict stays.
TEST(LayersTable, KeepsTheVerdictInANarrowTerminal) {
  EXPECT_EQ("\n" + layers_table(results_with_findings(), {60, false, false}), R"(
layer             n  samples     A4  verdict  eps     C4
encoder.act      16      100  0.025  aligned  0.5  0.500
encoder.act [3]  16      100  0.025           0.5  0.500
decoder          16      100  0.025  none     0.5  0.500
plain            16      100  0.025           0.5  0.500
2 layers tested: 1 aligned, 1 none beyond chance
)");
}

// What all addresses begin with goes first, and then what does not tell them apart.
TEST(LayersTable, CutsLongNamesSoThatTheyStayApart) {
  const auto shown = [](const std::vector<std::string>& addresses, const ConsoleOptions& options) {
    Results results;
    for (const std::string& address : addresses) results.layers.push_back(layer_of(address, "", false));
    std::vector<std::string> names;
    std::istringstream table(layers_table(results, options));
    for (std::string line; std::getline(table, line);) names.push_back(line.substr(0, line.find("  ")));
    return std::vector<std::string>(names.begin() + 1, names.end());
  };
  using ::testing::ElementsAre;
  const std::vector<std::string> blocks = {"model.encoder.layers.0.mlp.dense", "model.encoder.layers.0.mlp.gelu",
                                           "model.encoder.layers.11.mlp.dense"};
  EXPECT_THAT(shown(blocks, {120, false, false}), ElementsAre(blocks[0], blocks[1], blocks[2]));
  EXPECT_THAT(shown(blocks, {60, false, false}), ElementsAre("..0.mlp.dense", "..0.mlp.gelu", "..11.mlp.dense"));
  EXPECT_EQ(spelled(shown(blocks, {60, true, false})[2]), "\n~11.mlp.dense");
  const std::vector<std::string> apart = {"embeddings_of_all_tokens_and_places", "encoder_blocks_0_with_a_long_name",
                                          "encoder_blocks_1_with_a_long_name"};
  EXPECT_THAT(shown(apart, {58, false, false}),
              ElementsAre("embeddings_of_al..d_places", "encoder_blocks_0..ong_name", "encoder_blocks_1..ong_name"));
  EXPECT_THAT(shown({std::string(40, 'a') + std::string(40, 'b'), std::string(40, 'a') + std::string(41, 'b')},
                    {40, false, false}),
              ElementsAre("aaaaa..bbbbb", "aaaaa..bbbbb"))
      << "nothing in sight tells them apart";
}

TEST(LayersTable, TellsASmallAlignmentFromNone) {
  const auto line_of = [](std::int64_t quartic_sum) {
    ResonanceParts parts = layer_of("act", "", false).parts();
    parts.scores.quartic_sum = quartic_sum;
    Results results;
    results.layers = {Resonance(std::move(parts))};
    return layers_table(results, {80, false, false});
  };
  // 3 / 18 of the quartic scale for each of 100 rows is A4 = 0 in 16 dimensions.
  const std::int64_t none = 100 * (Scores::kQuarticScale / 6);
  EXPECT_THAT(line_of(none), HasSubstr("100  0.000  0.5"));
  EXPECT_THAT(line_of(none + Scores::kQuarticScale / 128), HasSubstr("100  9e-05  0.5"));
  EXPECT_THAT(line_of(none - Scores::kQuarticScale / 64), HasSubstr("100  -2e-04  0.5"));
}

// One mask leaves the same number of rows out of many layers.
TEST(LayersTable, SaysOnceWhatHoldsForSeveralLayers) {
  Results results;
  for (const std::int64_t num_skipped : {7, 0, 7, 9}) {
    ResonanceParts parts = layer_of(std::string(1, static_cast<char>('a' + results.layers.size()))).parts();
    parts.num_samples_skipped = num_skipped;
    results.layers.emplace_back(std::move(parts));
  }
  EXPECT_THAT(layers_table(results, {80, false, false}),
              HasSubstr("\na, c: 7 rows skipped (mask, sampling, limit, budget or full queue)\nd: 9 rows skipped"));
  results.layers = {results.layers[0], results.layers[2]};
  EXPECT_THAT(layers_table(results, {80, false, false}),
              HasSubstr("\nall 2 layers: 7 rows skipped (mask, sampling, limit, budget or full queue)\n"));
}

TEST(VerdictsText, IsAParagraphALayerWrappedToTheWidth) {
  Results results = results_with_findings();
  results.findings[0].tests->planes.reset();
  results.findings[0].tests->nonlinearity.reset();
  EXPECT_EQ("\n" + verdicts_text(results, {90, false, false}), R"(
encoder.act: aligned: A4 = +0.125 +- 0.012 (block standard error), p = 0.01 against R =
  199 Haar rotations (mean +0, sd 0.056, skew +0.00, z +2.2); effective dimension 9.2 of
  16; vector 3 carries 25 % of the fourth powers (A4 without it +0.0625); vectors 3, 1, 15
  carry 50 % (A4 without them +0.0312); centred; beyond a nonlinearity's own effect: not
  computable (no function known: --nonlinearity); 450 of 5000 rows, in 60 blocks.
  Consistent with a privileged basis.
decoder: none beyond chance: A4 = +0.0625 +- 0.012 (block standard error), p = 0.37
  against R = 199 Haar rotations (mean +0, sd 0.056, skew +0.00, z +1.1); above +0.093 or
  below -0.093 it would have been seen; effective dimension 9.2 of 16; vector 3 carries 25
  % of the fourth powers (A4 without it +0.0312); vectors 3, 1, 15 carry 50 % (A4 without
  them +0.0156); centred; beyond the nonlinearity's own effect: no (tanh of turned
  pre-activations has A4 -0.05, sd 0.056, p = 0.01 (M1); with their mean kept +0.05, sd
  0.056, p = 0.88 (M1c)); of 120 planes 12 are significant by c4 and 3 by hit rate at
  epsilon 0.558 (Benjamini-Hochberg, 5 %; Benjamini-Yekutieli 5 and 0); 450 of 5000 rows,
  in 60 blocks. A4 shows no privileged basis, but C4 at epsilon 0.558 (p = 0.0328) and
  single planes differ from random rotations: look there.
)");
  results.findings.clear();
  EXPECT_EQ(verdicts_text(results, {}), "no layer was tested\n");
}

TEST(VerdictsText, ShowsNamesThatControlATerminalAsText) {
  Results results = results_with_findings();
  results.layers = {layer_of("a\x1b[31m b")};
  results.findings[0].address = "a\x1b[31m b";
  EXPECT_THAT(verdicts_text(results, {}), HasSubstr("a\\x1b[31m b: aligned: A4 ="));
  EXPECT_THAT(verdicts_text(results, {80, true, true}), HasSubstr("\x1b[1ma\\x1b[31m b\x1b[0m: aligned: A4 ="));
  EXPECT_THAT(neurons_text(results, {}), Not(HasSubstr("\x1b")));
}

TEST(NeuronsText, ListsGrandmotherNeuronsOrTheFullestVectors) {
  EXPECT_EQ("\n" + neurons_text(results_with_findings(), {80, false, false}), R"(
encoder.act: 2 grandmother neurons at epsilon 0.5 among 32 signed vectors
  neuron  class  count  purity  recall  lift        q  nearest samples
      +3      2     20  100.0%  100.0%  4.50  8.3e-12  6:0 93:0
      -1      0     12   91.7%   36.7%  2.75  2.3e-03  3:0 96:7
encoder.act: 2 grandmother neurons at epsilon 0.25 among 32 signed vectors
  neuron  class  count  purity  recall  lift        q  nearest samples
      -1      0     12   91.7%   36.7%  2.75  2.3e-03  3:0 96:7
      +3      2     22   90.9%  100.0%  4.09  1.2e-09  6:0 93:0
decoder: the 10 fullest of 32 signed vectors at epsilon 0.5; no row has a label
  neuron  count  nearest samples
     -15     40  31:0 68:7
     +15     37  30:0 69:0
     -14     34  29:0 70:7
     +14     31  28:0 71:0
     -13     28  27:0 72:7
     +13     25  26:0 73:0
     -12     22  25:0 74:7
     +12     19  24:0 75:0
     -11     16  23:0 76:7
     +11     13  22:0 77:0
  and 22 more, 3 of them with rows inside
the rule asks for 10 labelled rows, 90% of them of one class, and q <= 0.05
)");
}

TEST(NeuronsText, SaysWhatCameNearestWhereNoneKeepsTheRule) {
  Results results = results_with_findings();
  results.findings.pop_back();
  NeuronTableParts parts = results.findings[0].neurons->parts();
  parts.epsilon = {0.5};
  parts.counts.resize(32);
  parts.class_counts.resize(96);
  results.findings[0].neurons = NeuronTable(parts);
  EXPECT_EQ("\n" + neurons_text(results, {60, false, false}, {.min_purity = 1, .max_q = 1e-30}), R"(
encoder.act: no grandmother neuron at epsilon 0.5 among 32
  signed vectors: the purest, +3, has 20 of 20 labelled rows
  in class 2, 100%, with q = 8.3e-12
the rule asks for 10 labelled rows, 100% of them of one
  class, and q <= 1e-30
)");
  EXPECT_EQ("\n" + neurons_text(results, {60, false, false}, {.min_count = 50}), R"(
encoder.act: no grandmother neuron at epsilon 0.5 among 32
  signed vectors: the fullest, +3, has 20 labelled rows
  inside
the rule asks for 50 labelled rows, 90% of them of one
  class, and q <= 0.05
)");
  parts.counts.assign(32, 0);
  parts.class_counts.assign(96, 0);
  results.findings[0].neurons = NeuronTable(parts);
  EXPECT_THAT(neurons_text(results, {160, false, false}),
              HasSubstr("32 signed vectors: no labelled row is inside of any\nthe rule asks for 10 labelled rows"));
  results.findings[0].neurons.reset();
  EXPECT_EQ(neurons_text(results, {}), "no layer has neurons counted\n");
}

// Rows without a label have a column of their own; samples without positions are numbers; those that do not fit go.
TEST(NeuronsText, TellsLabelledRowsApartAndShortensTheNearest) {
  Results results = results_with_findings();
  results.findings.pop_back();
  NeuronTableParts parts = results.findings[0].neurons->parts();
  parts.epsilon = {0.5};
  parts.counts.resize(32);
  parts.class_counts.resize(96);
  parts.counts[6] += 5;
  parts.num_nearest = 12;
  parts.nearest.clear();
  for (std::int64_t k = 0; k < 32 * 12; ++k) parts.nearest.push_back({0.5, 1000 + k % 12, 0, 0});
  results.findings[0].neurons = NeuronTable(parts);
  EXPECT_EQ(spelled(neurons_text(results, {100, true, false})), R"(
encoder.act: 2 grandmother neurons at epsilon 0.5 among 32 signed vectors
  neuron  class  count  labelled  purity  recall  lift        q  nearest samples
      +3      2     25        20  100.0%  100.0%  4.50  8.3e-12  1000 1001 1002 1003 1004 1005 ~
      -1      0     12        12   91.7%   36.7%  2.75  2.3e-03  1000 1001 1002 1003 1004 1005 ~
the rule asks for 10 labelled rows, 90% of them of one class, and q <= 0.05
)");
  EXPECT_THAT(neurons_text(results, {30, false, false}), HasSubstr("8.3e-12  1000 ..\n"));
}

TEST(NeuronsCsv, HasALineASignedVectorAndEpsilon) {
  Results results = results_with_findings();
  results.findings[0].address = "a,b";
  const std::string csv = csv_of(results);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 32 + 32);
  EXPECT_THAT(csv, HasSubstr("layer,epsilon,vector,side,count,labelled,class,purity,recall,base_rate,lift,p,q,nearest\n"
                             "\"a,b\",0.5,0,+,5,4,0,0.5,0.06666666666666667,0.3333333333333333,1.5,1,1,0:0 99:0\n"
                             "\"a,b\",0.5,0,-,0,0,,,,,,1,1,1:0 98:7\n"));
  EXPECT_THAT(csv, HasSubstr("\n\"a,b\",0.5,3,+,20,20,2,1,1,0.2222222222222222,4.5,2.58744411959"));
  EXPECT_THAT(csv, HasSubstr("\ndecoder,0.5,15,-,40,0,,,,,,1,1,31:0 68:7\n"));
}

TEST(WriteReports, LeavesNeuronsOnlyWhereTheyWereCounted) {
  const ScratchFolder folder;
  Results results = results_with_findings();
  write_reports(results, folder.path());
  EXPECT_EQ(folder.num_files(), 4);
  std::ifstream file(folder / "neurons.csv", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), csv_of(results));
  results.findings.clear();
  write_reports(results, folder.path());
  EXPECT_EQ(folder.num_files(), 3) << "those of the earlier result";
}

TEST(LayersJson, HoldsWhatWasFoundOut) {
  const Results results = results_with_findings();
  const json layers = json::parse(layers_json(results).dump());
  const json& tests = layers[0]["tests"];
  EXPECT_EQ(tests["alignment"], "aligned");
  EXPECT_EQ(tests["verdict"], verdict(*results.findings[0].tests));
  EXPECT_EQ(tests["a4"], 0.125);
  EXPECT_EQ(tests["p"], 0.01);
  EXPECT_EQ(tests["num_rotations"], 199);
  EXPECT_NEAR(tests["null"]["std_dev"], 0.0562, 1e-4);
  EXPECT_NEAR(tests["smallest_a4_seen"], 95 / 1024.0, 1e-12);
  EXPECT_EQ(tests["critical_a4"], json::array({-95 / 1024.0, 95 / 1024.0}));
  EXPECT_EQ(tests["top_shares"][1]["vectors"], json::array({3, 1, 15}));
  EXPECT_EQ(tests["beyond_nonlinearity"], "M1 and M1c disagree");
  EXPECT_EQ(tests["nonlinearity"]["m1c"]["p"], 0.24);
  EXPECT_EQ(tests["planes"]["num_c4_bh"], 12);
  EXPECT_EQ(tests["planes"]["strongest"][0]["q_c4"], 0.01);
  const json& c4 = tests["c4"];
  EXPECT_EQ(c4["epsilon"], 0.558);
  EXPECT_EQ(c4["score"], 0.5);
  EXPECT_EQ(c4["standard_error"], 0.0625);
  EXPECT_NEAR(c4["p"], 2 / 61.0, 1e-12);
  EXPECT_EQ(c4["num_rotations"], 60);
  EXPECT_NEAR(c4["null"]["std_dev"], 0.0059, 1e-4);
  EXPECT_GT(c4["z"], 80);
  const json& neurons = layers[0]["neurons"];
  EXPECT_EQ(neurons["rule"]["min_count"], 10);
  const json& neuron = neurons["by_epsilon"][0]["grandmother_neurons"][0];
  EXPECT_EQ(neuron["vector"], 3);
  EXPECT_EQ(neuron["side"], "+");
  EXPECT_EQ(neuron["class"], 2);
  EXPECT_EQ(neuron["lift"], 4.5);
  EXPECT_EQ(neuron["nearest"][0]["sample"], 6);
  EXPECT_EQ(layers[0]["densities"]["planes"][0]["num_points"], 4);
  EXPECT_EQ(layers[0]["densities"]["left_out"], json::array({{{"i", 3}, {"j", 4}}}));
  for (const std::size_t other : {1, 3}) EXPECT_FALSE(layers[other].contains("tests")) << "a group, and another layer";
  EXPECT_EQ(layers[2]["neurons"]["by_epsilon"][0]["grandmother_neurons"], json::array());
  EXPECT_FALSE(layers[2].contains("densities"));
}

TEST(LayersJson, SaysNullForWhatIsNotDefined) {
  Results results = results_with_findings();
  LayerTests& tests = *results.findings[0].tests;
  tests.haar = NullTest(0.5, {0.25, 0.25});
  tests.standard_error = std::numeric_limits<double>::quiet_NaN();
  tests.nonlinearity.reset();
  tests.planes->arc_alignment = ArcAlignmentTest{0.25, std::numeric_limits<double>::quiet_NaN(), {}};
  const json bare = json::parse(layers_json(results).dump())[0]["tests"]["c4"];
  EXPECT_EQ(bare["score"], 0.25);
  EXPECT_EQ(bare["num_rotations"], 0);
  for (const char* key : {"standard_error", "p", "null", "z"}) EXPECT_TRUE(bare[key].is_null()) << key;
  tests.planes.reset();
  tests.top_shares[0].a4_without.reset();
  const json layer = json::parse(layers_json(results).dump())[0];
  for (const char* key : {"standard_error", "z", "smallest_a4_seen", "nonlinearity", "planes", "c4"}) {
    EXPECT_TRUE(layer["tests"][key].is_null()) << key;
  }
  EXPECT_EQ(layer["tests"]["critical_a4"], json::array({nullptr, nullptr}));
  EXPECT_TRUE(layer["tests"]["top_shares"][0]["a4_without"].is_null());
  EXPECT_EQ(layer["tests"]["beyond_nonlinearity"], "not computable");
}

TEST(ReportHtml, HoldsVerdictAndNeurons) {
  const Results results = results_with_findings();
  std::ostringstream out;
  write_report_html(out, results);
  const std::string html = out.str();
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = html.find(begin) + begin.size();
  const json layer = json::parse(html.substr(at, html.find("</script>", at) - at))["layers"][0];
  EXPECT_EQ(layer["tests"]["verdict"], verdict(*results.findings[0].tests));
  EXPECT_EQ(layer["neurons"]["by_epsilon"][0]["grandmother_neurons"].size(), 2u);
  for (const char* part : {"const verdictInShort", "const fillNeurons"}) EXPECT_THAT(html, HasSubstr(part));
}

TEST(DensityChart, DrawsSmallTablesWithTwoColumnsABin) {
  const Results results = results_with_findings();
  EXPECT_EQ("\n" + density_chart(results.findings[0], 0, 1, {80, false, false}), R"(
encoder.act, points of the plane (0, 1), r >= 0.25 |x|
4 of 20 rows; isotropic rows would give 12.7
+2 |      ++
   |      ++
   |      ++
-2 |      ++
    -2    +2
across: along b_0; up: along the part of b_1 orthogonal to it
points over those of isotropic rows: . below 1/2, + to 2, * to 8, # above; blank: none
)");
  EXPECT_THAT(density_chart(results.findings[0], 2, 5, {}), HasSubstr("\nnone of 20 rows\n"));
}

// 10,000 rows of two dimensions with a density that is isotropic but for four heaps on the diagonals, and five rows far
// out, which the picture leaves out.
TEST(DensityChart, ShadesByTheIsotropicDensityAndLeavesOutWhatIsFar) {
  PlaneDensitiesParts parts;
  parts.dim = 2;
  parts.num_bins = 128;
  parts.num_rows = 10000;
  parts.squared_lengths.add(20000);  // sigma = 1
  PlaneDensity density;
  density.plane = {0, 1};
  density.exponent = 4;
  density.counts.assign(128 * 128, 0);
  parts.planes = {density};
  const std::vector<double> isotropic = isotropic_counts(PlaneDensities(parts), 0);
  std::vector<std::int64_t>& counts = parts.planes[0].counts;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const auto u = static_cast<std::int64_t>(k % 128) - 64;
    const auto v = static_cast<std::int64_t>(k / 128) - 64;
    const bool is_heap = std::abs(std::abs(2 * u + 1) - 17) < 4 && std::abs(std::abs(2 * v + 1) - 17) < 4;
    counts[k] = std::lround(isotropic[k] * (is_heap ? 3 : v >= 8 ? 0.4 : 0.75));
  }
  counts[127] = 5;
  EXPECT_EQ(spelled(density_chart({"layer", {}, {}, PlaneDensities(parts)}, 0, 1, {80, true, false})), R"(
layer, points of the plane (0, 1), r >= 0 |x|
7493 of 10000 rows; isotropic rows would give 10000
+3 |      211211112112
   |  33311111111111111333
   | 2222222222222222222222
   |222222222222222222222222
   |222222222222222222222222
   |222222222222222222222222
   |222222222222222222222222
   |222222222222222222222222
   |222222222222222222222222
   | 2222222222222222222222
   |  33322222222222222333
-3 |     22222222222222
    -3                    +3
across: along b_0; up: along the part of b_1 orthogonal to it
points over those of isotropic rows: 1 below 1/2, 2 to 2, 3 to 8, 4 above; blank: none
17 points lie further out
)");
}

TEST(DensityChart, NamesThePlanesThatThereAre) {
  const Results results = results_with_findings();
  EXPECT_THAT([&] { density_chart(results.findings[0], 1, 0, {}); },
              ThrowsMessage<Error>(HasSubstr("got (1, 0); choose one of (0, 1) (2, 5)")));
  EXPECT_THAT([&] { density_chart(results.findings[0], 3, 4, {}); },
              ThrowsMessage<Error>(HasSubstr("got (3, 4), of parallel vectors")));
  EXPECT_THAT([&] { density_chart(results.findings[1], 0, 1, {}); },
              ThrowsMessage<Error>(HasSubstr("[decoder] the points of planes must have been counted")));
}

}  // namespace
}  // namespace srm
