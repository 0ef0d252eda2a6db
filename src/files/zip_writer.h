#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace srm {

/// A zip archive that is written: members as they are (stored), dated 1980, so that equal members give equal bytes. It
/// appears whole at commit() or not at all. Not thread-safe.
class ZipWriter {
 public:
  /// Throws srm::Error when no file can be written there.
  explicit ZipWriter(const std::filesystem::path& path);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  /// Adds a member of `num_bytes` bytes, which are read at commit() and must stay until then. Throws srm::Error for a
  /// name that is there already.
  void add(const std::string& name, const void* data, std::size_t num_bytes);
  /// The same of a head and what follows it, without joining them in memory.
  void add(const std::string& name, const std::string& head, const void* data, std::size_t num_bytes);

  /// Writes everything and gives the file its name; throws srm::Error when it does not fit on the disk. Nothing may be
  /// added afterwards.
  void commit();

 private:
  struct Target;
  std::unique_ptr<Target> target_;
};

}  // namespace srm
