#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct zip;
struct zip_file;

namespace srm {

/// One member of a zip archive, read from its beginning; lives no longer than its archive. Not thread-safe.
class ZipMember {
 public:
  /// Bytes after decompression.
  std::uint64_t num_bytes() const { return num_bytes_; }
  /// The next `num_bytes` bytes; throws srm::Error when there are fewer, or they are damaged.
  void read(void* data, std::size_t num_bytes);
  /// Ends the reading; throws srm::Error unless everything was read and matches the archive's checksum.
  void finish();

 private:
  friend class ZipArchive;
  struct Close {
    void operator()(zip_file* file) const;
  };
  ZipMember() = default;

  std::string where_;
  std::uint64_t num_bytes_ = 0;
  std::unique_ptr<zip_file, Close> file_;
};

/// A zip archive that is read, stored and deflated members; what is read is checked against its checksums.
class ZipArchive {
 public:
  /// Throws srm::Error when the file cannot be read, is cut short or is no zip archive.
  explicit ZipArchive(const std::filesystem::path& path);
  /// The same in memory, which must outlive it; `name` stands in messages where the path would.
  ZipArchive(std::string name, std::string_view bytes);

  const std::string& path() const { return path_; }
  /// The members' names in the archive's order.
  const std::vector<std::string>& names() const { return names_; }
  bool contains(std::string_view name) const;
  /// Throws srm::Error when there is no such member, or it claims more bytes than the archive can hold.
  ZipMember open(const std::string& name) const;
  /// The whole of a member.
  std::string read_text(const std::string& name) const;

 private:
  struct Close {
    void operator()(zip* archive) const;
  };

  void list_names();

  std::string path_;
  std::uint64_t num_file_bytes_;
  std::unique_ptr<zip, Close> archive_;
  std::vector<std::string> names_;
};

}  // namespace srm
