#include "srm/site_observer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "layer_fit.h"
#include "row_queue.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "observe";

/// Calls `take` with the parts of a structure and their names; false when it has none to look into.
bool for_each_part(const c10::IValue& value, const std::function<void(const std::string&, const c10::IValue&)>& take) {
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    for (std::size_t k = 0; k < elements.size(); ++k) take(std::to_string(k), elements[k]);
  } else if (value.isList()) {
    const auto list = value.toList();
    for (std::size_t k = 0; k < list.size(); ++k) take(std::to_string(k), list.get(k));
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      if (entry.key().isString()) take(entry.key().toStringRef(), entry.value());
      if (entry.key().isInt()) take(std::to_string(entry.key().toInt()), entry.value());
    }
  } else if (value.isObject() && !value.toObjectRef().type()->is_module() && !value.isCustomClass()) {
    const auto& object = value.toObjectRef();
    for (std::size_t k = 0; k < object.slots().size(); ++k) {
      take(object.type()->getAttributeName(k), object.getSlot(k));
    }
  } else {
    return false;
  }
  return true;
}

bool is_below(const std::vector<std::string>& element, const std::vector<std::string>& prefix) {
  return element.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), element.begin());
}

}  // namespace

SiteObserver::SiteObserver(HookPlace place, ObserveOptions options, Layout layout, std::shared_ptr<MemoryBudget> budget,
                           std::shared_ptr<OverheadBudget> overhead, std::shared_ptr<RowQueue> queue)
    : Hook(place.address, options.on_error, std::move(overhead)),
      place_(std::move(place)),
      options_(std::move(options)),
      layout_(layout),
      budget_(std::move(budget)),
      queue_(std::move(queue)) {
  const Selection& first = place_.selections.front();
  if (place_.selections.size() == 1 && !first.splits_iterations && first.element.empty()) {
    whole_ = std::make_shared<Observer>(place_.address, options_, layout_, budget_);
  }
}

c10::IValue SiteObserver::object() { return c10::IValue(c10::intrusive_ptr<SiteObserver>::reclaim_copy(this)); }

void SiteObserver::receive(const Passing& passing) {
  if (whole_ && passing.value.isTensor() &&
      (place_.selections.front().is_named || misfit(passing.value.toTensor(), passing).empty())) {
    return observe_at(place_.address, passing.value, passing);
  }
  std::vector<std::string> met;
  for (const Selection& selection : place_.selections) {
    std::string address = place_.address;
    if (selection.splits_iterations) {
      if (!is_this_turn(selection.iteration, passing.iteration)) continue;
      const auto& turn = selection.iteration.empty() ? passing.iteration : selection.iteration;
      if (!turn.empty()) address += fmt::format("[{}]", fmt::join(turn, ","));
    }
    const auto part = find_element(passing.value, selection.element);
    std::vector<std::string> element = selection.element;
    for (std::size_t k = 0; k < element.size(); ++k) address.append(":").append(name_of(element, k));
    if (!part) {
      if (selection.is_named) {
        throw Error(kWhere, fmt::format("'{}' must be in what passes", address), describe_value(passing.value),
                    "see torchsrm inspect --data for what does");
      }
      leave_out(address, "not in " + describe_value(passing.value));
      continue;
    }
    const int num_observed = observe_parts(*part, address, selection, element, passing, met);
    if (num_observed == 0 && selection.is_named && !part->isNone()) {
      throw Error(kWhere, fmt::format("'{}' must hold tensors of floating point", address), describe_value(*part),
                  "take it out, or observe the layers inside it");
    }
  }
}

int SiteObserver::observe_parts(const c10::IValue& value, const std::string& address, const Selection& selection,
                                std::vector<std::string>& element, const Passing& passing,
                                std::vector<std::string>& met) {
  for (const auto& without : selection.without) {
    if (is_below(element, without)) return 0;
  }
  if (value.isTensor()) {
    const bool is_asked_for = selection.is_named && element.size() == selection.element.size();
    const std::string reason = is_asked_for ? "" : misfit(value.toTensor(), passing);
    if (!reason.empty()) {
      leave_out(address, reason);
      return 0;
    }
    if (std::find(met.begin(), met.end(), address) != met.end()) return 1;
    met.push_back(address);
    observe_at(address, value, passing);
    return 1;
  }
  int num_observed = 0;
  const bool has_parts = for_each_part(value, [&](const std::string& name, const c10::IValue& part) {
    element.push_back(name);
    num_observed +=
        observe_parts(part, address + ":" + name_of(element, element.size() - 1), selection, element, passing, met);
    element.pop_back();
  });
  if (!has_parts) leave_out(address, describe_value(value));
  return num_observed;
}

// Arguments go by their names, where there are several.
std::string SiteObserver::name_of(const std::vector<std::string>& element, std::size_t depth) const {
  const auto& names = place_.site.input_names;
  if (depth > 0 || !place_.takes_input() || names.size() < 2) return element[depth];
  const auto index = static_cast<std::size_t>(std::strtoull(element[0].c_str(), nullptr, 10));
  return index < names.size() ? names[index] : element[0];
}

// Why a tensor has no rows to count, or nothing.
std::string SiteObserver::misfit(const at::Tensor& tensor, const Passing& passing) const {
  if (!has_rows(tensor, layout_)) return describe_value(tensor);
  if (tensor.is_nested() || tensor.numel() == 0) return "";
  if (!passing.mask.defined() && !passing.tags.labels.defined()) return "";
  const ActivationRows rows(tensor, layout_, place_.address, passing.tags.batch());
  if (!rows.takes_mask(passing.mask)) return describe_value(tensor) + ", which the mask does not fit,";
  return rows.takes_labels(passing.tags.labels) ? "" : describe_value(tensor) + ", which the labels do not fit,";
}

void SiteObserver::observe_at(const std::string& address, const c10::IValue& value, const Passing& passing) {
  const auto observer = observer_at(address);
  // Without a mean, say, its rows would stand uncentred among those of centred layers.
  if (!observer || (has_passed_ && !observer->has_seen())) {
    return leave_out(address, "not there in the pass before");
  }
  if (passing.is_left_out) {
    observer->leave_out(value.toTensor(), passing.tags);
  } else if (!queue_ || !queue_up(observer, value.toTensor(), passing)) {
    observer->observe(value, passing.mask, passing.tags);
  }
}

// False where it is to be counted here and now.
bool SiteObserver::queue_up(const std::shared_ptr<Observer>& observer, const at::Tensor& activation,
                            const Passing& passing) {
  const auto self = c10::intrusive_ptr<SiteObserver>::reclaim_copy(this);
  const auto count = [self, observer](const RowQueue::Copy& copy, bool is_left_out) {
    // As in the calls, nothing is counted behind an error that took this off.
    if (is_left_out || self->failure()) {
      observer->leave_out(copy.activation, copy.tags);
    } else {
      self->guard([&] { observer->observe(copy.activation, copy.mask, copy.tags); });
    }
  };
  const WorkQueue::Push pushed = queue_->push(activation, passing.mask, passing.tags, count);
  if (pushed == WorkQueue::Push::kFull) queue_->add_dropped(observer->leave_out(activation, passing.tags));
  return pushed != WorkQueue::Push::kRefused;
}

void SiteObserver::wait() const {
  if (queue_) queue_->wait();
}

std::shared_ptr<Observer> SiteObserver::observer_at(const std::string& address) {
  if (whole_ && address == place_.address) return whole_;
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (found != by_address_.end()) return found->second;
  if (has_passed_) return nullptr;
  auto observer = std::make_shared<Observer>(address, options_, layout_, budget_);
  observers_.push_back(observer);
  by_address_.emplace(address, observer);
  return observer;
}

void SiteObserver::leave_out(const std::string& address, const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto same = [&](const auto& entry) { return entry.first == address; };
  if (std::none_of(left_out_.begin(), left_out_.end(), same)) left_out_.emplace_back(address, what);
}

std::vector<std::shared_ptr<Observer>> SiteObserver::observers() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Observer>> all = observers_;
  if (whole_) all.insert(all.begin(), whole_);
  return all;
}

std::vector<std::pair<std::string, std::string>> SiteObserver::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

void SiteObserver::finish_pass() {
  if (passes_of(options_).size() == 1) return;
  {
    const std::lock_guard lock(mutex_);
    has_passed_ = true;  // from now on no part comes anew
  }
  for (const auto& observer : observers()) observer->finish_pass();
}

void SiteObserver::resume(std::int64_t num_calls, std::optional<Error> failure,
                          std::vector<std::pair<Resonance, StreamPosition>> counted) {
  restore(num_calls, std::move(failure));
  for (auto& [resonance, position] : counted) {
    const std::string address = resonance.address();
    auto observer = std::make_shared<Observer>(address, options_, layout_, budget_, std::move(resonance), position);
    if (whole_ && address == place_.address) {
      whole_ = std::move(observer);
      continue;
    }
    by_address_[address] = observer;
    observers_.push_back(std::move(observer));
  }
}

SiteState SiteObserver::state() const {
  SiteState state{address(), num_calls(), failure(), left_out()};
  for (const auto& observer : observers()) state.parts.push_back(observer->state());
  return state;
}

void SiteObserver::resume(SiteState earlier) {
  restore(earlier.num_calls, std::move(earlier.failure));
  {
    const std::lock_guard lock(mutex_);
    left_out_ = std::move(earlier.left_out);
  }
  for (ObserverState& part : earlier.parts) {
    const std::string part_address = part.layer.findings.address;
    const auto observer = observer_at(part_address);
    if (!observer) {
      throw Error(kWhere, "what goes on must be there in the passes before it is counted", "no " + part_address,
                  "go on with the same data");
    }
    observer->resume(std::move(part));
    part = {};  // its tables are counted on, and may be large
  }
}

}  // namespace srm
