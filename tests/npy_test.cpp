#include "files/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "file_bytes.h"
#include "files/input_file.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::filesystem::path kData = std::filesystem::path(TORCHSRM_TEST_DATA) / "io";

std::vector<double> counting(std::size_t count, double first = 0) {
  std::vector<double> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

NpyArray array(const std::string& key) { return read_npz(ZipArchive(kData / "arrays.npz"), key); }

TEST(Npy, EveryTypeOfNumberIsReadFromADeflatedArchive) {
  for (const char* name :
       {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"}) {
    const NpyArray read = array(name);
    EXPECT_STREQ(to_string(read.type), name);
    EXPECT_THAT(read.shape, ElementsAre(3, 4));
    EXPECT_EQ(read.to_doubles(), counting(12)) << name;
  }
  const NpyArray flags = array("bool");
  EXPECT_STREQ(to_string(flags.type), "bool");
  for (std::size_t k = 0; k < 12; ++k) EXPECT_EQ(flags.values<bool>()[k], k % 3 == 0);
  EXPECT_EQ(array("negative").to_doubles()[11], -11);
}

TEST(Npy, OtherByteAndIndexOrdersComeOutInOurs) {
  for (const char* name : {"big_endian_float", "big_endian_integer", "fortran", "fortran_big_endian"}) {
    const NpyArray read = array(name);
    EXPECT_THAT(read.shape, ElementsAre(2, 3, 4)) << name;
    EXPECT_EQ(read.to_doubles(), counting(24)) << name;
  }
  const NpyArray transposed = array("transposed");
  EXPECT_THAT(transposed.shape, ElementsAre(4, 3));
  EXPECT_THAT(std::vector<float>(transposed.values<float>().begin(), transposed.values<float>().begin() + 4),
              ElementsAre(12, 16, 20, 13));
}

TEST(Npy, HalfPrecisionKeepsEveryValue) {
  const std::vector<double> read = array("half_values").to_doubles();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> wanted = {0,        -0.0,     1.5, -2.25, 65504, std::ldexp(1, -24), std::ldexp(1, -14),
                                      infinity, -infinity};
  EXPECT_EQ(std::vector<double>(read.begin(), read.end() - 1), wanted);
  EXPECT_TRUE(std::signbit(read[1]));
  EXPECT_TRUE(std::isnan(read.back()));
}

TEST(Npy, SingleNumbersAndEmptyArraysHaveTheirShapes) {
  EXPECT_TRUE(array("one_number").shape.empty());
  EXPECT_THAT(array("one_number").to_doubles(), ElementsAre(2.5));
  EXPECT_THAT(array("no_rows").shape, ElementsAre(0, 3));
  EXPECT_TRUE(array("no_rows").to_doubles().empty());
}

TEST(Npy, EveryVersionOfTheFormatIsRead) {
  for (const char* name : {"plain.npy", "version_2.npy", "version_3.npy"}) {
    EXPECT_EQ(read_npy(kData / name).to_doubles(), counting(12)) << name;
  }
  const ScratchFolder folder;
  std::string bytes = bytes_of(kData / "plain.npy");
  bytes[6] = 4;
  EXPECT_THAT([&] { read_npy(write_bytes(folder / "x.npy", bytes)); }, ThrowsMessage<Error>(HasSubstr("version 4")));
}

TEST(Npy, WhatIsNoArrayOfNumbersIsRefusedByName) {
  EXPECT_THAT([] { array("complex"); }, ThrowsMessage<Error>(HasSubstr("the NumPy type '<c8'")));
  EXPECT_THAT([] { array("text"); }, ThrowsMessage<Error>(HasSubstr("the NumPy type '<U3'")));
  EXPECT_THAT([] { array("objects"); }, ThrowsMessage<Error>(HasSubstr("the NumPy type '|O'")));
  EXPECT_THAT([] { array("structure"); }, ThrowsMessage<Error>(HasSubstr("a structure")));
  EXPECT_THAT([] { read_npz(ZipArchive(kData / "stored.npz"), "weights"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'weights'"), HasSubstr("choose from activations, labels"))));
}

TEST(Npy, AFileThatIsCutShortOrTooLongIsRefused) {
  const ScratchFolder folder;
  const std::string bytes = bytes_of(kData / "plain.npy");
  const auto path = write_bytes(folder / "cut.npy", bytes);
  for (std::size_t size = bytes.size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    EXPECT_THROW(read_npy(path), Error) << size;
  }
  EXPECT_THAT([&] { read_npy(write_bytes(folder / "long.npy", bytes + "x")); },
              ThrowsMessage<Error>(HasSubstr("49 bytes for float32 of shape (3, 4), which takes 48")));
}

TEST(Npy, AHeaderThatClaimsTooMuchTakesNoMemory) {
  const ScratchFolder folder;
  std::string bytes = bytes_of(kData / "plain.npy");
  bytes.replace(bytes.find("(3, 4)"), 6, "(9999999999999, 9999999999999)").resize(bytes.size());
  EXPECT_THROW(read_npy(write_bytes(folder / "x.npy", bytes)), Error);
  bytes.replace(bytes.find("(9999999999999, 9999999999999)"), 30, "(999999999, 99999)            ");
  EXPECT_THROW(read_npy(write_bytes(folder / "x.npy", bytes)), Error);
}

// Damage that changes no number (names, dates, padding) is no error; damage that changes one always is.
TEST(Npy, EveryChangedByteOfAnArchiveIsHarmlessOrRefused) {
  const ScratchFolder folder;
  for (const char* name : {"stored.npz", "only.npz"}) {
    const std::string bytes = bytes_of(kData / name);
    const auto path = write_bytes(folder / name, bytes);
    int num_refused = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      for (const int mask : {0x01, 0x80, 0xff}) {
        flip_bits(path, place, mask);
        try {
          const ZipArchive archive(path);
          for (const std::string& key : npz_keys(archive)) {
            EXPECT_EQ(read_npz(archive, key).to_doubles(), counting(12)) << name << " at " << place;
          }
        } catch (const Error&) {
          ++num_refused;
        }
        flip_bits(path, place, mask);
      }
    }
    EXPECT_GT(num_refused, 150);
    for (std::size_t size = bytes.size() - 1; size > 3; size -= 3) {
      std::filesystem::resize_file(path, size);
      EXPECT_THROW(ZipArchive archive(path), Error) << size;
    }
  }
}

TEST(InputFile, KindsAreToldApartByContent) {
  const ScratchFolder folder;
  EXPECT_EQ(file_kind(kData / "plain.npy"), FileKind::kNpy);
  EXPECT_EQ(file_kind(kData / "only.npz"), FileKind::kZip);
  EXPECT_EQ(file_kind(write_bytes(folder / "x.npy", "\x80\x04pickle")), FileKind::kPickle);
  EXPECT_EQ(file_kind(write_bytes(folder / "x.txt", "words")), FileKind::kOther);
}

TEST(InputFile, MissingFoldersAndEmptyFilesHaveErrorsOfTheirOwn) {
  const ScratchFolder folder;
  EXPECT_THAT([&] { file_kind(folder / "none.pt"); }, ThrowsMessage<Error>(HasSubstr("no file of that name")));
  EXPECT_THAT([&] { file_kind(folder.path()); }, ThrowsMessage<Error>(HasSubstr("got a folder")));
  EXPECT_THAT([&] { file_kind(write_bytes(folder / "x.pt", "")); }, ThrowsMessage<Error>(HasSubstr("an empty file")));
}

TEST(InputFile, AKeyFollowsTheLastColonUnlessTheWholeIsAFile) {
  const ScratchFolder folder;
  EXPECT_EQ(split_file_and_key("a.npz:x").path, "a.npz");
  EXPECT_EQ(split_file_and_key("a.npz:x").key, "x");
  EXPECT_EQ(split_file_and_key("a.npz").key, "");
  const auto path = write_bytes(folder / "a:b.npz", "x");
  EXPECT_EQ(split_file_and_key(path.string()).path, path);
  EXPECT_EQ(split_file_and_key(path.string() + ":c").key, "c");
}

}  // namespace
}  // namespace srm
