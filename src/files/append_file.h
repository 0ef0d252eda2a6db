#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace srm {

/// A file that only grows, by whole pieces: what cannot be written whole is taken away again. Not thread-safe; of two
/// writers of one file the second is refused.
class AppendFile {
 public:
  /// Opens the file, or makes it; `what` it is, "history", stands in errors. Throws srm::Error when it cannot be
  /// written or is being written.
  AppendFile(const std::filesystem::path& path, std::string what);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// All bytes of a file; throws srm::Error when it cannot be read.
  static std::string read(const std::filesystem::path& path, const std::string& what);
  std::string read() const { return read(path_, what_); }

  /// Keeps no more than the first `num_bytes`; what is appended comes behind them. To be called once, before append().
  void cut_to(std::int64_t num_bytes);
  /// Appends and brings it to the disk. Throws srm::Error when the disk is full or the system refuses; then the file is
  /// what it was before.
  void append(std::string_view bytes);

 private:
  [[noreturn]] void take_back(const char* rule, int error_number);
  [[noreturn]] void fail(const std::string& rule, int error_number) const;

  std::filesystem::path path_;
  std::string what_;
  int descriptor_ = -1;
  std::int64_t num_bytes_ = 0;  // that are whole
  bool is_broken_ = false;
};

}  // namespace srm
