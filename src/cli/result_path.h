#pragma once

#include <filesystem>
#include <string>

#include "srm/error.h"

namespace srm::cli {

/// The result file that a word on the command line names: itself, or results.srm.pt in it if it is a folder, which must
/// have one (srm::Error).
inline std::filesystem::path result_path(const std::string& word) {
  std::error_code ignored;
  const std::filesystem::path path = word;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  if (!std::filesystem::exists(path / "results.srm.pt", ignored)) {
    const bool has_checkpoint = std::filesystem::exists(path / "checkpoint.srm.pt", ignored);
    throw Error("result " + word, "the folder must hold results.srm.pt", has_checkpoint ? "a checkpoint" : "none",
                has_checkpoint ? "finish that run: the same command with --resume"
                               : "name the --out folder of `torchsrm observe`, or a result file");
  }
  return path / "results.srm.pt";
}

}  // namespace srm::cli
