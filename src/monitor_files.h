// PRIVATE: where a Monitor's windows go.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "srm/history.h"
#include "srm/monitor.h"
#include "srm/results.h"

namespace srm {

class LineFile;
namespace tensorboard {
class EventFile;
}

/// Writes windows in their order to all that the options name, each once: what one of these did not take is kept, and
/// written with the next; the others go on. Not thread-safe.
class MonitorFiles {
 public:
  /// Opens them. Throws srm::Error where one cannot be written.
  MonitorFiles(const MonitorOptions& options, std::vector<std::pair<std::string, std::string>> settings);
  ~MonitorFiles();

  /// `results` are those of the window's layers, with tables where the options name a folder for them.
  void add(Window window, std::vector<Resonance> results, std::vector<LayerFindings> findings);
  /// Throws srm::Error, the first there is, when a file cannot take what is next; the others have then.
  void write();

  const History& earlier() const { return history_ ? history_->earlier() : none_; }

 private:
  struct Unwritten {
    Window window;
    Results results;
    double seconds = 0;                   // since 1970, when it was closed
    std::array<bool, 4> is_written = {};  // in each of the places below
  };
  void write_history(const Unwritten& one);
  void write_line(const Unwritten& one);
  void write_events(const Unwritten& one);
  void write_results(const Unwritten& one);

  const std::filesystem::path results_;
  const std::vector<std::pair<std::string, std::string>> settings_;
  const bool has_unit_vectors_;
  std::unique_ptr<HistoryWriter> history_;
  std::unique_ptr<LineFile> lines_;
  std::unique_ptr<tensorboard::EventFile> events_;
  std::vector<Unwritten> unwritten_;
  History none_;
};

}  // namespace srm
