#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "files/zip_archive.h"

namespace srm {

/// The types of numbers that a `.npy` file may hold here.
enum class NumberType {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat16,
  kFloat32,
  kFloat64
};

/// "bool", "int8", ..., "float64", as NumPy calls them.
const char* to_string(NumberType type);

/// An array as NumPy saved it, turned into this machine's byte order and C order (the last index runs fastest).
struct NpyArray {
  NumberType type = NumberType::kFloat64;
  std::vector<std::int64_t> shape;
  std::size_t num_elements = 1;       ///< product of the shape
  std::shared_ptr<std::byte[]> data;  ///< (num_elements) numbers of `type`

  /// The numbers themselves; T must be of the type's size, which is not checked.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(data.get()), num_elements};
  }
  /// The numbers as float64, exact but for integers above 2^53.
  std::vector<double> to_doubles() const;
};

/// Reads a `.npy` file of version 1 to 3. Throws srm::Error for damaged files, and for complex numbers, text, objects
/// and structures.
NpyArray read_npy(const std::filesystem::path& path);

/// The names of the arrays of a `.npz`: its members without their ".npy".
std::vector<std::string> npz_keys(const ZipArchive& archive);

/// Reads the array `key` of a `.npz`, stored or deflated; throws srm::Error as read_npy(), and naming the keys there
/// are.
NpyArray read_npz(const ZipArchive& archive, const std::string& key);

}  // namespace srm
