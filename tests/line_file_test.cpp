#include "files/line_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(LineFileTest, AnotherRunGoesOnBehindTheLastWholeLine) {
  const ScratchFolder folder;
  const auto path = folder / "run.jsonl";
  LineFile(path).append("{\"step\":1}");
  EXPECT_EQ(bytes_of(path), "{\"step\":1}\n");
  for (const std::string torn : {"", "{\"ste", "{", "{\"step\":2}"}) {
    write_bytes(path, "{\"step\":1}\n" + torn);
    LineFile(path).append("{\"step\":3}");
    EXPECT_EQ(bytes_of(path), "{\"step\":1}\n{\"step\":3}\n") << torn;
  }
  write_bytes(path, std::string(20, '\0'));
  LineFile(path).append("{}");
  EXPECT_EQ(bytes_of(path), "{}\n");
}

// A name given by mistake must not cost a file.
TEST(LineFileTest, AFileOfSomethingElseIsLeftAlone) {
  const ScratchFolder folder;
  for (const std::string bytes : {"some text", "a table\n1,2\n", "{\"step\":1}\nsome text"}) {
    const auto path = write_bytes(folder / "file", bytes);
    EXPECT_THAT([&] { const LineFile file(path); }, ThrowsMessage<Error>(HasSubstr("an object a line")));
    EXPECT_EQ(bytes_of(path), bytes);
  }
  EXPECT_THAT([&] { const LineFile file(folder.path()); }, ThrowsMessage<Error>(HasSubstr("can be written")));
  const LineFile one(folder / "run.jsonl");
  EXPECT_THAT([&] { const LineFile two(folder / "run.jsonl"); }, ThrowsMessage<Error>(HasSubstr("has one writer")));
}

TEST(LineFileTest, AFullDiskTakesTheLineBack) {
  const ScratchFolder folder;
  const auto path = folder / "run.jsonl";
  LineFile file(path);
  file.append("{\"step\":1}");
  {
    const FileSizeLimit limit(15);
    EXPECT_THAT([&] { file.append("{\"step\":2}"); }, ThrowsMessage<Error>(HasSubstr("free some space")));
  }
  EXPECT_EQ(bytes_of(path), "{\"step\":1}\n");
  file.append("{\"step\":3}");
  EXPECT_EQ(bytes_of(path), "{\"step\":1}\n{\"step\":3}\n");
}

}  // namespace
}  // namespace srm
