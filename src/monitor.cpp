#include "srm/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "monitor_basis.h"
#include "monitor_files.h"
#include "rank_windows.h"
#include "srm/error.h"
#include "srm/null.h"

namespace srm {
namespace {

constexpr const char* kWhere = "monitor";
constexpr std::int64_t kMostRotations = 1000000;
constexpr Phase kPhases[] = {Phase::kTraining, Phase::kEvaluation};

// What the observers do: without the rule for bases, which needs a window of its own.
ObserveOptions observe_options(const MonitorOptions& options) {
  ObserveOptions observe = options.observe;
  if (options.num_rotations > 0 && observe.num_test_rows == 0) observe.num_test_rows = kByWidth;
  if (options.relearn_every > 0) {
    observe.num_test_rows = std::max(observe.num_test_rows, observe.basis_rule.num_rows);
    observe.basis_rule = {"standard"};
  }
  return observe;
}

void require_valid_rule(const MonitorOptions& options) {
  if (options.relearn_every < 0) {
    throw Error(kWhere, "a basis is learned every 1 step or more, or never at 0",
                fmt::format("{}", options.relearn_every), "correct relearn_every");
  }
  if (options.relearn_every == 0) return;
  const BasisRule& rule = options.observe.basis_rule;
  if (!rule.make || rule.num_rows < 1 || options.observe.basis) {
    throw Error(kWhere, "a basis that is learned anew needs a rule that takes rows",
                options.observe.basis ? "a basis that is given" : fmt::format("'{}'", rule.name),
                "leave basis out, and let basis_rule be learning_rule()");
  }
}

void require_valid_ranks(const ObserveOptions& options) {
  if (!options.by_class && !options.num_nearest && options.density_planes.empty()) return;
  throw Error(kWhere, "ranks make one window of curves and scores", "results by class, neurons or densities",
              "leave them out, or give each process a monitor of its own and merge their results");
}

MonitorOptions valid(MonitorOptions options) {
  require_valid(options.observe);
  require_valid_rule(options);
  if (options.ranks) require_valid_ranks(options.observe);
  if (passes_of(observe_options(options)).size() != 1) {
    throw Error(kWhere, "a window has no pass before it", "options that need one, as a mean or a learned basis do",
                "give the mean, the basis and epsilon themselves");
  }
  if (!options.observe.counts) throw Error(kWhere, "a window is of counts", "counts = false", "leave it out");
  if (options.num_rotations != 0 && (options.num_rotations < 2 || options.num_rotations > kMostRotations)) {
    throw Error(kWhere, "a null takes two rotations or more, up to a million, or 0 for no tests",
                fmt::format("{}", options.num_rotations), "200 is usual; below 39 no p can be 5 % or less");
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> settings_of(const MonitorOptions& options) {
  auto settings = srm::settings_of(options.observe);
  settings.emplace_back("rotations", fmt::format("{}", options.num_rotations));
  if (options.relearn_every > 0) settings.emplace_back("relearn_every", fmt::format("{}", options.relearn_every));
  return settings;
}

// Only rank 0 writes.
MonitorOptions of_this_rank(MonitorOptions options) {
  if (options.ranks && options.ranks->rank() != 0) {
    for (auto* path : {&options.history, &options.results, &options.json_lines, &options.tensorboard}) path->clear();
  }
  return options;
}

}  // namespace

const char* to_string(Phase phase) { return phase == Phase::kTraining ? "training" : "evaluation"; }

struct Monitor::Watched {
  Phase phase;
  std::unique_ptr<ObservedModule> model;             // none where tensors are handed over
  std::vector<std::shared_ptr<Observer>> observers;  // of these, in the order in which layers came
};

Monitor::Monitor(MonitorOptions options, std::shared_ptr<MemoryBudget> budget)
    : has_tables_(!options.results.empty()),
      options_(of_this_rank(valid(std::move(options)))),
      settings_(settings_of(options_)),
      observe_(observe_options(options_)),
      budget_(std::move(budget)) {
  if (options_.ranks) {
    auto settings = settings_;
    settings.emplace_back("results", has_tables_ ? "kept" : "not kept");
    require_same_options(*options_.ranks, settings);
  }
  files_ = std::make_unique<MonitorFiles>(options_, settings_);
  if (options_.relearn_every > 0) {
    bases_ = std::make_unique<LearnedBases>(options_.observe.basis_rule, options_.relearn_every, options_.ranks);
  }
  for (const Phase phase : kPhases) watched_.push_back(std::make_unique<Watched>(Watched{phase, {}, {}}));
}

Monitor::Monitor(const torch::jit::Module& model, MonitorOptions options, std::shared_ptr<MemoryBudget> budget)
    : Monitor(std::move(options), std::move(budget)) {
  model_.emplace(model);
  for (const auto& watched : watched_) {
    watched->model = std::make_unique<ObservedModule>(*model_, observe_, budget_);
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
      observers.push_back(std::make_shared<Observer>(address, observe_, Layout::kAuto, budget_));
      observer = observers.back();
      if (const auto basis = learned_.find(address); basis != learned_.end()) observer->count_in(basis->second);
    } else {
      observer = *found;
    }
  }
  observer->observe(activation.detach());
}

// Of a sample of the window's rows; none where there are too few, or vectors keep their lengths.
std::optional<double> Monitor::p_of(const ClosedLayer& layer) const {
  const bool can_be_tested = layer.rows.defined() && layer.rows.size(0) >= 2 && layer.rows.size(1) >= 2 &&
                             layer.basis && layer.basis->lengths() == VectorLengths::kNormalised;
  const bool is_mine = !options_.ranks || options_.ranks->rank() == 0;
  if (options_.num_rotations == 0 || !can_be_tested || !is_mine) return std::nullopt;
  at::Tensor rows = layer.rows;
  if (!observe_.mean.empty()) rows = rows - at::tensor(observe_.mean, at::kDouble);
  NullOptions nulls;
  nulls.num_rotations = options_.num_rotations;
  nulls.seed = observe_.seed;
  try {
    return haar_null(rows, *layer.basis, nulls).p;
  } catch (const Error&) {
    return std::nullopt;  // no row has a direction: that is no reason to lose the window
  }
}

// The layers of a phase that had rows, of all ranks.
std::vector<ClosedLayer> Monitor::close(const Watched& watched, std::int64_t step) const {
  std::vector<ObservedWindow> windows;
  const WindowTables tables = has_tables_ ? WindowTables::kTaken : WindowTables::kLeftOut;
  if (watched.model) windows = watched.model->take_windows(tables);
  std::vector<std::shared_ptr<Observer>> observers;
  {
    const std::lock_guard lock(mutex_);
    observers = watched.observers;
  }
  for (const auto& observer : observers) windows.push_back(observer->take_window(tables));
  if (!options_.ranks) return closed_layers(std::move(windows));
  return closed_layers_of_all(*options_.ranks, fmt::format("step {}, {}", step, to_string(watched.phase)),
                              std::move(windows), observe_.seed);
}

void Monitor::relearn(std::int64_t step, const std::vector<ClosedLayer>& closed, Window& window) {
  if (!bases_ || closed.empty() || !bases_->is_due(step)) return;
  for (const ClosedLayer& layer : closed) {
    const std::optional<RelearnedBasis> learned = bases_->learn(layer.address, layer.rows, step);
    if (!learned) continue;
    for (LayerWindow& one : window.layers) {
      if (one.address == layer.address) one.drift = learned->drift;
    }
    for (const auto& watched : watched_) {
      if (watched->model) watched->model->count_in(layer.address, learned->basis);
      const std::lock_guard lock(mutex_);
      learned_[layer.address] = learned->basis;
      for (const auto& observer : watched->observers) {
        if (observer->address() == layer.address) observer->count_in(learned->basis);
      }
    }
  }
}

std::vector<Window> Monitor::step(std::int64_t step, std::vector<std::pair<std::string, double>> scalars) {
  if (step < 0) {
    throw Error(kWhere, "steps are numbered from 0", fmt::format("{}", step), "give how many steps were trained");
  }
  const std::lock_guard lock(step_mutex_);
  std::array<std::vector<ClosedLayer>, std::size(kPhases)> layers;
  for (std::size_t k = 0; k < layers.size(); ++k) layers[k] = close(*watched_[k], step);
  std::vector<Window> closed;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const bool is_training = kPhases[k] == Phase::kTraining;
    Window window{step, to_string(kPhases[k]), {}, {}};
    if (is_training) window.scalars = std::move(scalars);
    for (const ClosedLayer& layer : layers[k]) {
      if (!layer.layer.whole) continue;
      window.layers.push_back(window_of(*layer.layer.whole));
      window.layers.back().p = p_of(layer);
    }
    if (is_training) relearn(step, layers[k], window);
    if (window.layers.empty() && !is_training) continue;
    closed.push_back(window);
    Results results;
    for (ClosedLayer& layer : layers[k]) add(std::move(layer.layer), results);
    files_->add(std::move(window), std::move(results.layers), std::move(results.findings));
  }
  files_->write();
  return closed;
}

std::vector<Error> Monitor::failures() const {
  std::vector<Error> failures;
  for (const auto& watched : watched_) {
    if (!watched->model) continue;
    for (Error& failure : watched->model->failures()) failures.push_back(std::move(failure));
  }
  return failures;
}

const History& Monitor::earlier() const { return files_->earlier(); }

}  // namespace srm
