#include "srm/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "row_tensor.h"
#include "srm/error.h"
#include "srm/io.h"
#include "srm/null.h"

namespace srm {
namespace {

constexpr const char* kWhere = "monitor";
constexpr Phase kPhases[] = {Phase::kTraining, Phase::kEvaluation};

MonitorOptions valid(MonitorOptions options) {
  require_valid(options.observe);
  if (passes_of(options.observe).size() != 1) {
    throw Error(kWhere, "a window has no pass before it", "options that need one, as a mean or a learned basis do",
                "give the mean, the basis and epsilon themselves");
  }
  if (!options.observe.counts) throw Error(kWhere, "a window is of counts", "counts = false", "leave it out");
  if (options.num_rotations != 0 && options.num_rotations < 2) {
    throw Error(kWhere, "a null takes two rotations or more, or 0 for no tests",
                fmt::format("{}", options.num_rotations), "200 is usual; below 39 no p can be 5 % or less");
  }
  if (options.num_rotations > 0 && options.observe.num_test_rows == 0) options.observe.num_test_rows = kByWidth;
  return options;
}

std::vector<std::pair<std::string, std::string>> settings_of(const MonitorOptions& options) {
  auto settings = srm::settings_of(options.observe);
  settings.emplace_back("rotations", fmt::format("{}", options.num_rotations));
  return settings;
}

bool has_any(const ResonanceParts& parts) {
  return parts.num_samples_seen > 0 || parts.num_samples_skipped > 0 || parts.num_samples_nonfinite > 0 ||
         parts.num_samples_zero_norm > 0;
}

}  // namespace

const char* to_string(Phase phase) { return phase == Phase::kTraining ? "training" : "evaluation"; }

struct Monitor::Watched {
  Phase phase;
  std::unique_ptr<ObservedModule> model;             // none where tensors are handed over
  std::vector<std::shared_ptr<Observer>> observers;  // of these, in the order in which layers came
};

struct Monitor::Unwritten {
  Window window;
  Results results;
  bool is_in_history = false;
};

Monitor::Monitor(MonitorOptions options, std::shared_ptr<MemoryBudget> budget)
    : options_(valid(std::move(options))), budget_(std::move(budget)) {
  if (!options_.results.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options_.results, error);
    if (!std::filesystem::is_directory(options_.results)) {
      throw Error(options_.results.string(), "the folder for results must be possible to make",
                  error ? error.message() : "something else of that name", "name one that you may write to");
    }
  }
  if (!options_.history.empty()) history_ = std::make_unique<HistoryWriter>(options_.history, settings_of(options_));
  for (const Phase phase : kPhases) watched_.push_back(std::make_unique<Watched>(Watched{phase, {}, {}}));
}

Monitor::Monitor(const torch::jit::Module& model, MonitorOptions options, std::shared_ptr<MemoryBudget> budget)
    : Monitor(std::move(options), std::move(budget)) {
  model_.emplace(model);
  for (const auto& watched : watched_) {
    watched->model = std::make_unique<ObservedModule>(*model_, options_.observe, budget_);
  }
  set_phase(phase_);
}

Monitor::~Monitor() = default;

const HookedModule& Monitor::hooked() const {
  if (model_) return *model_;
  throw Error(kWhere, "there must be a model to run", "none", "hand tensors over by observe()");
}

c10::IValue Monitor::forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs) {
  set_phase(hooked().original().is_training() ? Phase::kTraining : Phase::kEvaluation);
  return hooked().forward(std::move(inputs), kwargs);
}

torch::jit::Module Monitor::module() const { return hooked().module(); }

void Monitor::set_phase(Phase phase) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
  for (const auto& watched : watched_) {
    if (watched->model) watched->model->set_enabled(watched->phase == phase);
  }
}

void Monitor::observe(const std::string& address, const at::Tensor& activation) {
  std::shared_ptr<Observer> observer;
  {
    const std::lock_guard lock(mutex_);
    auto& observers = watched_[static_cast<std::size_t>(phase_)]->observers;
    const auto found =
        std::find_if(observers.begin(), observers.end(), [&](const auto& one) { return one->address() == address; });
    if (found == observers.end()) {
      observers.push_back(std::make_shared<Observer>(address, options_.observe, Layout::kAuto, budget_));
      observer = observers.back();
    } else {
      observer = *found;
    }
  }
  observer->observe(activation.detach());
}

// Of a sample of the window's rows; none where there are too few, or vectors keep their lengths.
std::optional<double> Monitor::p_of(const ObservedWindow& window) const {
  const bool can_be_tested = window.sample && window.sample->num_rows() >= 2 && window.sample->dim() >= 2 &&
                             window.basis->lengths() == VectorLengths::kNormalised;
  if (options_.num_rotations == 0 || !can_be_tested) return std::nullopt;
  at::Tensor rows = to_tensor(*window.sample);
  if (!options_.observe.mean.empty()) rows = rows - at::tensor(options_.observe.mean, at::kDouble);
  NullOptions nulls;
  nulls.num_rotations = options_.num_rotations;
  nulls.seed = options_.observe.seed;
  try {
    return haar_null(rows, *window.basis, nulls).p;
  } catch (const Error&) {
    return std::nullopt;  // no row has a direction: that is no reason to lose the window
  }
}

Window Monitor::close(Watched& watched, std::int64_t step, Results& results) {
  std::vector<ObservedWindow> windows;
  const WindowTables tables = options_.results.empty() ? WindowTables::kLeftOut : WindowTables::kTaken;
  if (watched.model) windows = watched.model->take_windows(tables);
  std::vector<std::shared_ptr<Observer>> observers;
  {
    const std::lock_guard lock(mutex_);
    observers = watched.observers;
  }
  for (const auto& observer : observers) windows.push_back(observer->take_window(tables));
  Window closed{step, to_string(watched.phase), {}, {}};
  for (ObservedWindow& window : windows) {
    const auto& whole = window.layer.whole;
    if (!whole || !has_any(whole->parts())) continue;
    closed.layers.push_back(window_of(*whole));
    closed.layers.back().p = p_of(window);
    add(std::move(window.layer), results);
  }
  return closed;
}

std::vector<Window> Monitor::step(std::int64_t step, std::vector<std::pair<std::string, double>> scalars) {
  if (step < 0) {
    throw Error(kWhere, "steps are numbered from 0", fmt::format("{}", step), "give how many steps were trained");
  }
  const std::lock_guard lock(step_mutex_);
  std::vector<Window> closed;
  for (const auto& watched : watched_) {
    Unwritten one{{}, {settings_of(options_), {}, false}};
    one.window = close(*watched, step, one.results);
    const bool is_training = watched->phase == Phase::kTraining;
    if (is_training) one.window.scalars = std::move(scalars);
    if (one.window.layers.empty() && !is_training) continue;
    closed.push_back(one.window);
    unwritten_.push_back(std::move(one));
  }
  while (!unwritten_.empty()) {
    write(unwritten_.front());
    unwritten_.erase(unwritten_.begin());
  }
  return closed;
}

void Monitor::write(Unwritten& one) {
  if (history_ && !one.is_in_history) history_->append(one.window);
  one.is_in_history = true;
  if (options_.results.empty() || one.results.layers.empty()) return;
  save(one.results, options_.results / fmt::format("step-{:08}-{}.srm.pt", one.window.step, one.window.phase));
}

std::vector<Error> Monitor::failures() const {
  std::vector<Error> failures;
  for (const auto& watched : watched_) {
    if (!watched->model) continue;
    for (Error& failure : watched->model->failures()) failures.push_back(std::move(failure));
  }
  return failures;
}

const History& Monitor::earlier() const { return history_ ? history_->earlier() : none_; }

}  // namespace srm
