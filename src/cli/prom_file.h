#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "srm/results.h"

namespace srm::cli {

/// A file with what was counted so far in the text format of Prometheus, for the textfile collector of node_exporter:
/// written beside and then renamed, once a second at most.
class PromFile {
 public:
  /// Nothing is written where `path` is empty. Throws srm::Error when the file cannot be written.
  PromFile(std::filesystem::path path, const std::string& model);

  /// Asks for the results, and writes them, if it is time. What fails is warned of, once, and never ends the run.
  void update(const std::function<Results()>& results);
  /// Writes the last ones.
  void finish(const Results& results);

 private:
  void write(const Results& results) const;
  void write_or_warn(const std::function<void()>& write_it);

  using Clock = std::chrono::steady_clock;
  std::filesystem::path path_;
  std::string model_;
  Clock::time_point next_;
  bool has_warned_ = false;
};

}  // namespace srm::cli
