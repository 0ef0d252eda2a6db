// The page of a history: what it holds, and how it stays small.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "srm/history.h"
#include "srm/report.h"

namespace srm {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

LayerWindow layer_window(const std::string& address, double a4, std::int64_t num_angles = 8) {
  LayerWindow layer;
  layer.address = address;
  layer.dim = layer.num_vectors = 16;
  layer.basis_name = "standard";
  layer.num_planes = 120;
  layer.num_samples_seen = 64;
  layer.a4 = a4;
  layer.a4_error = 0.01;
  layer.epsilon = {0.4};
  layer.c4 = {a4};
  layer.num_hits = {700};
  layer.num_angles = num_angles;
  layer.holistic_counts.assign(static_cast<std::size_t>(num_angles), 5);
  return layer;
}

std::string page_of(const History& history) {
  std::ostringstream page;
  write_history_html(page, history);
  return page.str();
}

json data_of(const std::string& page) {
  const std::string before = R"(<script type="application/json" id="data">)";
  const std::size_t begin = page.find(before) + before.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(HistoryPageTest, ScoresAndScalarsStandByStep) {
  History history;
  history.settings = {{"epsilon", "0.4"}};
  history.windows = {{0, "training", {}, {layer_window("a", 0.1)}},
                     {0, "evaluation", {}, {layer_window("a", 0.5)}},
                     {10, "training", {{"loss", 2.5}}, {layer_window("b", 0.3)}},
                     {20, "training", {{"loss", 1.5}}, {layer_window("a", 0.2), layer_window("b", 0.4)}}};
  const json data = data_of(page_of(history));
  const json& training = data["series"]["training"];
  EXPECT_EQ(training["x"], json::parse("[0, 10, 20]"));
  EXPECT_EQ(training["a4"], json::parse(R"([{"name": "a", "values": [0.1, null, 0.2]},
                                            {"name": "b", "values": [null, 0.3, 0.4]}])"));
  EXPECT_EQ(training["scalars"], json::parse(R"([{"name": "loss", "values": [null, 2.5, 1.5]}])"));
  EXPECT_EQ(data["series"]["evaluation"]["x"], json::parse("[0]"));
  ASSERT_EQ(data["frames"].size(), 4U);
  EXPECT_EQ(data["frames"][0]["phase"], "training");  // the phase with most windows is shown first
  EXPECT_EQ(data["frames"][3]["phase"], "evaluation");
  EXPECT_EQ(data["frames"][2]["layers"][1]["name"], "b");
  EXPECT_EQ(data["frames"][2]["layers"][1]["curves"][0]["holistic_counts"], "-#######") << "8 times 5, packed";
  EXPECT_EQ(data["torn"], false);
  EXPECT_THAT(data["summary"].get<std::string>(), HasSubstr("3 windows of training, steps 0 to 20"));
}

TEST(HistoryPageTest, ManyWindowsKeepThePageSmallAndTheLastCurve) {
  History history;
  for (std::int64_t step = 0; step < 3000; ++step) {
    Window window{step, "training", {}, {}};
    for (int k = 0; k < 20; ++k) window.layers.push_back(layer_window("layer." + std::to_string(k), 0.1, 360));
    history.windows.push_back(std::move(window));
  }
  const std::string page = page_of(history);
  EXPECT_LT(page.size(), 15'000'000U);
  const json data = data_of(page);
  EXPECT_EQ(data["series"]["training"]["x"].size(), 3000U);
  EXPECT_GT(data["frames"].size(), 100U);
  EXPECT_EQ(data["frames"].front()["step"], 0);
  EXPECT_EQ(data["frames"].back()["step"], 2999);
}

TEST(HistoryPageTest, NamesAreTextAndNothingIsLoaded) {
  History history;
  history.num_bytes_torn = 3;
  history.windows = {{0, "</script><b>", {{"<img src=x>", 1}}, {layer_window("<script>alert(1)</script>\xff", 0.1)}}};
  const std::string page = page_of(history);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert(1)")));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x>")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_EQ(data_of(page)["torn"], true);
}

TEST(HistoryPageTest, WithoutWindowsItSaysSo) {
  const json data = data_of(page_of({}));
  EXPECT_EQ(data["frames"].size(), 0U);
  EXPECT_THAT(data["summary"].get<std::string>(), HasSubstr("No window"));
}

}  // namespace
}  // namespace srm
