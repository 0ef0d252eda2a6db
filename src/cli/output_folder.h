#pragma once

#include <filesystem>
#include <string_view>

#include "srm/results.h"

namespace srm::cli {

/// The folder that a command writes to, made before anything is computed: hours of work must not end at a folder that
/// cannot be written. A folder that was made for nothing goes away again.
class OutputFolder {
 public:
  /// Throws srm::Error, naming the flag that it came from, when the folder cannot be made or written.
  explicit OutputFolder(std::filesystem::path path, std::string_view flag = "--out");
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Leaves results.srm.pt, planes.csv, layers.json and report.html.
  void write(const Results& results) const;

 private:
  const std::filesystem::path path_;
  bool was_made_ = false;
};

}  // namespace srm::cli
