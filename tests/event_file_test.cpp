#include "tensorboard/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/history.h"
#include "srm/statistics.h"
#include "tensorboard/window_events.h"

namespace srm::tensorboard {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::ThrowsMessage;

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

LayerWindow layer_window() {
  LayerWindow layer;
  layer.address = "code";
  layer.dim = layer.num_vectors = 16;
  layer.num_planes = 120;
  layer.num_samples_seen = 100;
  layer.a4 = 0.25;
  layer.epsilon = {0.4};
  layer.c4 = {-0.5};
  layer.num_hits = {70};
  layer.num_angles = 4;
  layer.holistic_counts = {600, 720, 600, 720};
  return layer;
}

// As TensorFlow's own tests have it: the CRC-32C of 32 zeros is 0x8a9136aa, of "123456789" 0xe3069283; masked, that is
// turned right by 15 bits and 0xa282ead8 more.
TEST(EventFileTest, RecordsHaveTheMaskedChecksumsOfTheFormat) {
  const std::string record = framed("123456789");
  EXPECT_EQ(hex(record.substr(0, 8)), "0900000000000000");
  EXPECT_EQ(hex(record.substr(12, 9)), "313233343536373839");
  const std::uint32_t masked = ((0xe3069283U >> 15) | (0xe3069283U << 17)) + 0xa282ead8U;
  std::uint32_t kept = 0;
  for (std::size_t k = 0; k < 4; ++k) kept |= std::uint32_t{static_cast<unsigned char>(record[21 + k])} << (8 * k);
  EXPECT_EQ(kept, masked);
}

TEST(EventFileTest, EventsAreThoseOfTheProtobufs) {
  const ScratchFolder folder;
  EventFile file(folder / "runs" / "one", 1.5);
  file.append({300, 2.0}, {{"loss", 0.5}}, {});
  const std::string bytes = bytes_of(file.path());
  // wall_time 1.5 and file_version; then a session that starts; then step 300 and a summary of one value.
  EXPECT_EQ(hex(bytes.substr(12, 24)), "09000000000000f83f1a0d627261696e2e4576656e743a32");
  EXPECT_THAT(hex(bytes), HasSubstr("09000000000000004010ac023a020801"));
  EXPECT_THAT(hex(bytes), HasSubstr("09000000000000004010ac022a0d0a0b0a046c6f7373150000003f"));
  EXPECT_THAT(file.path().filename().string(), StartsWith("events.out.tfevents.0000000001."));
  EventFile other(folder / "runs" / "one", 1.5);
  EXPECT_NE(other.path(), file.path());
}

TEST(EventFileTest, WhatDoesNotFitIsTakenBack) {
  const ScratchFolder folder;
  EventFile file(folder / "run", 1.5);
  const std::string before = bytes_of(file.path());
  {
    const FileSizeLimit limit(before.size() + 20);
    EXPECT_THAT(
        [&] {
          file.append({1, 2.0}, {{"loss", 0.5}}, {});
        },
        ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  }
  EXPECT_EQ(bytes_of(file.path()), before);
  file.append({1, 2.0}, {{"loss", 0.5}}, {});
  EXPECT_GT(bytes_of(file.path()).size(), before.size());
  write_bytes(folder / "file", "");
  EXPECT_THAT([&] { EventFile(folder / "file", 1.5); }, ThrowsMessage<Error>(HasSubstr("folder for TensorBoard")));
}

TEST(EventFileTest, AWindowHasItsScoresByLayerAndPhase) {
  Window window{
      7, "evaluation", {{"loss", std::numeric_limits<double>::quiet_NaN()}}, {layer_window(), layer_window()}};
  window.layers[0].p = 0.005;
  window.layers[1].address = ".";
  window.layers[1].a4 = std::numeric_limits<double>::quiet_NaN();
  window.layers[1].epsilon = {0.4, 0.9};
  window.layers[1].c4 = {0.1, std::numeric_limits<double>::quiet_NaN()};
  window.layers[1].drift = BasisDrift{std::numeric_limits<double>::quiet_NaN(), 0.6, 0.5};
  std::vector<std::string> tags;
  for (const Scalar& scalar : scalars_of(window)) tags.push_back(scalar.tag);
  EXPECT_THAT(tags, ElementsAre("loss", "srm/evaluation/code/A4", "srm/evaluation/code/p", "srm/evaluation/code/C4",
                                "srm/evaluation/./C4@0.4", "srm/evaluation/./drift_standard"));
}

// The size is in the file itself: a PNG's first chunk.
TEST(EventFileTest, CurvesArePngs) {
  Window window{7, "training", {}, {layer_window()}};
  const std::vector<Image> images = curves_of(window, true);
  ASSERT_THAT(images, SizeIs(1));
  EXPECT_EQ(images[0].tag, "srm/training/code/curve");
  EXPECT_EQ(hex(images[0].png.substr(0, 8)), "89504e470d0a1a0a");
  EXPECT_EQ(hex(images[0].png.substr(16, 8)), "000001e0000000f0") << "480 x 240";
  EXPECT_NE(images[0].png, curves_of(window, false)[0].png) << "the line of isotropic rows is drawn or not";
  LayerWindow nothing = layer_window();
  nothing.num_samples_seen = 0;
  nothing.holistic_counts = {0, 0, 0, 0};
  EXPECT_THAT(curve_picture(nothing, 0, true).png, testing::Not(IsEmpty()));
  nothing.num_planes = 0;
  nothing.num_angles = 1;
  nothing.is_inclusive = true;
  nothing.holistic_counts = {0};
  EXPECT_THAT(curve_picture(nothing, 0, false).png, testing::Not(IsEmpty())) << "one angle is no line";
}

}  // namespace
}  // namespace srm::tensorboard
