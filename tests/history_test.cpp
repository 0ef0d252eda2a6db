#include "srm/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "brute_force.h"
#include "file_bytes.h"
#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

const std::vector<std::pair<std::string, std::string>> kSettings = {{"epsilon", "0.9"}, {"angles", "8"}};

LayerWindow layer_window(const std::string& address, double a4) {
  LayerWindow layer;
  layer.address = address;
  layer.dim = layer.num_vectors = 16;
  layer.basis_name = "standard";
  layer.num_planes = 120;
  layer.num_samples_seen = 64;
  layer.a4 = a4;
  layer.a4_error = 0.01;
  layer.epsilon = {0.9, 0.75};
  layer.c4 = {0.5, std::numeric_limits<double>::infinity()};
  layer.num_hits = {3, 70};
  layer.num_angles = 4;
  layer.holistic_counts = {1, 0, 0, 2, 9, 8, 7, 6};
  return layer;
}

Window window_at(std::int64_t step, double a4 = 0.25) {
  Window window{step, "training", {{"loss", 1.0 / static_cast<double>(step + 1)}}, {}};
  window.layers = {layer_window("first", a4), layer_window("second", -a4)};
  window.layers[1].p = 0.005;
  return window;
}

TEST(HistoryTest, WhatIsAppendedIsRead) {
  const ScratchFolder folder;
  {
    HistoryWriter writer(folder / "run.srmh", kSettings);
    writer.append(window_at(100));
    EXPECT_EQ(load_history(folder / "run.srmh").windows.size(), 1U) << "while it is being written";
    writer.append(window_at(200));
  }
  const History history = load_history(folder / "run.srmh");
  EXPECT_EQ(history.settings, kSettings);
  EXPECT_THAT(history.windows, ElementsAre(window_at(100), window_at(200)));
  EXPECT_EQ(history.num_bytes_torn, 0);
  EXPECT_TRUE(is_history(folder / "run.srmh"));
  EXPECT_FALSE(is_history(folder / "none"));
  EXPECT_FALSE(is_history(folder.path()));
}

TEST(HistoryTest, UndefinedScoresStayUndefined) {
  const ScratchFolder folder;
  Window window = window_at(1);
  window.layers[0].a4 = window.layers[0].c4[0] = std::numeric_limits<double>::quiet_NaN();
  HistoryWriter(folder / "run", kSettings).append(window);
  const Window read = load_history(folder / "run").windows.at(0);
  EXPECT_TRUE(std::isnan(read.layers[0].a4));
  EXPECT_TRUE(std::isnan(read.layers[0].c4[0]));
  EXPECT_EQ(read.layers[0].p, std::nullopt);
}

// Files from before there was drift have lists without it, and are read.
TEST(HistoryTest, TheDriftOfALearnedBasisIsKeptWhereThereIsOne) {
  const ScratchFolder folder;
  Window window = window_at(1);
  window.layers[1].drift = BasisDrift{std::numeric_limits<double>::quiet_NaN(), 0.6, 0.5};
  HistoryWriter(folder / "run", kSettings).append(window);
  const History history = load_history(folder / "run");
  EXPECT_EQ(history.windows.at(0), window);
  const nlohmann::json layers = timeline_json(history)[0]["layers"];
  EXPECT_FALSE(layers[0].contains("drift"));
  EXPECT_TRUE(layers[1]["drift"]["to_previous"].is_null());
  EXPECT_EQ(layers[1]["drift"]["to_standard"], 0.6);
  EXPECT_THAT(timeline_text(history, {.width = 140}), AllOf(HasSubstr("|cos| axes"), HasSubstr("0.600")));
}

// The window tells what the result does.
TEST(HistoryTest, AWindowIsMadeOfAResult) {
  AccumulatorOptions options;
  options.epsilon = {0.5, -0.5};
  options.grid = AngleGrid(9, GridEnds::kInclusive);
  const Resonance layer = test::accumulate(test::gaussian(600, 1), Basis::standard(6), options);
  const LayerWindow window = window_of(layer);
  EXPECT_EQ(window.a4, quartic_alignment(layer));
  EXPECT_EQ(window.a4_error, quartic_alignment_error(layer));
  EXPECT_THAT(window.c4, ElementsAre(arc_alignment(layer, 0.5), arc_alignment(layer, -0.5)));
  EXPECT_EQ(window.holistic_counts, layer.parts().holistic_counts);
  EXPECT_EQ(window.num_hits, layer.parts().scores.num_hits);
  EXPECT_EQ(window.num_angles, 9);
  EXPECT_TRUE(window.is_inclusive);
  EXPECT_EQ(window.num_samples_seen, 100);
}

// Cut at every byte: the windows before are whole, what is torn is told, and writing goes on.
TEST(HistoryTest, ACrashAtAnyByteLosesTheLastRecordAtMost) {
  const ScratchFolder folder;
  const auto path = folder / "run";
  std::vector<std::size_t> ends;
  {
    HistoryWriter writer(path, kSettings);
    ends.push_back(std::filesystem::file_size(path));
    for (const std::int64_t step : {100, 200, 300}) {
      writer.append(window_at(step));
      ends.push_back(std::filesystem::file_size(path));
    }
  }
  const std::string whole = bytes_of(path);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_bytes(path, whole.substr(0, size));
    const auto end = std::upper_bound(ends.begin(), ends.end(), size);
    const auto num_windows = std::max<std::ptrdiff_t>(end - ends.begin() - 1, 0);
    const History torn = load_history(path);
    ASSERT_EQ(std::ssize(torn.windows), num_windows) << size;
    if (end != ends.begin()) {
      ASSERT_EQ(torn.num_bytes_torn, static_cast<std::int64_t>(size - *(end - 1))) << size;
    }
    {
      HistoryWriter writer(path, kSettings);
      ASSERT_EQ(std::ssize(writer.earlier().windows), num_windows);
      writer.append(window_at(400));
    }
    const History history = load_history(path);
    ASSERT_EQ(std::ssize(history.windows), num_windows + 1) << size;
    ASSERT_EQ(history.num_bytes_torn, 0);
    ASSERT_EQ(history.windows.back(), window_at(400));
  }
}

// As a file system leaves a file that grew and whose data were not written yet.
TEST(HistoryTest, ZerosAtTheEndAreTornToo) {
  const ScratchFolder folder;
  HistoryWriter(folder / "run", kSettings).append(window_at(1));
  for (const std::size_t zeros : {1, 8, 4096}) {
    const std::string whole = bytes_of(folder / "run");
    write_bytes(folder / "torn", whole + std::string(zeros, '\0'));
    EXPECT_EQ(load_history(folder / "torn").windows.size(), 1U);
    EXPECT_EQ(load_history(folder / "torn").num_bytes_torn, static_cast<std::int64_t>(zeros));
  }
}

// Whatever byte it is, of a length too, which would else hide all that is behind it.
TEST(HistoryTest, DamageBeforeTheEndIsAnErrorAndNothingIsCutOff) {
  const ScratchFolder folder;
  std::size_t last = 0;
  {
    HistoryWriter writer(folder / "run", kSettings);
    for (const std::int64_t step : {1, 2}) writer.append(window_at(step));
    last = std::filesystem::file_size(folder / "run");
    writer.append(window_at(3));
  }
  const std::string whole = bytes_of(folder / "run");
  for (std::size_t place = 8; place < last; ++place) {
    for (const int mask : {1, 128}) {
      flip_bits(folder / "run", place, mask);
      const std::string damaged = bytes_of(folder / "run");
      ASSERT_THAT([&] { load_history(folder / "run"); }, ThrowsMessage<Error>(HasSubstr("damage at byte"))) << place;
      ASSERT_THAT([&] { HistoryWriter(folder / "run", kSettings); }, ThrowsMessage<Error>(HasSubstr("damage at byte")));
      ASSERT_EQ(bytes_of(folder / "run"), damaged);
      flip_bits(folder / "run", place, mask);
    }
  }
  ASSERT_EQ(bytes_of(folder / "run"), whole);
}

TEST(HistoryTest, WhatIsNoHistoryIsRefusedAndStays) {
  const ScratchFolder folder;
  write_bytes(folder / "notes.txt", "my notes, which nobody may cut off");
  EXPECT_THAT([&] { load_history(folder / "notes.txt"); }, ThrowsMessage<Error>(HasSubstr("got something else")));
  EXPECT_THAT([&] { HistoryWriter(folder / "notes.txt", kSettings); },
              ThrowsMessage<Error>(HasSubstr("something else")));
  EXPECT_EQ(bytes_of(folder / "notes.txt"), "my notes, which nobody may cut off");
  write_bytes(folder / "newer", "SRMHIST\x02 and what then may come");
  EXPECT_THAT([&] { load_history(folder / "newer"); }, ThrowsMessage<Error>(HasSubstr("update torchsrm")));
  EXPECT_THAT([&] { load_history(folder / "none"); },
              ThrowsMessage<Error>(HasSubstr("must be a file that can be read")));
  EXPECT_THAT([&] { HistoryWriter(folder / "none" / "run", kSettings); },
              ThrowsMessage<Error>(HasSubstr("No such file")));
}

TEST(HistoryTest, OtherSettingsAreRefusedNamingBoth) {
  const ScratchFolder folder;
  HistoryWriter(folder / "run", kSettings).append(window_at(1));
  auto other = kSettings;
  other[0].second = "0.75";
  EXPECT_THAT([&] { HistoryWriter(folder / "run", other); },
              ThrowsMessage<Error>(HasSubstr("got epsilon = 0.75 after epsilon = 0.9")));
  other = kSettings;
  other.pop_back();
  EXPECT_THAT([&] { HistoryWriter(folder / "run", other); },
              ThrowsMessage<Error>(HasSubstr("got nothing after angles = 8")));
  EXPECT_EQ(load_history(folder / "run").windows.size(), 1U);
  HistoryWriter(folder / "empty", kSettings);
  EXPECT_NO_THROW(HistoryWriter(folder / "empty", other)) << "a first try that failed binds nobody";
  EXPECT_EQ(load_history(folder / "empty").settings, other);
}

TEST(HistoryTest, HasOneWriter) {
  const ScratchFolder folder;
  const HistoryWriter writer(folder / "run", kSettings);
  EXPECT_THAT([&] { HistoryWriter(folder / "run", kSettings); },
              ThrowsMessage<Error>(HasSubstr("another one is writing")));
}

TEST(HistoryTest, AFullDiskLeavesWhatWasThere) {
  const ScratchFolder folder;
  HistoryWriter writer(folder / "run", kSettings);
  writer.append(window_at(1));
  const std::string before = bytes_of(folder / "run");
  {
    const FileSizeLimit limit(before.size() + 50);
    EXPECT_THAT([&] { writer.append(window_at(2)); },
                ThrowsMessage<Error>(AllOf(HasSubstr("must fit on the disk"), HasSubstr("free some space"))));
  }
  EXPECT_EQ(bytes_of(folder / "run"), before);
  writer.append(window_at(3));
  EXPECT_THAT(load_history(folder / "run").windows, ElementsAre(window_at(1), window_at(3)));
}

// A run that was resumed from a checkpoint closes some windows again: the later ones count.
TEST(HistoryTest, StepsThatWereDoneAgainCountOnce) {
  History history;
  for (const std::int64_t step : {10, 20, 30, 20, 30, 40}) history.windows.push_back(window_at(step));
  Window evaluation = window_at(15);
  evaluation.phase = "evaluation";
  history.windows.insert(history.windows.begin() + 2, evaluation);
  std::vector<std::int64_t> steps;
  for (const Window* window : history.current()) steps.push_back(window->step);
  EXPECT_THAT(steps, ElementsAre(10, 15, 20, 30, 40));
  EXPECT_EQ(history.current().back(), &history.windows.back());
  // Scalars alone, as of an evaluation, hide nothing; what went on from step 20 leaves no evaluation behind it.
  history.windows = {window_at(5), {5, "training", {{"val", 1}}, {}}};
  EXPECT_EQ(history.current().size(), 2U);
  history.windows = {window_at(20), evaluation, window_at(20)};
  history.windows[1].step = 25;
  EXPECT_THAT(history.current(), ElementsAre(&history.windows[2]));
}

TEST(HistoryTest, TimelineIsATableWithALine) {
  History history{kSettings, {}, 0};
  for (std::int64_t k = 0; k < 8; ++k)
    history.windows.push_back(window_at(100 * (k + 1), 0.04 * static_cast<double>(k)));
  const std::string text = timeline_text(history, {.width = 100});
  EXPECT_EQ(text,
            "8 windows, steps 100 to 800\n"
            "loss: 0.009901 at first, 0.001248 at last\n"
            "layer   phase      n  samples  A4 first    last      p  eps  C4 last         A4 range  A4 by step\n"
            "first   training  16      512     0.000   0.280         0.9    0.500   0.000 to 0.280  "
            "\u2581\u2581\u2582\u2583\u2585\u2586\u2587\u2588\n"
            "second  training  16      512     0.000  -0.280  0.005  0.9    0.500  -0.280 to 0.000  "
            "\u2588\u2587\u2586\u2585\u2583\u2582\u2581\u2581\n")
      << text;
  history.num_bytes_torn = 17;
  EXPECT_THAT(timeline_text(history, {.width = 66, .unicode = false}),
              AllOf(HasSubstr("the last record is torn (17 bytes)"), Not(HasSubstr("\u2581")), Not(HasSubstr("C4"))));
  EXPECT_EQ(timeline_text({}, {}), "no window was closed yet\n");
}

TEST(HistoryTest, NamesAreTextForTerminalsAndPrograms) {
  History history{kSettings, {window_at(1)}, 0};
  history.windows[0].layers[0].address = "a\x1b[31mb\xff";
  EXPECT_THAT(timeline_text(history, {}), Not(HasSubstr("\x1b[31m")));
  const auto json = timeline_json(history);
  EXPECT_EQ(json[0]["layers"][0]["a4"], 0.25);
  EXPECT_TRUE(json[0]["layers"][0]["c4"][1].is_null());
  EXPECT_EQ(json[0]["scalars"]["loss"], 0.5);
  EXPECT_NO_THROW(json.dump());
}

}  // namespace
}  // namespace srm
