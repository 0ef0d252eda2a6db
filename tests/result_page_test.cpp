// The page of results: what it holds, and how it stays small.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>

#include "counted_layer.h"
#include "layer_tests_examples.h"
#include "report/packed_numbers.h"
#include "report/plane_band.h"
#include "srm/error.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::json;
using report::CurveKind;
using test::aligned_rows;
using test::layer_of;
using test::Rows;
using test::three_layers;
using ::testing::HasSubstr;
using ::testing::Not;
using Counts = std::vector<std::int64_t>;

std::string html_of(const Results& results, const ReportOptions& options = {}) {
  std::ostringstream out;
  write_report_html(out, results, options);
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

// Reads Note [Packed numbers], by the note alone.
Counts unpacked(const std::string& text) {
  std::string digits;
  for (char c = '#'; c <= '~'; ++c) {
    if (c != '<' && c != '\\') digits += c;
  }
  Counts numbers;
  std::int64_t value = 0, place = 1, before = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::int64_t>(digits.find(c));
    value += digit % 45 * place;
    place *= 45;
    if (digit >= 45) continue;
    before += value % 2 == 0 ? value / 2 : -(value + 1) / 2;
    numbers.push_back(before);
    value = 0;
    place = 1;
  }
  return numbers;
}

Counts unpacked(const json& text) { return unpacked(text.get<std::string>()); }

TEST(PackedNumbers, ComeBackAndNeedNoEscape) {
  const Counts numbers = {0, 22, 44, 43, -1, 1000, -1000, std::int64_t{1} << 50, -(std::int64_t{1} << 50), 0, 0};
  const std::string text = report::packed(numbers);
  EXPECT_EQ(unpacked(text), numbers);
  EXPECT_EQ(text.find_first_of("\"\\<&"), std::string::npos);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; }));
  EXPECT_EQ(report::packed(Counts{0, 22, 0, -22}), "#POO");  // one character each
  EXPECT_EQ(report::packed({}), "");
}

// What 5 % and 95 % of the planes do not exceed, by sorting all of them.
TEST(PlaneBand, HoldsNineOfTenPlanes) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  Rows rows(40, std::vector<double>(9));
  for (auto& row : rows) {
    for (double& x : row) x = normal(random);
  }
  const Resonance layer = layer_of("a", 9, rows, {0.4}, AngleGrid(20));  // 36 planes
  for (const CurveKind kind : {CurveKind::kPositive, CurveKind::kSigned}) {
    const auto band = report::plane_band(layer, 0, kind);
    ASSERT_TRUE(band);
    ASSERT_EQ(band->low.size(), 20U);
    for (std::int64_t k = 0; k < 20; ++k) {
      Counts values;
      for (std::int64_t p = 0; p < 36; ++p) {
        const auto counts = layer.counts(0, p);
        values.push_back(counts[static_cast<std::size_t>(k)] -
                         (kind == CurveKind::kSigned ? counts[static_cast<std::size_t>((k + 10) % 20)] : 0));
      }
      std::sort(values.begin(), values.end());
      EXPECT_EQ(band->low[static_cast<std::size_t>(k)], values[1]);    // 1.8 of 36, so the second
      EXPECT_EQ(band->high[static_cast<std::size_t>(k)], values[34]);  // 34.2 of 36, so the 35th
    }
  }
}

TEST(PlaneBand, IsThereOnlyWhereTheSpreadIsKnown) {
  EXPECT_FALSE(report::plane_band(layer_of("never", 3, {}), 0, CurveKind::kPositive));
  EXPECT_FALSE(report::plane_band(layer_of("a", 3, aligned_rows()).without_tables(), 0, CurveKind::kPositive));
  const Resonance odd = layer_of("a", 3, aligned_rows(), {0.9}, AngleGrid(9));
  EXPECT_TRUE(report::plane_band(odd, 0, CurveKind::kPositive));
  EXPECT_FALSE(report::plane_band(odd, 0, CurveKind::kSigned)) << "a grid of nine angles has no half turn";
}

TEST(ResultPage, HoldsTheCountsOfEveryLayer) {
  const Results results = three_layers();
  const json data = page_data(html_of(results));
  ASSERT_EQ(data["layers"].size(), 3u);
  EXPECT_EQ(data["results"][0]["settings"][0], json::array({"epsilon", "0.9, 0.5"}));
  for (std::size_t l = 0; l < results.layers.size(); ++l) {
    const Resonance& layer = results.layers[l];
    const json& object = data["layers"][l];
    EXPECT_EQ(object["address"], layer.address());
    EXPECT_EQ(object["num_samples_seen"], layer.num_samples_seen());
    EXPECT_EQ(object["is_orthogonal"], true);
    for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) {
      const json& curves = object["curves"][static_cast<std::size_t>(e)];
      const auto holistic = layer.holistic_counts(e);
      EXPECT_EQ(unpacked(curves["holistic_counts"]), Counts(holistic.begin(), holistic.end()));
      EXPECT_DOUBLE_EQ(curves["isotropic_rate"],
                       isotropic_rate(layer.dim(), layer.parts().epsilon[static_cast<std::size_t>(e)]));
      const std::vector<double> deviation = layer.holistic_std(e);
      const Counts thousandths = unpacked(curves["holistic_std"]);
      for (std::size_t k = 0; k < deviation.size(); ++k) {
        const double scale = 1000 * static_cast<double>(layer.num_samples_seen());
        EXPECT_NEAR(static_cast<double>(thousandths[k]), deviation[k] * scale, 0.5001);
      }
      ASSERT_EQ(static_cast<std::int64_t>(curves["planes"].size()), layer.num_planes());
      for (const json& plane : curves["planes"]) {
        const auto counts = layer.counts(e, layer.plane_index(plane["i"], plane["j"]));
        EXPECT_EQ(unpacked(plane["counts"]), Counts(counts.begin(), counts.end()));
      }
    }
  }
  EXPECT_EQ(data["training"], nullptr);
}

TEST(ResultPage, LoadsNothingFromElsewhere) {
  std::string html = html_of(three_layers());
  EXPECT_EQ(num_occurrences(html, "content=\"default-src 'none'; script-src 'unsafe-inline';"), 1);
  // The chart library names addresses in its texts; what it could load, the policy above forbids.
  const std::size_t library = html.find("* plotly.js v");
  ASSERT_NE(library, std::string::npos);
  html.erase(library, html.find("</script>", library) - library);
  EXPECT_EQ(num_occurrences(html, "{{"), 0) << "a placeholder of the template was not filled";
  EXPECT_LT(html.size(), 200000u);
  for (const char* load : {"src=", "url(", "@import", "fetch(", "XMLHttpRequest", "https:", "import("}) {
    EXPECT_THAT(html, Not(HasSubstr(load)));
  }
  EXPECT_EQ(num_occurrences(html, "href="), num_occurrences(html, "href=\"#") + num_occurrences(html, "href=\"data:"));
  EXPECT_EQ(num_occurrences(html, "http:"), num_occurrences(html, "http://www.w3.org/2000/svg"));
}

TEST(ResultPage, KeepsNamesFromBecomingMarkup) {
  const std::string plain = html_of(three_layers());
  Results results = three_layers();
  const std::string name = "<script>alert(1)</script><!-- \xe2\x80\xa8 \xff {{data}} ]]>";
  results.layers.push_back(layer_of(name, 2, {}));
  results.settings.emplace_back(name, name);
  ReportOptions options;
  options.command = name;
  const std::string html = html_of(results, options);
  EXPECT_EQ(num_occurrences(html, "alert(1)</"), 0);
  for (const char* tag : {"<script", "</script", "<!--"}) {
    EXPECT_EQ(num_occurrences(html, tag), num_occurrences(plain, tag)) << tag;
  }
  const json data = page_data(html);
  EXPECT_EQ(data["layers"][3]["address"], "<script>alert(1)</script><!-- \xe2\x80\xa8 \xef\xbf\xbd {{data}} ]]>");
  EXPECT_EQ(data["results"][0]["settings"][2][0], data["layers"][3]["address"]);
  EXPECT_EQ(data["command"], data["layers"][3]["address"]);
  const std::string text = between(html, R"(id="data">)", "</script>");
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; }));
}

// A wide layer may not make a page that no browser opens: the strongest 64 planes, every s-th of very many angles.
TEST(ResultPage, ReducesAWideLayerByItsRules) {
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
  EXPECT_EQ(unpacked(planes[0]["counts"]).size(), 500u);
  for (std::size_t p = 0; p < 19; ++p) EXPECT_TRUE(planes[p]["i"] == 7 || planes[p]["j"] == 7);
  for (const char* list : {"holistic_counts", "holistic_std", "low", "high", "signed_low", "signed_high"}) {
    EXPECT_EQ(unpacked(layer["curves"][0][list]).size(), 500u) << list;
  }
}

TEST(ResultPage, DrawsNoIsotropicLineWhereVectorsKeepTheirLengths) {
  ResonanceParts parts = layer_of("kept", 2, Rows(3, {1, 0})).parts();
  parts.basis_lengths = VectorLengths::kKept;
  parts.basis = {2, 0, 1, 1};
  Results results;
  results.layers.emplace_back(std::move(parts));
  const json layer = page_data(html_of(results))["layers"][0];
  EXPECT_TRUE(layer["curves"][0]["isotropic_rate"].is_null());
  EXPECT_EQ(layer["is_orthogonal"], false);
}

// A class has its mean alone, so that ten of them make a page no ten times larger.
TEST(ResultPage, HoldsOfAClassItsMeanAlone) {
  Results results;
  results.layers.push_back(layer_of("a", 3, aligned_rows()));
  ResonanceParts parts = layer_of("a", 3, aligned_rows()).parts();
  parts.group = "<b>3</b>";
  results.layers.emplace_back(std::move(parts));
  const json layers = page_data(html_of(results))["layers"];
  EXPECT_EQ(layers[1]["group"], "<b>3</b>");
  const json& curves = layers[1]["curves"][0];
  EXPECT_EQ(curves["holistic_counts"], layers[0]["curves"][0]["holistic_counts"]);
  EXPECT_TRUE(curves["planes"].empty() && curves["low"].is_null() && curves["holistic_std"].is_null());
  EXPECT_FALSE(layers[0]["curves"][0]["planes"].empty() || layers[0]["curves"][0]["low"].is_null());
}

// The grid of the method's published code has no half turn: then the page cannot derive the signed curve.
TEST(ResultPage, HoldsSignedCountsWhereTheyDoNotFollow) {
  const auto curves_of = [](const Counts& signed_counts) {
    const AngleGrid grid(std::ssize(signed_counts));
    ResonanceParts parts = layer_of("a", 2, Rows(3, {1, 0}), {0.9}, grid).parts();
    parts.signed_counts = parts.holistic_signed_counts = signed_counts;
    Results results;
    results.layers.emplace_back(std::move(parts));
    return page_data(html_of(results))["layers"][0]["curves"][0];
  };
  EXPECT_TRUE(curves_of({3, 0, 0, 0, -3, 0, 0, 0})["signed_counts"].is_null());
  const Counts nine = {3, 0, 0, 0, -3, -3, 0, 0, 0};
  EXPECT_EQ(unpacked(curves_of(nine)["signed_counts"]), nine);
}

TEST(ResultPage, TellsBetweenWhichScoresChanceLies) {
  Results results;
  results.layers.push_back(layer_of("a", 3, aligned_rows()));
  results.findings.push_back({"a", test::layer_tests(0.2)});
  const json tests = page_data(html_of(results))["layers"][0]["tests"];
  const auto range_of = [](const NullTest& null) {
    const NullTest::Critical critical = null.critical(0.05);
    return json::array({critical.below, critical.above});
  };
  EXPECT_EQ(tests["null"]["range"], range_of(test::layer_tests(0.2).haar));
  EXPECT_EQ(tests["c4"]["null"]["range"], range_of(*test::layer_tests(0.2).planes->arc_alignment->haar));
  results.findings[0].tests->planes->arc_alignment->haar.reset();
  EXPECT_TRUE(page_data(html_of(results))["layers"][0]["tests"]["c4"]["null"].is_null());
  results.findings[0].tests->planes->arc_alignment.reset();
  EXPECT_TRUE(page_data(html_of(results))["layers"][0]["tests"]["c4"].is_null());
}

TEST(ResultPage, HoldsSeveralResultsByName) {
  const Results standard = three_layers();
  Results rotated = three_layers();
  rotated.partial = true;
  const std::vector<NamedResults> both = {{"standard", standard}, {"rotated", rotated}};
  std::ostringstream out;
  write_report_html(out, both);
  const json data = page_data(out.str());
  EXPECT_EQ(data["results"][1]["name"], "rotated");
  EXPECT_EQ(data["results"][1]["partial"], true);
  EXPECT_EQ(data["results"][0]["partial"], false);
  ASSERT_EQ(data["layers"].size(), 6u);
  EXPECT_EQ(data["layers"][2]["result"], 0);
  EXPECT_EQ(data["layers"][3]["result"], 1);
  EXPECT_EQ(data["layers"][3]["address"], data["layers"][0]["address"]);
}

TEST(ResultPage, RefusesNoResultAndOneNameTwice) {
  const Results results = three_layers();
  std::ostringstream out;
  EXPECT_THROW(write_report_html(out, std::span<const NamedResults>()), Error);
  const std::vector<NamedResults> twice = {{"a", results}, {"a", results}};
  try {
    write_report_html(out, twice);
    FAIL() << "two results of one name could not be told apart";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("names of their own; got a twice"));
  }
}

// Twenty layers of 64 neurons: all planes counted, the strongest 64 of each on the page.
TEST(ResultPage, IsBelowEightMegabytesForTwentyLayersOf64) {
  ResonanceParts parts;
  parts.dim = parts.num_vectors = 64;
  parts.basis_name = "standard";
  parts.planes = PlaneSet(Basis::standard(64), Pairs::kCombination).planes();
  parts.num_planes_summed = std::ssize(parts.planes);
  parts.epsilon = {0.3};
  parts.num_samples_seen = parts.scores.num_rows = 5000;
  parts.scores.quartic_sum = 5000 * Scores::kQuarticScale / 20;
  parts.holistic_counts.assign(360, 0);
  std::int64_t num_hits = 0;
  std::mt19937 random(11);
  for (std::size_t p = 0; p < parts.planes.size(); ++p) {
    // A curve that wanders by the rows that come in and go out at each angle.
    std::int64_t count = 60;
    for (std::size_t k = 0; k < 360; ++k) {
      count = std::clamp<std::int64_t>(count + static_cast<std::int64_t>(random() % 9) - 4, 0, 400);
      parts.counts.push_back(count);
      parts.holistic_counts[k] += count;
    }
    parts.plane_hits.push_back(450);
    num_hits += 450;
  }
  parts.scores.num_hits = {num_hits};
  parts.scores.cosine_sum = {-num_hits * Scores::kCosineScale / 50};
  Results results;
  LayerTests tests = test::layer_tests(0.2);
  tests.dim = tests.num_vectors = 64;
  for (int k = 0; k < 20; ++k) {
    parts.address = "layer." + std::to_string(k);
    results.layers.emplace_back(parts);
    results.findings.push_back({parts.address, tests});
  }
  const std::string html = html_of(results);
  EXPECT_LT(html.size(), 8'000'000U);
  const json layer = page_data(html)["layers"][19];
  EXPECT_EQ(layer["curves"][0]["planes"].size(), 64U);
  EXPECT_EQ(unpacked(layer["curves"][0]["planes"][63]["counts"]).size(), 360U);
}

}  // namespace
}  // namespace srm
