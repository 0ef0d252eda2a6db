#include "files/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "srm/error.h"

namespace srm {

AppendFile::AppendFile(const std::filesystem::path& path, std::string what) : path_(path), what_(std::move(what)) {
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(fmt::format("the {} must be a file that can be written", what_), errno);
  struct stat status = {};
  if (fstat(descriptor_, &status) == 0 && !S_ISREG(status.st_mode)) {
    close(descriptor_);
    throw Error(path.string(), fmt::format("a {} must be a file", what_), "something else of that name",
                "name another file");
  }
  // Some shared file systems have no locks; there nobody is kept out.
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor_);
    throw Error(path.string(), fmt::format("a {} has one writer", what_), "another one is writing it",
                "name another file");
  }
}

AppendFile::~AppendFile() { close(descriptor_); }

std::string AppendFile::read(const std::filesystem::path& path, const std::string& what) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file) return bytes;
  throw Error(path.string(), fmt::format("the {} must be a file that can be read", what), "none",
              "name the file of a monitor");
}

void AppendFile::cut_to(std::int64_t num_bytes) {
  num_bytes_ = num_bytes;
  if (ftruncate(descriptor_, num_bytes) != 0)
    fail(fmt::format("the {} must be a file that can be written", what_), errno);
}

void AppendFile::append(std::string_view bytes) {
  if (is_broken_) {
    throw Error(path_.string(), fmt::format("a {} ends with a whole record", what_),
                "a part of one that could not be taken away", "open it again, which cuts that off");
  }
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) take_back("the record must fit on the disk", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fdatasync(descriptor_) != 0) take_back("the record must reach the disk", errno);
  struct stat status = {};
  if (fstat(descriptor_, &status) == 0 && status.st_nlink == 0) {
    take_back(fmt::format("the {} must stay where it is", what_).c_str(), ENOENT);
  }
  num_bytes_ += static_cast<std::int64_t>(bytes.size());
}

void AppendFile::take_back(const char* rule, int error_number) {
  is_broken_ = ftruncate(descriptor_, num_bytes_) != 0;
  fail(rule, error_number);
}

void AppendFile::fail(const std::string& rule, int error_number) const {
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  throw Error(path_.string(), rule, std::system_category().message(error_number),
              is_full ? "free some space; what was written before is whole" : "name a file that you may write");
}

}  // namespace srm
