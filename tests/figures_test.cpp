#include "srm/figures.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "drawn_figures.h"
#include "figures/figure.h"
#include "figures/file_names.h"
#include "figures/strip_figure.h"
#include "file_bytes.h"
#include "file_size_limit.h"
#include "result_parts.h"
#include "scratch_folder.h"
#include "srm/error.h"

// The list of fonts that Fontconfig keeps for as long as a process lives counts as a leak under the address sanitizer.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }

namespace srm {
namespace {

using test::at;
using test::decoded;
using test::first_line_of;
using test::is_well_formed;
using test::kHostile;
using test::layer_of;
using test::Picture;
using test::signed_at;
using test::with_planes;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

// A layer of each kind there is, and a group.
Results all_kinds() {
  Results results;
  results.layers = {layer_of("encoder.0", 4, signed_at({0.5, 0.2})),
                    layer_of("encoder.0", 4, signed_at({0.5, 0.2}), "<b>three</b>"), layer_of(kHostile, 3),
                    layer_of("one", 1), layer_of("wide", 5, with_planes(PlaneChoice::Kind::kNone))};
  return results;
}

TEST(FiguresTest, EveryLayerHasItsFiguresAndEqualResultsEqualBytes) {
  const Results results = all_kinds();
  ScratchFolder first, second;
  const WrittenFigures written = write_figures(results, first.path());
  write_figures(Results{{}, {layer_of("other", 6, at({0.3}))}},
                second.path());  // what was drawn before changes nothing
  EXPECT_EQ(write_figures(results, second.path()).files, written.files);
  EXPECT_THAT(written.files, Contains("encoder.0-curve.svg"));
  const std::set<std::string> files(written.files.begin(), written.files.end());
  EXPECT_EQ(files.size(), written.files.size());
  EXPECT_EQ(std::ssize(files), first.num_files());  // nothing is left half-written
  for (const char* kind : {"curve", "polar", "signed", "planes", "classes"}) {
    EXPECT_TRUE(files.contains(fmt::format("encoder.0-{}.png", kind))) << kind;
  }
  EXPECT_TRUE(files.contains("layers.svg") && files.contains("layers.png") && files.contains("wide-curve.svg"));
  EXPECT_FALSE(files.contains("wide-planes.svg") || files.contains("wide-signed.svg") ||
               files.contains("wide-classes.svg"));
  for (const std::string& name : written.files) {
    const std::string bytes = bytes_of(first / name);
    EXPECT_EQ(bytes, bytes_of(second / name)) << name;
    if (name.ends_with(".svg")) {
      EXPECT_TRUE(is_well_formed(bytes)) << name;
      EXPECT_THAT(bytes, AllOf(HasSubstr("role=\"img\""), HasSubstr("<title>"), HasSubstr("<desc>"))) << name;
      EXPECT_THAT(bytes, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\x1b")))) << name;
    } else {
      EXPECT_GE(decoded(bytes).width, static_cast<png_uint_32>(4 * figures::kColumnWidth)) << name;
    }
  }
}

TEST(FiguresTest, WhatCannotBeDrawnIsToldInWords) {
  Results results;
  results.layers = {layer_of("one", 1), layer_of("wide", 5, with_planes(PlaneChoice::Kind::kNone))};
  ResonanceParts unseen = test::small_parts();
  unseen.counts = unseen.holistic_counts = std::vector<std::int64_t>(8);
  unseen.plane_hits = {0, 0};
  unseen.scores = {};
  unseen.scores.cosine_sum = unseen.scores.num_hits = {0, 0};
  unseen.num_samples_seen = unseen.num_samples_zero_norm = unseen.num_samples_nonfinite = 0;
  unseen.address = "unseen";
  results.layers.emplace_back(unseen);
  unseen.num_samples_seen = unseen.num_samples_zero_norm = 3;
  unseen.address = "zero";
  results.layers.emplace_back(unseen);
  results.layers.push_back(layer_of("empty", 3, at({1.0})));
  results.layers.push_back(layer_of("many", 3, at({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7})));
  ScratchFolder folder;
  const WrittenFigures written = write_figures(results, folder.path());
  EXPECT_THAT(
      written.notes,
      ElementsAre(HasSubstr("one: words in place of its curves. There are no planes"),
                  HasSubstr("wide: no map of its planes, since not every plane has a table"),
                  HasSubstr("unseen: words in place of its curves. No rows were seen"),
                  HasSubstr("zero: words in place of its curves. No row has a direction"),
                  HasSubstr("empty: words in place of its curves. No row is inside the spotlight at \u03b5 = 1"),
                  HasSubstr("many: the first 6 of 7 epsilons are drawn")));
  EXPECT_THAT(bytes_of(folder / "unseen-curve.svg"), HasSubstr("<desc>No rows were seen.</desc>"));
  EXPECT_THAT(write_figures(Results{}, folder.path()).notes, ElementsAre("the result holds no layer"));
}

TEST(FiguresTest, AVeryLongNameTakesNoLonger) {
  Results results;
  results.layers = {layer_of(std::string(50000, 'w'), 3), layer_of(std::string(50000, 'w') + "x", 3)};
  ScratchFolder folder;
  EXPECT_EQ(write_figures(results, folder.path()).files.size(), 14U);
  // No wider than a page, whatever the names are.
  EXPECT_LE(decoded(bytes_of(folder / "layers.png")).width, static_cast<unsigned>(4 * figures::kPageWidth));
}

TEST(FiguresTest, AFolderThatCannotBeWrittenIsAnError) {
  const Results results = all_kinds();
  ScratchFolder folder;
  EXPECT_THAT([&] { write_figures(results, folder / "none"); }, ThrowsMessage<Error>(HasSubstr("No such file")));
  const FileSizeLimit limit(2000);
  EXPECT_THROW(write_figures(results, folder.path()), Error);
  EXPECT_EQ(folder.num_files(), 0);
}

TEST(FiguresTest, AnExtremelyLongStripIsStillAPicture) {
  const Resonance layer = layer_of("a", 3);
  figures::StripRow row = figures::layer_rows(Results{{}, {layer}})[0];
  row.log2_ratios.clear();
  const Picture picture = decoded(figures::png_of(figures::strip_figure("Layers", layer, std::vector(1500, row))));
  EXPECT_LE(picture.height, 32767U);
}

TEST(FiguresTest, ATrainingHasATimelineAPhase) {
  History history;
  for (std::int64_t step = 0; step < 4; ++step) {
    Window window{step * 10, "training", {{"loss & <b>", 4.0 - static_cast<double>(step)}}, {}};
    for (int k = 0; k < 8; ++k) {
      LayerWindow layer = window_of(layer_of(fmt::format("layer.{}", k), 4));
      layer.a4 = 0.1 * k + 0.01 * static_cast<double>(step * step);  // no straight line, whose points are joined
      window.layers.push_back(layer);
    }
    history.windows.push_back(window);
  }
  history.windows.push_back({30, "eval/<uation>", {}, {window_of(layer_of(kHostile, 4))}});
  history.num_bytes_torn = 3;
  ScratchFolder folder, again;
  const WrittenFigures written = write_figures(history, folder.path());
  ASSERT_EQ(written.files.size(), 4U);
  EXPECT_EQ(written.files[0], "training-timeline.svg");
  EXPECT_THAT(written.files[2], testing::StartsWith("eval_uation_-"));
  EXPECT_THAT(written.notes, ElementsAre(HasSubstr("torn (3 bytes)")));
  write_figures(history, again.path());
  for (const std::string& file : written.files) EXPECT_EQ(bytes_of(folder / file), bytes_of(again / file)) << file;
  const std::string svg = bytes_of(folder / "training-timeline.svg");
  EXPECT_TRUE(is_well_formed(svg) && is_well_formed(bytes_of(folder / written.files[2])));
  EXPECT_THAT(svg, HasSubstr("loss &amp; &lt;b&gt;: 4 at first, 1 at last."));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_EQ(first_line_of(svg).size(), 4U);
  EXPECT_THAT(write_figures(History{}, folder.path()).notes, ElementsAre("no window was closed"));
}

TEST(FigureFileNamesTest, StayWhatTheyAreOrGetEightDigits) {
  figures::FileNames names;
  EXPECT_EQ(names("encoder.0_act-2"), "encoder.0_act-2");
  const std::string tanh = names("block.1/tanh");
  EXPECT_THAT(tanh, testing::MatchesRegex("block\\.1_tanh-[0-9a-f]{8}"));
  EXPECT_NE(names("block.1:tanh"), tanh);
  EXPECT_EQ(names("block.1/tanh"), tanh + "-2");
  EXPECT_EQ(names("ENCODER.0_act-2"), "ENCODER.0_act-2-2");  // for disks that tell no case
  EXPECT_THAT(names("../../etc/passwd"), testing::MatchesRegex("_.._etc_passwd-[0-9a-f]{8}"));
  EXPECT_THAT(names("."), testing::MatchesRegex("layer-[0-9a-f]{8}"));
  EXPECT_THAT(names(""), testing::MatchesRegex("layer-[0-9a-f]{8}"));
  EXPECT_THAT(names(std::string(5000, 'x')).size(), 89U);
  EXPECT_THAT(names(kHostile), testing::MatchesRegex("[A-Za-z0-9._-]+"));
  EXPECT_EQ(figures::FileNames()("block.1/tanh"), tanh);  // whatever other layers there are
}

}  // namespace
}  // namespace srm
