#include "srm/observer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "layer_fit.h"
#include "row_queue.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "observe";

}  // namespace

ObservedModule::ObservedModule(const torch::jit::Module& model, const ObserveOptions& options,
                               std::shared_ptr<MemoryBudget> budget)
    : ObservedModule(HookedModule(model), options, std::move(budget)) {}

ObservedModule::ObservedModule(HookedModule model, const ObserveOptions& options, std::shared_ptr<MemoryBudget> budget,
                               std::shared_ptr<OverheadBudget> overhead)
    : options_(options), model_(std::move(model)), overhead_(std::move(overhead)) {
  require_valid(options_);
  if (!overhead_ && options_.max_overhead) overhead_ = std::make_shared<OverheadBudget>(*options_.max_overhead);
  std::shared_ptr<RowQueue> queue;
  if (options_.queue) {
    queue = std::make_shared<RowQueue>(*options_.queue, budget);
    queue_ = {queue.get(), [queue](RowQueue* open) { open->close(); }};
  }
  const std::vector<Layout> layouts = layouts_of(model_.sites(), options_.layouts);
  const auto make = [&](const HookPlace& place) -> c10::intrusive_ptr<Hook> {
    const Layout layout = layouts.at(place.selections.front().site);
    observers_.push_back(c10::make_intrusive<SiteObserver>(place, options_, layout, budget, overhead_, queue));
    return observers_.back();
  };
  hooks_ = model_.attach(options_.layers, make, options_.mask_input);
}

c10::IValue ObservedModule::forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs) const {
  return run_method("forward", std::move(inputs), kwargs);
}

c10::IValue ObservedModule::run_method(const std::string& method, std::vector<c10::IValue> inputs,
                                       const torch::jit::Kwargs& kwargs) const {
  if (queue_) queue_->rethrow();
  return model_.run_method(method, std::move(inputs), kwargs);
}

void ObservedModule::drain() const {
  if (!queue_) return;
  queue_->wait();
  queue_->rethrow();
}

std::int64_t ObservedModule::num_rows_dropped() const { return queue_ ? queue_->num_rows_dropped() : 0; }

std::optional<Overhead> ObservedModule::overhead() const {
  return overhead_ ? std::optional(overhead_->measured()) : std::nullopt;
}

void ObservedModule::finish_pass() {
  drain();
  for (const auto& observer : observers_) observer->finish_pass();
}

std::vector<std::string> ObservedModule::addresses_at(const SiteObserver& observer) const {
  std::vector<std::string> addresses;
  for (const Selection& selection : observer.place().selections) {
    addresses.push_back(address_of(selection, model_.sites()));
  }
  return addresses;
}

std::vector<std::string> ObservedModule::addresses() const {
  std::vector<std::string> all;
  for (const auto& observer : observers_) {
    const auto some = addresses_at(*observer);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::int64_t ObservedModule::num_calls(const std::string& address) const {
  for (const auto& observer : observers_) {
    const auto chosen = addresses_at(*observer);
    const bool is_chosen = std::find(chosen.begin(), chosen.end(), address) != chosen.end();
    if (is_chosen || observer->address() == address) return observer->num_calls();
  }
  throw Error("observed module", "the address must be one that is observed", address,
              fmt::format("observed are {}", fmt::join(addresses(), ", ")));
}

std::vector<std::string> ObservedModule::silent_layers() const {
  if (queue_) queue_->wait();
  std::vector<std::string> silent;
  for (const auto& observer : observers_) {
    const auto parts = observer->observers();
    const bool is_called = std::any_of(parts.begin(), parts.end(), [](const auto& part) {
      return part->has_seen() || part->position().num_samples > 0;  // or left out
    });
    if (is_called || !observer->left_out().empty()) continue;
    const auto chosen = addresses_at(*observer);
    silent.insert(silent.end(), chosen.begin(), chosen.end());
  }
  return silent;
}

std::vector<std::pair<std::string, std::string>> ObservedModule::left_out() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& observer : observers_) {
    const auto some = observer->left_out();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<Error> ObservedModule::failures() const {
  if (queue_) queue_->wait();
  std::vector<Error> failures;
  for (const auto& observer : observers_) {
    if (const auto failure = observer->failure()) failures.push_back(*failure);
  }
  return failures;
}

void ObservedModule::count_in(const std::string& address, const std::shared_ptr<const Basis>& basis) const {
  for (const auto& observer : observers_) {
    for (const auto& part : observer->observers()) {
      if (part->address() == address) part->count_in(basis);
    }
  }
}

std::vector<std::shared_ptr<const Observer>> ObservedModule::observers() const {
  std::vector<std::shared_ptr<const Observer>> all;
  for (const auto& observer : observers_) {
    for (const auto& part : observer->observers()) all.push_back(part);
  }
  return all;
}

Results ObservedModule::results() const {
  drain();
  Results results{settings_of(options_), {}, false};
  for (const auto& observer : observers()) add(observer->layer(), results);
  return results;
}

Results ObservedModule::holistic_results() const {
  Results results{settings_of(options_), {}, false};
  for (const auto& observer : observers()) {
    if (auto layer = observer->holistic()) results.layers.push_back(std::move(*layer));
  }
  return results;
}

Results ObservedModule::take_results() {
  drain();
  Results results{settings_of(options_), {}, false};
  for (const auto& observer : observers_) {
    for (const auto& part : observer->observers()) add(part->take_layer(), results);
  }
  return results;
}

std::vector<SiteState> ObservedModule::states() const {
  drain();
  std::vector<SiteState> states;
  for (const auto& observer : observers_) states.push_back(observer->state());
  return states;
}

void ObservedModule::resume(std::vector<SiteState> earlier) const {
  const auto is_same = [](const auto& observer, const SiteState& state) {
    return observer->address() == state.address;
  };
  if (!std::equal(observers_.begin(), observers_.end(), earlier.begin(), earlier.end(), is_same)) {
    throw Error(kWhere, "what goes on must be observed at the same places",
                fmt::format("{} now and {} then", observers_.size(), earlier.size()), "choose the same layers");
  }
  for (std::size_t k = 0; k < earlier.size(); ++k) observers_[k]->resume(std::move(earlier[k]));
}

std::vector<ObservedWindow> ObservedModule::take_windows(WindowTables tables) const {
  drain();
  std::vector<ObservedWindow> windows;
  for (const auto& observer : observers_) {
    for (const auto& part : observer->observers()) windows.push_back(part->take_window(tables));
  }
  return windows;
}

torch::jit::Module ObservedModule::release() && {
  if (overhead_) {
    throw Error("observed module", "calls must be measured where they have a budget of overhead",
                fmt::format("max_overhead of {}", overhead_->max_overhead()), "release an observer without a budget");
  }
  drain();
  torch::jit::Module module = model_.module();
  std::move(hooks_).leave();
  queue_ = nullptr;  // from now on rows are counted in the calls
  return module;
}

}  // namespace srm
