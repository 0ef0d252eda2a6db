#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace srm {

/// A whole file.
inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

/// Writes a file; gives back its path.
inline std::filesystem::path write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// Changes the bits `mask` of one byte in its place; the same again changes them back.
inline void flip_bits(const std::filesystem::path& path, std::size_t place, int mask) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(place));
  const int byte = file.get() ^ mask;
  file.seekp(static_cast<std::streamoff>(place));
  file.put(static_cast<char>(byte));
}

}  // namespace srm
