#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace srm {

/// A file that appears whole or not at all: it is written beside its place and takes it at commit(); until then, and
/// when anything fails, an older file of that name stays as it was. Not thread-safe.
class AtomicFile {
 public:
  /// Opens a new file in the folder of `path` (of what it points to, if it is a link). Throws srm::Error when `path` is
  /// something other than a file, or its folder cannot be written.
  explicit AtomicFile(const std::filesystem::path& path);
  /// Removes what was written unless it was committed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; throws srm::Error when the disk is full or the system refuses.
  void write(const void* data, std::size_t num_bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Replaces `num_bytes` bytes of what was written, from `offset` on, all of which must be there; throws likewise.
  void write_at(std::uint64_t offset, const void* data, std::size_t num_bytes);

  /// Brings everything to the disk and gives the file its name. Nothing may be written afterwards.
  void commit();

 private:
  void write_through(const char* data, std::size_t num_bytes);
  void flush();
  [[noreturn]] void fail(std::string_view rule, int error_number) const;

  std::filesystem::path path_;
  std::filesystem::path part_path_;  // empty once it has its name
  int descriptor_ = -1;
  std::string buffer_;
};

/// Removes what processes that were killed left half-written in `folder`; what fails stays.
void remove_abandoned_parts(const std::filesystem::path& folder);

}  // namespace srm
