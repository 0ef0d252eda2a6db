#include "io/unpickler.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tuple>

#include "files/zip_archive.h"
#include "srm/error.h"

namespace srm {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::filesystem::path kData = std::filesystem::path(TORCHSRM_TEST_DATA) / "io";

at::Tensor zero_storage(const std::string&, std::int64_t num_bytes) {
  if (num_bytes > 1000) throw Error("storage", "it must be small", "more", "ask for less");
  return at::zeros({num_bytes}, at::kByte);
}

c10::IValue read(const std::string& pickle) { return unpickle(pickle, zero_storage, "data.pkl"); }
c10::IValue read_code(const std::string& code) { return read("\x80\x02" + code + "."); }

void expect_refused(const std::string& code, const char* words) {
  EXPECT_THAT([&] { read_code(code); }, ThrowsMessage<Error>(AllOf(HasSubstr("data.pkl"), HasSubstr(words)))) << code;
}

// A tensor of two floats, but for its offset, size and stride.
std::string tensor_code(const std::string& offset, const std::string& size, const std::string& stride) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0k"s
         "X\x03\0\0\0cpuK\x02tQ"s +
         offset + size + stride + "\x89NtR"s;
}

TEST(Unpickler, OperationsWithoutOperandsAreRefused) {
  for (const char* code : {"",
                           "a",
                           "K\x01"
                           "a",
                           "e",
                           "s",
                           "u",
                           "t",
                           "\x85",
                           "\x87",
                           "R",
                           "b",
                           "Q",
                           "q\x01",
                           "h\x01",
                           "(",
                           "(K\x01",
                           "K\x01K\x01",
                           "]K\x01K\x02s",
                           "}(K\x01u",
                           "K\x01(K\x01"
                           "e",
                           "(\x85",
                           "K\x01(\x86"}) {
    EXPECT_THROW(read_code(code), Error) << code;
  }
}

TEST(Unpickler, WhatIsNotPlainIsRefusedByName) {
  expect_refused("cos\nsystem\nX\x02\0\0\0ls\x85R"s, "'os.system'");
  expect_refused("c__builtin__\neval\n", "'__builtin__.eval'");
  expect_refused("\x8a\x09\1\1\1\1\1\1\1\1\1"s, "more than 64 bits");
  expect_refused("}(NK\x01u"s, "a dict with a key of type None");
  expect_refused("ccollections\nOrderedDict\n", "a loose end");
  expect_refused("K\x01)R", "a call of something else");
  EXPECT_THAT([] { read("\x80\x05."); }, ThrowsMessage<Error>(HasSubstr("protocol must be 2 to 4; got 5")));
}

TEST(Unpickler, TensorsStayInsideTheirStorages) {
  EXPECT_EQ(read_code(tensor_code("K\x01"s, "K\x01\x85"s, "K\x01\x85"s)).toTensor().numel(), 1);
  for (const auto& [offset, size, stride] :
       {std::tuple("K\x01"s, "K\x02\x85"s, "K\x01\x85"s), std::tuple("K\x03"s, "K\x01\x85"s, "K\x01\x85"s),
        std::tuple("J\xff\xff\xff\xff"s, "K\x01\x85"s, "K\x01\x85"s),
        std::tuple("K\0"s, "J\xff\xff\xff\xff\x85"s, "K\x01\x85"s),
        std::tuple("K\0"s, "K\x02\x85"s, "J\xff\xff\xff\xff\x85"s), std::tuple("K\0"s, "K\x02\x85"s, "K\x02\x85"s),
        std::tuple("K\0"s, "K\x02\x85"s, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"s),
        std::tuple("K\0"s, "K\x02\x85"s, ")"s), std::tuple("N"s, "K\x02\x85"s, "K\x01\x85"s)}) {
    EXPECT_THROW(read_code(tensor_code(offset, size, stride)), Error);
  }
}

TEST(Unpickler, ContainersAreNotDeepEnoughToExhaustTheStack) {
  EXPECT_NO_THROW(read_code("N" + std::string(400, '\x85')));
  expect_refused("N" + std::string(1000000, '\x85'), "more than 500 deep");
  std::string lists;
  for (int k = 0; k < 100000; ++k) lists += "]";
  expect_refused(lists + std::string(99999, 'a'), "more than 500 deep");
}

// The archive's checksums do not stand in front of these: a writer may have made them so.
TEST(Unpickler, AChangedPickleIsReadOrRefusedAndNeverCrashes) {
  for (const char* name : {"views.pt", "containers.pt", "types.pt", "state_dict.pt", "protocol_4.pt"}) {
    const ZipArchive archive(kData / name);
    const std::string pickle = archive.read_text(std::filesystem::path(name).stem().string() + "/data.pkl");
    int num_refused = 0;
    const auto try_reading = [&](const std::string& changed) {
      try {
        read(changed);
      } catch (const Error&) {
        ++num_refused;
      }
    };
    for (std::size_t place = 0; place < pickle.size(); ++place) {
      try_reading(pickle.substr(0, place));
      for (const int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        std::string changed = pickle;
        changed[place] = static_cast<char>(changed[place] ^ change);
        try_reading(changed);
      }
    }
    EXPECT_GT(num_refused, static_cast<int>(pickle.size())) << name;
  }
}

}  // namespace
}  // namespace srm
