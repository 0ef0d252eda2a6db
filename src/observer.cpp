#include "srm/observer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "srm/error.h"

namespace srm {
namespace {

// A hook puts the address in front of what its receiver throws.
constexpr const char* kWhere = "observe";

AccumulatorOptions accumulator_options(const ObserveOptions& options) {
  AccumulatorOptions result;
  result.epsilon = options.epsilon;
  result.grid = AngleGrid(options.num_angles, options.grid);
  result.sense = options.sense;
  result.pairs = options.pairs;
  result.degenerate = options.degenerate;
  result.num_threads = options.num_threads;
  return result;
}

std::string describe(const at::Tensor& tensor) {
  return fmt::format("{} ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

at::Tensor arranged(const at::Tensor& activation, Layout layout) {
  const std::int64_t num_dims = activation.dim();
  const auto fail = [&](const char* rule) {
    throw Error(kWhere, rule, describe(activation), "choose another --layout for it: last, channels or flatten");
  };
  if (num_dims == 0) fail("an activation must have a dimension");
  switch (layout) {
    case Layout::kAuto:
      if (num_dims < 2 || num_dims > 5) fail("layout auto takes 2 to 5 dimensions");
      return arranged(activation, num_dims <= 3 ? Layout::kLast : Layout::kChannels);
    case Layout::kLast:
      return activation.reshape({-1, activation.size(-1)});
    case Layout::kChannels:
      if (num_dims < 2) fail("layout channels takes 2 dimensions or more");
      return activation.movedim(1, -1).reshape({-1, activation.size(1)});
    case Layout::kFlatten:
      return activation.reshape({activation.size(0), -1});
  }
  return activation;
}

}  // namespace

const char* to_string(Layout layout) {
  switch (layout) {
    case Layout::kAuto:
      return "auto";
    case Layout::kLast:
      return "last";
    case Layout::kChannels:
      return "channels";
    case Layout::kFlatten:
      return "flatten";
  }
  return "";
}

at::Tensor to_rows(const at::Tensor& activation, Layout layout, const std::string& address) {
  if (!at::isFloatingType(activation.scalar_type())) {
    throw Error(kWhere, "an activation must be of floating point", describe(activation),
                "take this layer out with --layers '!" + address + "'");
  }
  const at::Tensor detached = activation.detach();
  const bool is_wide = detached.scalar_type() == at::kDouble;
  if (detached.numel() == 0) {
    // Nothing to reshape by: an empty batch is no rows of whatever width the layer has.
    const std::int64_t width = detached.dim() < 2 ? 1 : detached.size(layout == Layout::kChannels ? 1 : -1);
    return at::empty({0, width}, at::kFloat);
  }
  return arranged(detached, layout).to(at::kCPU, is_wide ? at::kDouble : at::kFloat).contiguous();
}

void require_valid(const ObserveOptions& options) { require_valid(accumulator_options(options), "observe"); }

Observer::Observer(std::string address, const ObserveOptions& options, Layout layout,
                   std::shared_ptr<MemoryBudget> budget)
    : address_(std::move(address)),
      options_(options),
      budget_(std::move(budget)),
      layout_(layout),
      taking_mean_(options.centre) {
  require_valid(options_);
}

void Observer::observe(const c10::IValue& output) {
  if (!output.isTensor()) {
    throw Error(kWhere, "the output of an observed layer must be a tensor", output.tagKind(),
                "take this layer out with --layers '!" + address_ + "', or observe the layers inside it");
  }
  add(output.toTensor());
  count_call();
}

void Observer::count_call() {
  const std::lock_guard lock(mutex_);
  if (taking_mean_) return;
  if (accumulator_) {
    accumulator_->count_call();
  } else {
    ++num_early_calls_;
  }
}

void Observer::start(std::int64_t dim) {
  if (options_.basis && options_.basis->dim() != dim) {
    throw Error(kWhere, fmt::format("the basis '{}' must be as wide as the samples, {}", options_.basis->name(), dim),
                fmt::format("vectors of {} numbers", options_.basis->dim()),
                "choose the --layers, --layout and --basis that belong together");
  }
  if (taking_mean_) {
    if (!mean_) mean_.emplace(dim);
    return;
  }
  if (accumulator_) return;
  AccumulatorOptions options = accumulator_options(options_);
  if (mean_) options.mean = mean_->mean();
  const auto basis = options_.basis ? options_.basis : std::make_shared<const Basis>(Basis::standard(dim));
  accumulator_.emplace(basis, std::move(options), *budget_, address_);
  for (; num_early_calls_ > 0; --num_early_calls_) accumulator_->count_call();
}

void Observer::add(const at::Tensor& activation) {
  const at::Tensor rows = to_rows(activation, layout_, address_);
  const std::lock_guard lock(mutex_);
  if (rows.size(0) == 0) return;
  const std::int64_t dim = rows.size(1);
  start(dim);
  const std::int64_t expected = taking_mean_ ? mean_->dim() : accumulator_->basis().dim();
  if (dim != expected) {
    throw Error(kWhere, fmt::format("every sample must have {} numbers", expected),
                fmt::format("{} in {}", dim, describe(activation)),
                "choose the --layout whose samples have one width, and a --basis of that width");
  }
  const auto update = [&](const auto* data) {
    if (taking_mean_) {
      mean_->update(data, rows.size(0), dim);
    } else {
      accumulator_->update(data, rows.size(0), dim, dim);
    }
  };
  if (rows.scalar_type() == at::kDouble) {
    update(rows.const_data_ptr<double>());
  } else {
    update(rows.const_data_ptr<float>());
  }
}

void Observer::finish_mean() {
  const std::lock_guard lock(mutex_);
  taking_mean_ = false;
}

bool Observer::has_seen() const {
  const std::lock_guard lock(mutex_);
  return accumulator_ || mean_;
}

std::optional<Resonance> Observer::resonance() const {
  const std::lock_guard lock(mutex_);
  if (!accumulator_) return std::nullopt;
  return accumulator_->resonance();
}

std::optional<Resonance> Observer::take_resonance() {
  const std::lock_guard lock(mutex_);
  if (!accumulator_) return std::nullopt;
  Resonance resonance = std::move(*accumulator_).take_resonance();
  accumulator_.reset();
  return resonance;
}

ObservedModule::ObservedModule(const torch::jit::Module& model, const ObserveOptions& options,
                               std::shared_ptr<MemoryBudget> budget)
    : options_(options), hooked_(model, options.layers) {
  std::vector<Layout> layouts(hooked_.sites().size(), Layout::kAuto);
  for (const auto& [selector, layout] : options_.layouts) {
    if (selector.empty()) {
      std::fill(layouts.begin(), layouts.end(), layout);
      continue;
    }
    for (const std::size_t site : select_call_sites(hooked_.sites(), {selector})) layouts[site] = layout;
  }
  for (std::size_t site = 0; site < hooked_.sites().size(); ++site) {
    auto observer = std::make_shared<Observer>(hooked_.sites()[site].address, options, layouts[site], budget);
    hooked_.hook(site).set_receiver([observer](const c10::IValue& output) { observer->observe(output); });
    observers_.push_back(std::move(observer));
  }
}

c10::IValue ObservedModule::forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs) {
  return hooked_.forward(std::move(inputs), kwargs);
}

void ObservedModule::finish_means() {
  for (const auto& observer : observers_) observer->finish_mean();
}

std::vector<std::string> ObservedModule::silent_layers() const {
  std::vector<std::string> silent;
  for (const auto& observer : observers_) {
    if (!observer->has_seen()) silent.push_back(observer->address());
  }
  return silent;
}

Results ObservedModule::results() const {
  Results results{settings_of(options_), {}, false};
  for (const auto& observer : observers_) {
    if (auto resonance = observer->resonance()) results.layers.push_back(std::move(*resonance));
  }
  return results;
}

Results ObservedModule::take_results() {
  Results results{settings_of(options_), {}, false};
  for (const auto& observer : observers_) {
    if (auto resonance = observer->take_resonance()) results.layers.push_back(std::move(*resonance));
  }
  return results;
}

std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options) {
  std::vector<std::string> layouts;
  for (const auto& [pattern, layout] : options.layouts)
    layouts.push_back((pattern.empty() ? "" : pattern + "=") + to_string(layout));
  return {
      {"layers", fmt::format("{}", fmt::join(options.layers, " "))},
      {"epsilon", fmt::format("{}", fmt::join(options.epsilon, " "))},
      {"angles", fmt::format("{}", options.num_angles)},
      {"grid", to_string(options.grid)},
      {"sense", to_string(options.sense)},
      {"pairs", to_string(options.pairs)},
      {"basis", options.basis ? options.basis->name() : "standard"},
      {"degenerate_planes", options.degenerate == DegeneratePlanes::kLeftOut ? "left out" : "kept as zeros"},
      {"centre", options.centre ? "yes" : "no"},
      {"layout", layouts.empty() ? "auto" : fmt::format("{}", fmt::join(layouts, " "))},
  };
}

}  // namespace srm
