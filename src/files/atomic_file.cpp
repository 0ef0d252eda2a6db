#include "files/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <system_error>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

constexpr int kMostLinks = 40;  // as many as Linux follows
constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// Beside its place, since a rename is one step only within a file system; short, since `path` may have the longest
// name that the system takes.
std::filesystem::path part_path_of(const std::filesystem::path& path) {
  static std::atomic<int> number = 0;
  return folder_of(path) / fmt::format(".torchsrm-{}-{}.part", getpid(), number++);
}

// The process that writes a file called as part_path_of() does; none for other files.
std::optional<pid_t> writer_of(const std::string& name) {
  pid_t process = 0;
  int number = 0, end = 0;
  const bool is_part = std::sscanf(name.c_str(), ".torchsrm-%d-%d.part%n", &process, &number, &end) == 2;
  return is_part && end == static_cast<int>(name.size()) && process > 0 ? std::optional(process) : std::nullopt;
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path_, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error(path_.string(), "the output must be a new file or replace one",
                std::filesystem::is_directory(status) ? "a folder" : "a device, pipe or socket", "name a file");
  }
  // What a link leads to is written, also where there is nothing yet; the link stays.
  for (int k = 0; std::filesystem::is_symlink(path_, error); ++k) {
    if (k == kMostLinks) {
      throw Error(path.string(), "the output must be a new file or replace one", "links that lead to each other",
                  "name a file");
    }
    path_ = folder_of(path_) / std::filesystem::read_symlink(path_, error);
  }
  do {
    part_path_ = part_path_of(path_);
    descriptor_ = open(part_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) {
    const int error_number = errno;
    part_path_.clear();
    fail("a file must be possible in this folder", error_number);
  }
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!part_path_.empty()) unlink(part_path_.c_str());
}

void remove_abandoned_parts(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> abandoned;
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
    const auto process = writer_of(file->path().filename().string());
    if (process && kill(*process, 0) != 0 && errno == ESRCH) abandoned.push_back(file->path());
  }
  for (const auto& part : abandoned) std::filesystem::remove(part, error);
}

void AtomicFile::write(const void* data, std::size_t num_bytes) {
  if (buffer_.size() + num_bytes > kBufferBytes) flush();
  if (num_bytes > kBufferBytes) {
    write_through(static_cast<const char*>(data), num_bytes);
  } else {
    buffer_.append(static_cast<const char*>(data), num_bytes);
  }
}

void AtomicFile::write_at(std::uint64_t offset, const void* data, std::size_t num_bytes) {
  flush();
  const char* rest = static_cast<const char*>(data);
  while (num_bytes > 0) {
    const ssize_t written = pwrite(descriptor_, rest, num_bytes, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("the whole file must fit on the disk", errno);
    rest += written;
    offset += static_cast<std::uint64_t>(written);
    num_bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::flush() {
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void AtomicFile::commit() {
  flush();
  if (fsync(descriptor_) != 0) fail("the file must reach the disk", errno);
  // Some file systems report a full disk only here.
  const int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("the file must reach the disk", errno);
  if (rename(part_path_.c_str(), path_.c_str()) != 0) fail("the finished file must be possible to rename", errno);
  part_path_.clear();
  // So that the name outlives a power cut; the file is there whether or not the system can promise that.
  const int folder = open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

void AtomicFile::write_through(const char* data, std::size_t num_bytes) {
  while (num_bytes > 0) {
    const ssize_t written = ::write(descriptor_, data, num_bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("the whole file must fit on the disk", errno);
    data += written;
    num_bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::fail(std::string_view rule, int error_number) const {
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  throw Error(path_.string(), rule, std::system_category().message(error_number),
              is_full ? "free some space or name another folder; nothing was left half-written"
                      : "name a folder that exists and that you may write to");
}

}  // namespace srm
