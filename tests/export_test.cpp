#include "srm/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "file_bytes.h"
#include "files/npy.h"
#include "layer_tests_examples.h"
#include "result_parts.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using nlohmann::json;
using test::small_parts;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

ResonanceParts signed_parts() {
  ResonanceParts parts = small_parts();
  parts.signed_counts = {2, 1, -2, -1, 2, 2, -2, -2};
  parts.holistic_signed_counts = parts.signed_counts;
  return parts;
}

Results results_of(ResonanceParts parts) {
  Results results;
  results.settings = {{"epsilon", "0.9 0.5"}};
  results.layers.emplace_back(std::move(parts));
  return results;
}

std::string text_of(const std::function<void(std::ostream&)>& write) {
  std::ostringstream out;
  write(out);
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(CurvesCsvTest, HasTheMeanAndThePlanesAskedFor) {
  const Results results = results_of(small_parts());
  const auto mean = lines_of(text_of([&](std::ostream& out) { write_curves_csv(out, results); }));
  ASSERT_THAT(mean, SizeIs(1 + 2 * 4));
  EXPECT_EQ(mean[0], "layer,group,basis,epsilon,i,j,angle_deg,count,fraction,std,signed_count,signed_fraction");
  EXPECT_EQ(mean[1], "encoder.0,,standard,0.9,,,0,2,0.4,0,,");
  EXPECT_EQ(mean[6], "encoder.0,,standard,0.5,,,90,2,0.4,0,,");
  const auto all = lines_of(text_of([&](std::ostream& out) { write_curves_csv(out, results, {.all = true}); }));
  ASSERT_THAT(all, SizeIs(1 + 2 * 2 * 4));
  EXPECT_EQ(all[5], "encoder.0,,standard,0.9,0,1,0,2,0.4,,,");
  const auto listed = text_of([&](std::ostream& out) { write_curves_csv(out, results, {.listed = {{0, 1}}}); });
  EXPECT_THAT(lines_of(listed), SizeIs(1 + 2 * 2 * 4));
  EXPECT_THAT([&] { text_of([&](std::ostream& out) {
                      write_curves_csv(out, results, {.listed = {{0, 5}}});
                    }); },
              ThrowsMessage<Error>(HasSubstr("(0, 5)")));
}

TEST(CurvesCsvTest, SignedColumnsAndNamesThatNeedQuotes) {
  ResonanceParts parts = signed_parts();
  parts.address = "a,\"b\"\n=1+1";
  parts.group = "3";
  const std::string text = text_of([&](std::ostream& out) { write_curves_csv(out, results_of(std::move(parts))); });
  EXPECT_THAT(text, HasSubstr("\"a,\"\"b\"\"\n=1+1\",3,standard,0.9,,,180,0,0,0,-2,-0.4\n"));
}

TEST(CurvesCsvTest, FractionsComeBackExactly) {
  ResonanceParts parts = small_parts();
  parts.num_samples_seen = 5;
  const Resonance layer(parts);
  const auto lines = lines_of(text_of([&](std::ostream& out) { write_curves_csv(out, results_of(parts)); }));
  for (std::size_t k = 0; k < 4; ++k) {
    std::istringstream fields(lines[1 + k]);
    std::string field;
    for (int column = 0; column < 9; ++column) std::getline(fields, field, ',');
    EXPECT_EQ(std::stod(field), layer.holistic_mean(0)[k]);
  }
}

TEST(MappingCsvTest, HasTheColumnsOfThePublishedScripts) {
  ResonanceParts parts = signed_parts();
  parts.scores.direction_sum = {3 * Scores::kDirectionScale / 2, 0};
  for (const int half : {2, 1, 1}) parts.scores.blocks.add_block(1, half * Scores::kQuarticScale / 2);
  parts.scores.quartic_by_vector = {Scores::kQuarticScale, Scores::kQuarticScale};
  const auto lines = lines_of(text_of([&](std::ostream& out) { write_mapping_csv(out, Resonance(parts)); }));
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_EQ(lines[0],
            "angle_deg,mean_similarity,count_thresh_0.9,signed_count_thresh_0.9,count_thresh_0.5,"
            "signed_count_thresh_0.5,plane_label");
  EXPECT_EQ(lines[1], "0.0,0.5,2,2,3,2,0-1");
  EXPECT_THAT(lines[2], AllOf(testing::StartsWith("90.0,"), testing::EndsWith(",1,1,2,2,0-1")));
}

TEST(MappingCsvTest, TheOtherSenseAndTheRepeatedAngleAreReadAway) {
  ResonanceParts parts = small_parts();
  const std::string natural = text_of([&](std::ostream& out) { write_mapping_csv(out, Resonance(parts)); });
  parts.sense = Sense::kReference;
  parts.grid = AngleGrid(5, GridEnds::kInclusive);
  // f(-theta), and the first angle again.
  parts.counts = parts.holistic_counts = {2, 0, 0, 1, 2, 3, 0, 1, 2, 3};
  EXPECT_EQ(text_of([&](std::ostream& out) { write_mapping_csv(out, Resonance(parts)); }), natural);
  EXPECT_THAT(natural, AllOf(HasSubstr("count_thresh_0.9,count_thresh_0.5,plane_label"), HasSubstr("90.0,,1,2,0-1")));
  EXPECT_THAT([&] { text_of([&](std::ostream& out) { write_mapping_csv(out, Resonance(parts).without_tables()); }); },
              ThrowsMessage<Error>(AllOf(HasSubstr("encoder.0"), HasSubstr("--planes all"))));
}

TEST(MappingCsvTest, ThresholdsAreNamedAsPythonNamesThem) {
  ResonanceParts parts = small_parts();
  parts.epsilon = {1, -0.25};
  EXPECT_THAT(text_of([&](std::ostream& out) { write_mapping_csv(out, Resonance(parts)); }),
              HasSubstr("count_thresh_1.0,count_thresh_-0.25,"));
}

TEST(ResultsJsonTest, HoldsTheWholeResult) {
  Results results = results_of(signed_parts());
  results.findings.push_back({"encoder.0", test::layer_tests(0.25)});
  const json data = json::parse(text_of([&](std::ostream& out) { write_results_json(out, results); }));
  EXPECT_EQ(data["format"], "torchsrm-export");
  EXPECT_EQ(data["settings"], json::parse(R"([["epsilon", "0.9 0.5"]])"));
  EXPECT_EQ(data["partial"], false);
  const json& layer = data["layers"][0];
  EXPECT_EQ(layer["address"], "encoder.0");
  EXPECT_EQ(layer["angles_deg"], json::parse("[0, 90, 180, 270]"));
  EXPECT_EQ(layer["planes"], json::parse("[[0, 1]]"));
  EXPECT_EQ(layer["counts"], json::parse("[[[2, 1, 0, 0]], [[3, 2, 1, 0]]]"));
  EXPECT_EQ(layer["signed_counts"], json::parse("[[[2, 1, -2, -1]], [[2, 2, -2, -2]]]"));
  EXPECT_EQ(layer["holistic_counts"], json::parse("[[2, 1, 0, 0], [3, 2, 1, 0]]"));
  EXPECT_EQ(layer["plane_hits"], json::parse("[[3], [3]]"));
  EXPECT_TRUE(layer.contains("tests"));
  const json mean = json::parse(text_of([&](std::ostream& out) { write_results_json(out, results, {}); }));
  EXPECT_EQ(mean["layers"][0]["planes"], json::array());
  EXPECT_EQ(mean["layers"][0]["counts"], json::parse("[[], []]"));
}

TEST(ResultsJsonTest, NamesThatAreNoUtf8AndNoLayersAreValidJson) {
  ResonanceParts parts = small_parts();
  parts.address = "\xff</script>\x01";
  Results results = results_of(parts);
  results.settings.emplace_back("\xfe", "x");
  const json data = json::parse(text_of([&](std::ostream& out) { write_results_json(out, results); }));
  EXPECT_EQ(data["layers"][0]["address"], "\ufffd</script>\x01");
  EXPECT_THAT(json::parse(text_of([&](std::ostream& out) { write_results_json(out, {}); }))["layers"], IsEmpty());
  const Results without = [&] {
    Results made;
    made.layers.push_back(results.layers[0].without_tables());
    return made;
  }();
  EXPECT_TRUE(
      json::parse(text_of([&](std::ostream& out) { write_results_json(out, without); }))["layers"][0]["holistic_std"]
          .is_null());
}

TEST(ResultsNpzTest, HoldsTheNumbersOfTheResult) {
  const ScratchFolder folder;
  Results results = results_of(signed_parts());
  results.findings.push_back({"encoder.0", test::layer_tests(0.25)});
  write_results_npz(folder / "a.npz", results);
  const ZipArchive archive(folder / "a.npz");
  const auto integers = [&](const char* key) {
    const NpyArray array = read_npz(archive, key);
    return std::vector<std::int64_t>(array.values<std::int64_t>().begin(), array.values<std::int64_t>().end());
  };
  EXPECT_THAT(integers("layer0/counts"), ElementsAre(2, 1, 0, 0, 3, 2, 1, 0));
  EXPECT_THAT(read_npz(archive, "layer0/counts").shape, ElementsAre(2, 1, 4));
  EXPECT_THAT(integers("layer0/signed_counts"), ElementsAre(2, 1, -2, -1, 2, 2, -2, -2));
  EXPECT_THAT(integers("layer0/planes"), ElementsAre(0, 1));
  EXPECT_THAT(integers("layer0/num_samples_seen"), ElementsAre(5));
  const auto numbers = [&](const char* key) { return read_npz(archive, key).to_doubles(); };
  EXPECT_THAT(numbers("layer0/a4"), ElementsAre(quartic_alignment(results.layers[0])));
  EXPECT_THAT(numbers("layer0/epsilon"), ElementsAre(0.9, 0.5));
  EXPECT_THAT(numbers("layer0/angles_deg"), ElementsAre(0, 90, 180, 270));
  EXPECT_EQ(numbers("layer0/haar_null"), results.findings[0].tests->haar.null_scores);
  EXPECT_TRUE(std::isnan(numbers("layer0/c4").front())) << "below 100 hits";
  write_results_npz(folder / "b.npz", results);
  EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(folder / "b.npz"));
}

TEST(ResultsNpzTest, OfListedPlanesOnlyTheirTablesAreThere) {
  const ScratchFolder folder;
  ResonanceParts parts = small_parts();
  parts.pairs = Pairs::kPermutation;
  parts.planes = {{0, 1}, {1, 0}};
  parts.num_planes_summed = 2;
  parts.counts = {2, 1, 0, 0, 1, 2, 0, 0, 3, 2, 1, 0, 2, 3, 0, 1};
  parts.plane_hits = {3, 3, 3, 3};
  parts.holistic_counts = {3, 3, 0, 0, 5, 5, 1, 1};
  parts.scores.num_hits = {6, 6};
  write_results_npz(folder / "a.npz", results_of(parts), {.listed = {{1, 0}}});
  const ZipArchive archive(folder / "a.npz");
  EXPECT_THAT(read_npz(archive, "layer0/counts").values<std::int64_t>(), ElementsAre(1, 2, 0, 0, 2, 3, 0, 1));
  EXPECT_THAT(read_npz(archive, "layer0/planes").values<std::int64_t>(), ElementsAre(1, 0));
}

History small_history() {
  LayerWindow layer;
  layer.address = "code,1";
  layer.dim = layer.num_vectors = 2;
  layer.basis_name = "standard";
  layer.num_planes = 1;
  layer.num_samples_seen = 4;
  layer.a4 = 0.25;
  layer.a4_error = std::nan("");
  layer.epsilon = {0.5};
  layer.c4 = {std::nan("")};
  layer.num_hits = {3};
  layer.num_angles = 4;
  layer.holistic_counts = {1, 0, 2, 1};
  History history;
  history.windows = {{0, "training", {{"loss", 0.5}}, {layer}}, {10, "training", {{"rate", 1}}, {}}};
  return history;
}

TEST(TimelineTest, HasALineALayerAndAColumnAScalar) {
  const auto lines = lines_of(text_of([&](std::ostream& out) { write_timeline_csv(out, small_history()); }));
  EXPECT_THAT(lines,
              ElementsAre("step,phase,layer,basis,num_samples_seen,a4,a4_error,p,epsilon,c4,num_hits,peak,"
                          "peak_angle_deg,scalar_loss,scalar_rate",
                          "0,training,\"code,1\",standard,4,0.25,,,0.5,,3,0.5,180,0.5,", "10,training,,,,,,,,,,,,,1"));
}

TEST(TimelineTest, AsJsonItIsTheWindows) {
  const json data = json::parse(text_of([&](std::ostream& out) { write_timeline_json(out, small_history()); }));
  EXPECT_THAT(data["windows"], SizeIs(2));
  EXPECT_EQ(data["windows"][0]["layers"][0]["holistic_counts"], json::parse("[1, 0, 2, 1]"));
}

}  // namespace
}  // namespace srm
