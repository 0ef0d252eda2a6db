#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "report/layer_look.h"
#include "srm/results.h"
#include "srm/rolling_window.h"

namespace srm::live {

/// What the page is told: the last look, and scores over all looks, thinned where they would be too many. Thread-safe.
class LiveState {
 public:
  LiveState(std::string model, LookWindow window);

  void look(Results cumulative);
  void show(const Window& window);
  /// What went wrong with the last look; empty: nothing.
  void say(std::string notice);
  void finish();

  /// How often it has changed.
  std::int64_t version() const;
  /// An object with the last look: state, layers.
  std::string layers_json() const;
  /// An object with all looks: x, and the columns of scores and scalars.
  std::string series_json() const;
  /// In the text format of Prometheus, of all rows or of the last window shown; empty before the first look.
  std::string metrics() const;

 private:
  struct Column {
    std::string name;
    bool is_scalar = false;
    std::vector<double> values = {};  // as many as x_; NaN where there was none
  };
  struct Rate {
    std::int64_t num_rows = 0;  // seen up to the last look
    std::chrono::steady_clock::time_point when = {};
  };
  void set(const std::string& name, bool is_scalar, double value);
  void begin_point(double x);
  double rows_per_second(const Resonance& layer, std::chrono::steady_clock::time_point now);

  const std::string model_;
  const LookWindow window_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::int64_t version_ = 0;
  std::string notice_;
  bool is_finished_ = false;
  bool is_by_step_ = false;
  double x_of_look_ = 0;
  Window window_shown_;  // the last one
  std::vector<report::LayerLook> layers_;
  std::map<std::string, RollingWindow> windows_;  // by address, as the next
  std::map<std::string, Rate> rates_;
  std::vector<double> x_;
  std::vector<Column> columns_;
  std::shared_ptr<const Results> cumulative_;
};

}  // namespace srm::live
