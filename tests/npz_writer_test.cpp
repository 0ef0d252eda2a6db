#include "files/npz_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "files/npy.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

TEST(NpzWriterTest, WhatIsWrittenIsReadBack) {
  const ScratchFolder folder;
  const std::vector<std::int64_t> integers = {1, -2, std::int64_t{1} << 60, 0, 5, 6};
  NpzWriter writer(folder / "a.npz");
  writer.add("layer0/counts", {2, 3}, integers);
  writer.add_copy("one", {}, std::vector<double>{0.1});
  writer.add_copy("none", {0, 7}, std::vector<double>{});
  writer.add_copy("list", {3}, std::vector<double>{1.5, -0.0, 1e300});
  EXPECT_FALSE(std::filesystem::exists(folder / "a.npz")) << "whole or not at all";
  writer.commit();
  const ZipArchive archive(folder / "a.npz");
  EXPECT_THAT(npz_keys(archive), ElementsAre("layer0/counts", "one", "none", "list"));
  const NpyArray counts = read_npz(archive, "layer0/counts");
  EXPECT_EQ(counts.type, NumberType::kInt64);
  EXPECT_THAT(counts.shape, ElementsAre(2, 3));
  EXPECT_THAT(counts.values<std::int64_t>(), testing::ElementsAreArray(integers));
  EXPECT_THAT(read_npz(archive, "one").shape, IsEmpty());
  EXPECT_THAT(read_npz(archive, "one").values<double>(), ElementsAre(0.1));
  EXPECT_THAT(read_npz(archive, "none").shape, ElementsAre(0, 7));
  EXPECT_THAT(read_npz(archive, "list").values<double>(), ElementsAre(1.5, -0.0, 1e300));
}

TEST(NpzWriterTest, ArraysBeginWhereNumpyAlignsThem) {
  const ScratchFolder folder;
  NpzWriter writer(folder / "a.npz");
  writer.add_copy("a", {2}, std::vector<double>{1, 2});
  writer.commit();
  const std::string npy = ZipArchive(folder / "a.npz").read_text("a.npy");
  EXPECT_EQ(npy.size() % 64, 16u);
  EXPECT_THAT(npy, HasSubstr("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"));
}

TEST(NpzWriterTest, TextsHaveTheWidthOfTheLongestAndAllThatUnicodeHas) {
  const ScratchFolder folder;
  NpzWriter writer(folder / "a.npz");
  writer.add_texts("names", {3}, {"a", "\u00e9\U0001F600z", ""});
  writer.add_texts("empty", {1}, {""});
  writer.commit();
  const ZipArchive archive(folder / "a.npz");
  const std::string npy = archive.read_text("names.npy");
  EXPECT_THAT(npy, HasSubstr("'<U3'"));
  std::u32string points(9, U'\0');
  npy.copy(reinterpret_cast<char*>(points.data()), 36, npy.size() - 36);
  EXPECT_EQ(points, std::u32string(U"a\0\0\u00e9\U0001F600z\0\0\0", 9));
  EXPECT_THAT(archive.read_text("empty.npy"), HasSubstr("'<U1'"));
}

TEST(NpzWriterTest, EqualArraysGiveEqualBytes) {
  const ScratchFolder folder;
  for (const char* name : {"a.npz", "b.npz"}) {
    NpzWriter writer(folder / name);
    writer.add_copy("x", {1}, std::vector<double>{1});
    writer.add_texts("y", {}, {"text"});
    writer.commit();
  }
  EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(folder / "b.npz"));
  EXPECT_EQ(folder.num_files(), 2);
}

TEST(NpzWriterTest, WrongNumbersAndNamesThatAreThereAreErrors) {
  const ScratchFolder folder;
  NpzWriter writer(folder / "a.npz");
  EXPECT_THAT(
      [&] {
        writer.add_copy("x", {2, 2}, std::vector<double>{1});
      },
      ThrowsMessage<Error>(AllOf(HasSubstr("npz x"), HasSubstr("1 for (2, 2)"))));
  writer.add_copy("x", {1}, std::vector<double>{1});
  EXPECT_THAT([&] { writer.add_copy("x", {1}, std::vector<double>{1}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("name of its own"), HasSubstr("x.npy"))));
}

TEST(NpzWriterTest, AFullDiskIsAnErrorAndLeavesNothing) {
  const ScratchFolder folder;
  {
    NpzWriter writer(folder / "a.npz");
    writer.add_copy("x", {100000}, std::vector<double>(100000, 1.0));
    const FileSizeLimit limit(300000);
    EXPECT_THAT([&] { writer.commit(); }, ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  }
  EXPECT_EQ(folder.num_files(), 0);
  EXPECT_THAT([&] { NpzWriter(folder / "missing" / "a.npz"); }, ThrowsMessage<Error>(HasSubstr("folder")));
}

}  // namespace
}  // namespace srm
