#include "srm/comparison_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "srm/error.h"

namespace srm {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Four angles, of which the first has `first` of 100 rows inside.
ComparedLayer layer_of(const std::string& address, double a4, std::int64_t first) {
  ComparedLayer compared;
  LayerWindow& layer = compared.layer;
  layer.address = address;
  layer.dim = layer.num_vectors = 2;
  layer.basis_name = "standard";
  layer.num_planes = 1;
  layer.num_samples_seen = 100;
  layer.a4 = a4;
  layer.a4_error = 0.03;
  layer.epsilon = {0.9};
  layer.c4 = {std::nan("")};
  layer.num_hits = {50};
  layer.num_angles = 4;
  layer.holistic_counts = {first, 10, 10, 10};
  compared.num_blocks = 100;
  compared.num_effective_blocks = 100;
  compared.largest_share = {1};
  return compared;
}

Comparison small_comparison(const std::string& address = "encoder.0") {
  ComparedSource before{"before", {{"epsilon", "0.9"}, {"angles", "4"}}, {layer_of(address, 0.1, 10)}};
  ComparedSource after{"after", {{"epsilon", "0.9"}, {"angles", "5"}}, {layer_of(address, 0.3, 40)}};
  before.layers[0].alignment = Alignment::kNone;
  after.layers[0].alignment = Alignment::kAligned;
  after.layers.push_back(layer_of("other", 0, 0));
  return compare({before, after});
}

TEST(ComparisonTableTest, TellsTheDifferenceWithItsChance) {
  const std::string text = comparison_table(small_comparison(), {140, true, false});
  EXPECT_EQ(
      text.substr(0, text.find("\n\nA4 differs")),
      "A  before\nB  after\n\n"
      "layer       A4 A   A4 B   B - A     +-      p     p<=     q<=  verdicts        eps  C4 A  C4 B  curve  at     "
      "p<=\n"
      "encoder.0  0.100  0.300  +0.200  0.042  8e-06  0.0012  0.0012  none > aligned  0.9     -     -   +30%   0  "
      "0.0046");
  EXPECT_THAT(text, HasSubstr("A4 differs in 1 of 1 pair whatever the dependence of the samples"));
  EXPECT_THAT(text, HasSubstr("other is in after alone"));
}

TEST(ComparisonTableTest, OfCurvesWithoutAnErrorNothingIsConcluded) {
  ComparedSource one{"one", {}, {layer_of("a", 0.1, 10)}};
  EXPECT_THAT(comparison_table(compare({one, one}), {200, true, false}),
              HasSubstr("the holistic curve surely in none."));
  one.layers[0].num_effective_blocks = 0;
  EXPECT_THAT(comparison_table(compare({one, one}), {200, true, false}),
              AllOf(HasSubstr("rate of 5 %.\n"), HasSubstr("does not tell its blocks")));
}

TEST(ComparisonTableTest, OfStepsOfATrainingNothingIsConcluded) {
  ComparedSource one{"one", {}, {layer_of("a", 0.1, 10)}}, two{"two", {}, {layer_of("a", 0.3, 40)}};
  for (ComparedSource* step : {&one, &two}) step->layers[0].num_blocks = step->layers[0].num_effective_blocks = 0;
  const std::string text = comparison_table(compare({one, two}), {200, true, false});
  EXPECT_THAT(text, AllOf(HasSubstr("+0.200  0.042  0.9"), HasSubstr("\nNo difference of A4 has a p.\ncurve: "),
                          HasSubstr("so A4 has no p"), Not(HasSubstr("p<=")), Not(HasSubstr("A4 differs"))));
  const json a4 = comparison_json(compare({one, two}))["layers"][0]["a4"];
  for (const char* key : {"p", "p_bound", "q", "q_bound", "error_bound"}) EXPECT_TRUE(a4[key].is_null()) << key;
  EXPECT_NEAR(a4["error"].get<double>(), 0.0424, 1e-4);
  for (ComparedSource* step : {&one, &two}) step->layers.push_back(layer_of("b", 0.1, 10));
  EXPECT_THAT(comparison_table(compare({one, two}), {200, true, false}),
              HasSubstr("A4 differs in 0 of 1 pair with a p whatever"));
}

TEST(ComparisonTableTest, ErrorsHaveTwoDigitsAndTheirDifferencesAsMany) {
  ComparedSource one{"one"}, two{"two"};
  const std::vector<double> errors = {0.42, 0.0426, 0.000312, 0.00996, 0};
  for (std::size_t k = 0; k < errors.size(); ++k) {
    one.layers.push_back(layer_of("layer." + std::to_string(k), 0.1, 10));
    one.layers.back().layer.a4_error = errors[k];
    two.layers.push_back(layer_of("layer." + std::to_string(k), 0.10013, 10));
    two.layers.back().layer.a4_error = 0;
  }
  const std::string text = comparison_table(compare({one, two}), {200, true, false});
  for (const char* cells : {"+0.000    0.42   ", "+0.000    0.043  ", "+0.00013  0.00031", "+0.000    0.010  "}) {
    EXPECT_THAT(text, HasSubstr(cells));
  }
}

TEST(ComparisonTableTest, FitsNarrowTerminals) {
  for (const int width : {60, 80, 100}) {
    std::istringstream lines(
        comparison_table(small_comparison("encoder.layers.0.attention.output.dense"), {width, false, false}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
  }
}

TEST(ComparisonTableTest, NamesCannotControlTheTerminal) {
  Comparison comparison = small_comparison("a\x1b[2Jb\n");
  comparison.sources[0].name = "x\x1b]0;title\x07";
  comparison.unmatched = {"y\x1b[31m is alone"};
  comparison.layers[0].notes = {"other bases: \x1b[1m and z"};
  const std::string text = comparison_table(comparison, {100, true, false});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), HasSubstr("a\\x1b[2Jb\\x0a"), HasSubstr("\\x1b]0;title\\x07")));
}

TEST(ComparisonTableTest, OfSeveralEachHasATable) {
  ComparedSource one{"one", {}, {layer_of("a", 0.1, 10)}};
  const std::string text = comparison_table(compare({one, one, one}), {100, true, false});
  EXPECT_THAT(text, AllOf(HasSubstr("B - A"), HasSubstr("C - A"), HasSubstr("A4 differs in 0 of 2 pairs")));
}

TEST(ComparisonJsonTest, HoldsAllNumbers) {
  const json data = comparison_json(small_comparison());
  EXPECT_EQ(data["sources"], json::parse(R"(["before", "after"])"));
  ASSERT_THAT(data["layers"], SizeIs(1));
  const json& layer = data["layers"][0];
  EXPECT_EQ(layer["a"]["alignment"], "none beyond chance");
  EXPECT_EQ(layer["b"]["source"], 1);
  EXPECT_NEAR(layer["a4"]["difference"].get<double>(), 0.2, 1e-12);
  EXPECT_NEAR(layer["a4"]["error_bound"].get<double>(), 0.06, 1e-12);
  const json& curve = layer["curves"][0];
  EXPECT_TRUE(curve["c4_a"].is_null());
  EXPECT_EQ(curve["angles_deg"], json::parse("[0, 90, 180, 270]"));
  EXPECT_NEAR(curve["largest_difference"].get<double>(), 0.3, 1e-12);
  EXPECT_EQ(curve["largest_angle_deg"], 0);
  EXPECT_THAT(curve["error"], SizeIs(4));
  EXPECT_EQ(data["unmatched"], json::parse(R"(["other is in after alone"])"));
}

json page_data_of(const std::string& page) {
  const std::string before = R"(<script type="application/json" id="data">)";
  const std::size_t begin = page.find(before) + before.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

std::string page_of(const Comparison& comparison, const std::string& command = {}) {
  std::ostringstream page;
  write_comparison_html(page, comparison, command);
  return page.str();
}

TEST(ComparisonPageTest, IsWholeAndHoldsNamesAsText) {
  const std::string page = page_of(small_comparison("</script><script>alert(1)</script>"), "torchsrm compare a b");
  for (const char* absent : {"{{data}}", ".js}}", ".css}}", "<script>alert"}) {
    EXPECT_EQ(page.find(absent), std::string::npos) << absent;
  }
  EXPECT_NE(page.find("Content-Security-Policy"), std::string::npos);
  const json data = page_data_of(page);
  EXPECT_EQ(data["layers"][0]["name"], "</script><script>alert(1)</script>");
  EXPECT_EQ(data["command"], "torchsrm compare a b");
  EXPECT_EQ(data["letters"], json::parse(R"(["A", "B"])"));
  EXPECT_EQ(data["settings"][1][1], json::parse(R"(["angles", "5"])"));
}

TEST(ComparisonPageTest, StaysSmallForManyLayersAndAngles) {
  ComparedSource source{"a"};
  for (int k = 0; k < 110; ++k) {
    ComparedLayer layer = layer_of("layer." + std::to_string(k), 0.1, 10);
    layer.layer.epsilon = {0.3, 0.5, 0.9};
    layer.layer.c4 = {0, 0, 0};
    layer.layer.num_angles = 3600;
    layer.layer.holistic_counts.assign(std::size_t{3} * 3600, 17);
    layer.largest_share = {1, 1, 1};
    source.layers.push_back(layer);
  }
  const std::string page = page_of(compare({source, source}));
  EXPECT_LT(page.size(), 16'000'000u);
  const json curve = page_data_of(page)["layers"][109]["curves"][2];
  EXPECT_EQ(curve["num_angles"], 3600);
  EXPECT_EQ(curve["a"].size(), 3600 / curve["angle_step"].get<std::size_t>());
}

TEST(ComparisonPageTest, WithoutCurvesThereIsStillAPage) {
  ComparedSource one{"one", {}, {layer_of("a", 0.1, 10)}};
  ComparedSource two = one;
  two.layers[0].layer.epsilon = {0.5};
  EXPECT_THAT(page_data_of(page_of(compare({one, two})))["layers"][0]["curves"], IsEmpty());
}

}  // namespace
}  // namespace srm
