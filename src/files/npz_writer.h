#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "files/zip_writer.h"

namespace srm {

/// A `.npz` as numpy.savez() writes it, of arrays in C order that need no pickle: numpy.load(path)["name"]. Equal
/// arrays give equal bytes; the file appears whole at commit() or not at all. Not thread-safe.
class NpzWriter {
 public:
  /// Throws srm::Error when no file can be written there.
  explicit NpzWriter(const std::filesystem::path& path) : archive_(path) {}

  /// int64 or float64 numbers, as many as `shape` says (no sizes: one number), which must stay until commit(). Throws
  /// srm::Error for another number of them, and for a name that is there already.
  void add(const std::string& name, const std::vector<std::int64_t>& shape, std::span<const std::int64_t> values);
  void add(const std::string& name, const std::vector<std::int64_t>& shape, std::span<const double> values);
  /// The same of values that are kept here.
  void add_copy(const std::string& name, const std::vector<std::int64_t>& shape, std::vector<std::int64_t> values);
  void add_copy(const std::string& name, const std::vector<std::int64_t>& shape, std::vector<double> values);
  /// Unicode strings of a fixed width, of UTF-8 (bytes that are none are left out).
  void add_texts(const std::string& name, const std::vector<std::int64_t>& shape,
                 const std::vector<std::string>& texts);

  /// Writes everything; throws srm::Error when it does not fit on the disk.
  void commit() { archive_.commit(); }

 private:
  void add_array(const std::string& name, const std::string& type, const std::vector<std::int64_t>& shape,
                 std::size_t num_elements, const void* data, std::size_t num_bytes);

  ZipWriter archive_;
  std::deque<std::vector<std::int64_t>> integers_;
  std::deque<std::vector<double>> numbers_;
  std::deque<std::u32string> texts_;
};

}  // namespace srm
