#pragma once

#include <filesystem>
#include <string>

namespace srm::cli {

/// The result file that a word on the command line names: itself, or results.srm.pt in it if it is a folder.
inline std::filesystem::path result_path(const std::string& word) {
  std::error_code ignored;
  const std::filesystem::path path = word;
  return std::filesystem::is_directory(path, ignored) ? path / "results.srm.pt" : path;
}

}  // namespace srm::cli
