#include "cli/row_collection.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>

#include "cli/console.h"
#include "cli/model_file.h"
#include "cli/progress.h"
#include "cli/run_inputs.h"
#include "srm/hooked_module.h"
#include "srm/model_inputs.h"

namespace srm::cli {
namespace {

constexpr const char* kWhere = "collect";

std::string describe(const c10::IValue& value) {
  if (!value.isTensor()) return value.isObject() ? value.type()->str() : value.tagKind();
  const at::Tensor& tensor = value.toTensor();
  if (!tensor.defined() || tensor.is_nested()) return "a tensor without a shape";
  return fmt::format("{} ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

// What a pattern may choose without being meant: tensors that have no rows are left out, not refused.
bool has_rows(const at::Tensor& tensor, Layout layout, const at::Tensor& mask) {
  if (!tensor.defined() || (!at::isFloatingType(tensor.scalar_type()) && !tensor.is_quantized())) return false;
  if (tensor.is_nested() || tensor.numel() == 0) return true;
  const std::int64_t least = layout == Layout::kAuto || layout == Layout::kChannels ? 2 : 1;
  if (tensor.dim() < least || (layout == Layout::kAuto && tensor.dim() > 5)) return false;
  return !mask.defined() || ActivationRows(tensor, layout, "").takes_mask(mask);
}

bool is_this_turn(const Selection& selection, const std::vector<std::int64_t>& turn) {
  const auto& wanted = selection.iteration;
  if (!selection.splits_iterations || wanted.empty()) return true;
  return wanted.size() <= turn.size() && std::equal(wanted.begin(), wanted.end(), turn.begin());
}

// The hooks of one run, and what they bring.
class RowHooks {
 public:
  RowHooks(const torch::jit::Module& model, const LayerChoice& choice, RowCollector& rows)
      : model_(model), rows_(rows), hooks_(model_.attach(choice.layers, {}, choice.mask_input)) {
    const std::vector<Layout> layouts = layouts_of(choice.layouts);
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
  std::vector<Layout> layouts_of(const std::vector<std::pair<std::string, Layout>>& choices) const {
    std::vector<Layout> layouts(model_.sites().size(), Layout::kAuto);
    for (const auto& [selector, layout] : choices) {
      if (selector.empty()) std::fill(layouts.begin(), layouts.end(), layout);
      if (selector.empty()) continue;
      for (const Selection& selection : select_call_sites(model_.sites(), {selector})) layouts[selection.site] = layout;
    }
    return layouts;
  }

  void receive(const HookPlace& place, Layout layout, const Passing& passing) {
    std::vector<std::string> met;
    for (Selection selection : place.selections) {
      if (!is_this_turn(selection, passing.iteration)) continue;
      if (selection.splits_iterations && selection.iteration.empty()) {
        selection.iteration = passing.iteration;
        selection.splits_iterations = !passing.iteration.empty();
      }
      const std::string address = address_of(selection, model_.sites());
      if (std::find(met.begin(), met.end(), address) != met.end()) continue;
      met.push_back(address);
      const auto part = find_element(passing.value, selection.element);
      if (part && part->isTensor() && (selection.is_named || has_rows(part->toTensor(), layout, passing.mask))) {
        rows_.add(address, part->toTensor(), layout, passing.mask);
      } else {
        refuse(selection, address, part ? describe(*part) : "nothing there in " + describe(passing.value));
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

// Runs `step` on each batch; false when that was interrupted.
bool for_each_batch(RowCollector& rows, std::int64_t num_samples, std::int64_t batch_size,
                    const InterruptGuard& interrupt, const std::function<void(std::int64_t, std::int64_t)>& step) {
  Progress progress("collecting rows", num_samples);
  for (std::int64_t begin = 0; begin < num_samples; begin += batch_size) {
    if (interrupt.is_interrupted()) return false;
    const std::int64_t end = std::min(begin + batch_size, num_samples);
    rows.start_batch(begin, end);
    step(begin, end);
    progress.advance(end - begin);
  }
  return !interrupt.is_interrupted();
}

}  // namespace

RowCollection collect_from_model(const RunOptions& run, LayerChoice choice, const CollectOptions& options,
                                 const std::shared_ptr<MemoryBudget>& budget, const InterruptGuard& interrupt,
                                 const std::function<void(const std::vector<std::string>&)>& on_chosen) {
  const torch::jit::Module model = load_model(run.model);
  const c10::FunctionSchema& schema = require_method(model, run.method);
  const ModelInputs inputs = ModelInputs::read(run.data, schema);
  at::Tensor mask;
  if (schema.argumentIndexWithName(run.mask).value_or(0) > 0) {
    choice.mask_input = run.mask;
  } else if (!run.mask.empty()) {
    mask = read_mask(run.mask, inputs.num_samples());
  }
  RowCollection collection{std::make_unique<RowCollector>(options, inputs.num_samples(), budget), {}, {}, false};
  RowHooks hooks(model, choice, *collection.rows);
  on_chosen(hooks.addresses());
  fmt::print(stderr, "collecting rows of {} {}: {}\n", hooks.addresses().size(),
             hooks.addresses().size() == 1 ? "layer" : "layers",
             printable(fmt::format("{}", fmt::join(hooks.addresses(), ", "))));
  const torch::NoGradGuard no_grad;
  collection.is_interrupted =
      !for_each_batch(*collection.rows, inputs.num_samples(), run.batch_size, interrupt, [&](auto begin, auto end) {
        const auto [arguments, kwargs] = inputs.batch(begin, end);
        std::optional<MaskGuard> masked;
        if (mask.defined()) masked.emplace(mask.slice(0, begin, end));
        forward_or_explain(model, run.method, arguments, kwargs,
                           [&] { hooks.model().run_method(run.method, arguments, kwargs); });
      });
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
  collection.is_interrupted =
      !for_each_batch(*collection.rows, num_samples, run.batch_size, interrupt, [&](auto begin, auto end) {
        collection.rows->add("activations", activations.slice(0, begin, end), layout,
                             mask.defined() ? mask.slice(0, begin, end) : at::Tensor());
      });
  return collection;
}

}  // namespace srm::cli
