#include "files/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void write_file(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

TEST(AtomicFile, TakesItsNameAtCommitAndReplacesAnOlderFile) {
  const ScratchFolder folder;
  const auto path = folder / "report.txt";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new ");
    file.write(std::string(200000, 'x'));
    EXPECT_EQ(bytes_of(path), "old");
    file.commit();
  }
  EXPECT_EQ(bytes_of(path), "new " + std::string(200000, 'x'));
  EXPECT_EQ(folder.num_files(), 1);
}

TEST(AtomicFile, LeavesNothingWhenItIsNotCommitted) {
  const ScratchFolder folder;
  { AtomicFile(folder / "report.txt").write("half"); }
  EXPECT_EQ(folder.num_files(), 0);
}

TEST(AtomicFile, FullDiskIsAnErrorAndTheOlderFileStays) {
  const ScratchFolder folder;
  const auto path = folder / "report.txt";
  write_file(path, "old");
  const FileSizeLimit limit(100000);
  EXPECT_THAT([&] { write_file(path, std::string(300000, 'x')); },
              ThrowsMessage<Error>(AllOf(HasSubstr("report.txt"), HasSubstr("must fit on the disk"))));
  EXPECT_EQ(bytes_of(path), "old");
  EXPECT_EQ(folder.num_files(), 1);
}

TEST(AtomicFile, ReplacesTheFileBehindALink) {
  const ScratchFolder folder;
  write_file(folder / "real.txt", "old");
  std::filesystem::create_symlink("real.txt", folder / "link.txt");
  write_file(folder / "link.txt", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.txt"));
  EXPECT_EQ(bytes_of(folder / "real.txt"), "new");
}

TEST(AtomicFile, MakesTheFileThatALinkLeadsTo) {
  const ScratchFolder folder;
  std::filesystem::create_symlink("real.txt", folder / "link.txt");
  write_file(folder / "link.txt", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.txt"));
  EXPECT_EQ(bytes_of(folder / "real.txt"), "new");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_THAT([&] { AtomicFile(folder / "loop"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("loop]"), HasSubstr("links that lead to each other"))));
}

TEST(AtomicFile, RefusesFoldersDevicesAndMissingFolders) {
  const ScratchFolder folder;
  EXPECT_THAT([&] { AtomicFile(folder.path()); }, ThrowsMessage<Error>(HasSubstr("got a folder")));
  EXPECT_THAT([&] { AtomicFile("/dev/full"); }, ThrowsMessage<Error>(HasSubstr("a device")));
  EXPECT_THAT([&] { AtomicFile(folder / "missing" / "report.txt"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("report.txt"), HasSubstr("name a folder that exists"))));
}

}  // namespace
}  // namespace srm
