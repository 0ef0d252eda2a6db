#include "monitor_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>

#include "files/line_file.h"
#include "srm/error.h"
#include "srm/io.h"
#include "srm/report.h"
#include "tensorboard/event_file.h"
#include "tensorboard/window_events.h"

namespace srm {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder)) return;
  throw Error(folder.string(), "the folder for results must be possible to make",
              error ? error.message() : "something else of that name", "name one that you may write to");
}

bool has_unit_vectors(const ObserveOptions& options) {
  return !options.basis || options.basis->lengths() == VectorLengths::kNormalised;
}

}  // namespace

MonitorFiles::MonitorFiles(const MonitorOptions& options, std::vector<std::pair<std::string, std::string>> settings)
    : results_(options.results), settings_(std::move(settings)), has_unit_vectors_(has_unit_vectors(options.observe)) {
  if (!results_.empty()) make_folder(results_);
  if (!options.history.empty()) history_ = std::make_unique<HistoryWriter>(options.history, settings_);
  if (!options.json_lines.empty()) lines_ = std::make_unique<LineFile>(options.json_lines);
  if (!options.tensorboard.empty()) {
    events_ = std::make_unique<tensorboard::EventFile>(options.tensorboard, seconds_now());
  }
}

MonitorFiles::~MonitorFiles() = default;

void MonitorFiles::add(Window window, std::vector<Resonance> results, std::vector<LayerFindings> findings) {
  unwritten_.push_back({std::move(window), {settings_, std::move(results), false, std::move(findings)}, seconds_now()});
}

void MonitorFiles::write() {
  using Write = void (MonitorFiles::*)(const Unwritten&);
  constexpr std::array<Write, 4> kWrites = {&MonitorFiles::write_history, &MonitorFiles::write_line,
                                            &MonitorFiles::write_events, &MonitorFiles::write_results};
  std::exception_ptr failure;
  for (std::size_t place = 0; place < kWrites.size(); ++place) {
    try {
      for (Unwritten& one : unwritten_) {
        if (!one.is_written[place]) (this->*kWrites[place])(one);
        one.is_written[place] = true;
      }
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  std::erase_if(unwritten_, [](const Unwritten& one) {
    return std::all_of(one.is_written.begin(), one.is_written.end(), [](bool is_written) { return is_written; });
  });
  if (failure) std::rethrow_exception(failure);
}

void MonitorFiles::write_history(const Unwritten& one) {
  if (history_) history_->append(one.window);
}

void MonitorFiles::write_line(const Unwritten& one) {
  if (lines_) lines_->append(window_json(one.window).dump());
}

void MonitorFiles::write_events(const Unwritten& one) {
  if (!events_) return;
  events_->append({one.window.step, one.seconds}, tensorboard::scalars_of(one.window),
                  tensorboard::curves_of(one.window, has_unit_vectors_));
}

void MonitorFiles::write_results(const Unwritten& one) {
  if (results_.empty() || one.results.layers.empty()) return;
  make_folder(results_);  // it may have been taken away
  save(one.results, results_ / fmt::format("step-{:08}-{}.srm.pt", one.window.step, one.window.phase));
}

}  // namespace srm
