#include "cli/row_collection.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "cli/model_run.h"
#include "cli/run_inputs.h"
#include "layer_fit.h"
#include "srm/hooked_module.h"

namespace srm::cli {
namespace {

constexpr const char* kWhere = "collect";

// What a pattern may choose without being meant: tensors that have no rows are left out, not refused.
bool fits(const at::Tensor& tensor, Layout layout, const at::Tensor& mask) {
  if (!has_rows(tensor, layout)) return false;
  if (!mask.defined() || tensor.is_nested() || tensor.numel() == 0) return true;
  return ActivationRows(tensor, layout, "").takes_mask(mask);
}

// The hooks of one run, and what they bring.
class RowHooks {
 public:
  RowHooks(const torch::jit::Module& model, const LayerChoice& choice, RowCollector& rows)
      : model_(model), rows_(rows), hooks_(model_.attach(choice.layers, {}, choice.mask_input)) {
    const std::vector<Layout> layouts = layouts_of(model_.sites(), choice.layouts);
    for (std::size_t k = 0; k < hooks_.size(); ++k) {
      const HookPlace& place = hooks_.place(k);
      const Layout layout = layouts.at(place.selections.front().site);
      hooks_.hook(k).set_receiver([this, &place, layout](const Passing& passing) { receive(place, layout, passing); });
      for (const Selection& selection : place.selections) {
        addresses_.push_back(address_of(selection, model_.sites()));
      }
    }
  }

  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::vector<std::pair<std::string, std::string>>& left_out() const { return left_out_; }
  HookedModule& model() { return model_; }

  std::vector<std::string> silent_layers() const {
    std::vector<std::string> silent;
    for (std::size_t k = 0; k < hooks_.size(); ++k) {
      if (hooks_.hook(k).num_calls() > 0) continue;
      for (const Selection& selection : hooks_.place(k).selections) {
        silent.push_back(address_of(selection, model_.sites()));
      }
    }
    return silent;
  }

 private:
  void receive(const HookPlace& place, Layout layout, const Passing& passing) {
    std::vector<std::string> met;
    for (Selection selection : place.selections) {
      if (selection.splits_iterations && !is_this_turn(selection.iteration, passing.iteration)) continue;
      if (selection.splits_iterations && selection.iteration.empty()) {
        selection.iteration = passing.iteration;
        selection.splits_iterations = !passing.iteration.empty();
      }
      const std::string address = address_of(selection, model_.sites());
      if (std::find(met.begin(), met.end(), address) != met.end()) continue;
      met.push_back(address);
      const auto part = find_element(passing.value, selection.element);
      if (part && part->isTensor() && (selection.is_named || fits(part->toTensor(), layout, passing.mask))) {
        rows_.add(address, part->toTensor(), layout, passing.mask);
      } else {
        refuse(selection, address, part ? describe_value(*part) : "nothing there in " + describe_value(passing.value));
      }
    }
  }

  void refuse(const Selection& selection, const std::string& address, const std::string& got) {
    if (selection.is_named) {
      throw Error(kWhere, fmt::format("'{}' must be a tensor of floating point", address), got,
                  fmt::format("of a tuple, list or dict name the element, e.g. '{}:0'", address));
    }
    const std::lock_guard lock(mutex_);
    const auto same = [&](const auto& entry) { return entry.first == address; };
    if (std::none_of(left_out_.begin(), left_out_.end(), same)) left_out_.emplace_back(address, got);
  }

  HookedModule model_;
  RowCollector& rows_;
  HookSet hooks_;
  std::vector<std::string> addresses_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> left_out_;
};

}  // namespace

RowCollection collect_from_model(const RunOptions& run, LayerChoice choice, const CollectOptions& options,
                                 const std::shared_ptr<MemoryBudget>& budget, const InterruptGuard& interrupt,
                                 const std::function<void(const std::vector<std::string>&)>& on_chosen) {
  const ModelRun model(run);
  choice.mask_input = model.mask_input();
  RowCollection collection{std::make_unique<RowCollector>(options, model.num_samples(), budget), {}, {}, false};
  RowHooks hooks(model.model(), choice, *collection.rows);
  on_chosen(hooks.addresses());
  print_layers("collecting rows of", hooks.addresses());
  const torch::NoGradGuard no_grad;
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    collection.rows->start_batch(begin, end);
    model.run_batch(begin, end, [&](const auto& arguments, const auto& kwargs) {
      hooks.model().run_method(run.method, arguments, kwargs);
    });
  };
  collection.is_interrupted =
      !for_each_batch("collecting rows", 0, model.num_samples(), run.batch_size, interrupt, step);
  collection.silent_layers = hooks.silent_layers();
  collection.left_out = hooks.left_out();
  return collection;
}

RowCollection collect_from_activations(const RunOptions& run, Layout layout, const CollectOptions& options,
                                       const std::shared_ptr<MemoryBudget>& budget, const InterruptGuard& interrupt) {
  const at::Tensor activations = read_activations(run.data);
  const std::int64_t num_samples = activations.size(0);
  at::Tensor mask;
  if (!run.mask.empty()) mask = read_mask(run.mask, num_samples);
  RowCollection collection{std::make_unique<RowCollector>(options, num_samples, budget), {}, {}, false};
  const auto step = [&](std::int64_t begin, std::int64_t end) {
    collection.rows->start_batch(begin, end);
    collection.rows->add("activations", activations.slice(0, begin, end), layout,
                         mask.defined() ? mask.slice(0, begin, end) : at::Tensor());
  };
  collection.is_interrupted = !for_each_batch("collecting rows", 0, num_samples, run.batch_size, interrupt, step);
  return collection;
}

}  // namespace srm::cli
