#include "cli/input_samples.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "cli/command.h"
#include "row_tensor.h"

namespace srm::cli {
namespace {

std::optional<RowReservoir> rows_at(const std::string& address, const ObservedModule& observed) {
  for (const auto& observer : observed.observers()) {
    if (observer->address() == address) return observer->sample();
  }
  return std::nullopt;
}

// Whether the function makes of the rows that went in those that came out, as far as both were kept.
bool is_so(const ActivationFunction& function, const RowReservoir& inputs, const RowReservoir& outputs) {
  constexpr double kTolerance = 1e-3;
  if (inputs.dim() != outputs.dim()) return false;
  const at::Tensor before = to_tensor(inputs);
  const at::Tensor after = to_tensor(outputs);
  const std::vector<std::int64_t> numbers = inputs.row_numbers();
  std::vector<std::int64_t> in, out;
  std::int64_t k = 0;
  for (const std::int64_t number : outputs.row_numbers()) {
    const auto found = std::lower_bound(numbers.begin(), numbers.end(), number);
    if (found != numbers.end() && *found == number) {
      in.push_back(found - numbers.begin());
      out.push_back(k);
    }
    ++k;
  }
  if (in.empty()) return true;
  const at::Tensor made = function.function(before.index_select(0, at::tensor(in, at::kLong)));
  return at::allclose(made, after.index_select(0, at::tensor(out, at::kLong)), kTolerance, kTolerance);
}

}  // namespace

NamedNonlinearity parse_nonlinearity(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string output = text.substr(0, equals);
  const std::string rest = equals == std::string::npos ? "" : text.substr(equals + 1);
  const std::size_t colon = rest.find(':');
  const auto function = activation_function_named(rest.substr(0, colon));
  const std::string input = colon == std::string::npos ? output + "@input" : rest.substr(colon + 1);
  if (output.empty() || input.empty() || !function) {
    throw Misuse("--nonlinearity",
                 fmt::format("it is LAYER=FUNCTION[:INPUT], FUNCTION being one of {}",
                             fmt::join(activation_function_names(), ", ")),
                 text, "e.g. --nonlinearity encoder.out=tanh:encoder.linear");
  }
  return {output, *function, input};
}

InputSamples::InputSamples(const HookedModule& hooked, const ObserveOptions& options,
                           const std::vector<NamedNonlinearity>& named, const std::shared_ptr<MemoryBudget>& budget,
                           const std::shared_ptr<OverheadBudget>& overhead)
    : nonlinearities_(named) {
  if (options.num_test_rows == 0) return;
  find_functions(hooked, options);
  if (nonlinearities_.empty()) return;
  ObserveOptions inputs = options;
  inputs.counts = false;
  inputs.layers.clear();
  for (const NamedNonlinearity& one : nonlinearities_) inputs.layers.push_back(one.input);
  inputs.basis = nullptr;
  inputs.basis_rule = {"standard"};
  inputs.centre = false;
  inputs.mean.clear();
  inputs.epsilon = {0.5};
  inputs.by_class = false;
  observed_.emplace(hooked, inputs, budget, overhead);
}

void InputSamples::drain() const {
  if (observed_) observed_->drain();
}

void InputSamples::set_enabled(bool enabled) const {
  if (observed_) observed_->set_enabled(enabled);
}

std::vector<SiteState> InputSamples::states() const {
  return observed_ ? observed_->states() : std::vector<SiteState>();
}

void InputSamples::resume(std::vector<SiteState> earlier) const {
  if (observed_) observed_->resume(std::move(earlier));
}

void InputSamples::give_to(std::vector<LayerSample>& samples, std::vector<std::string>& notes) const {
  if (!observed_) return;
  for (LayerSample& sample : samples) {
    for (const NamedNonlinearity& one : nonlinearities_) {
      if (one.output != sample.address) continue;
      auto inputs = rows_at(one.input, *observed_);
      if (!inputs) continue;
      if (is_so(one.function, *inputs, sample.rows)) {
        sample.function = one.function;
        sample.inputs = std::move(inputs);
      } else {
        notes.push_back(fmt::format("{} is not {} of {}: it was not tested against that", one.output, one.function.name,
                                    one.input));
      }
    }
  }
}

void InputSamples::find_functions(const HookedModule& hooked, const ObserveOptions& options) {
  const std::vector<CallSite>& sites = hooked.sites();
  std::vector<Selection> chosen;
  std::vector<CallSite> chosen_sites;
  for (const Selection& selection : select_call_sites(sites, options.layers)) {
    if (selection.takes_input || selection.splits_iterations || !selection.element.empty()) continue;
    chosen.push_back(selection);
    chosen_sites.push_back(sites[selection.site]);
  }
  const auto functions = activation_functions_at(hooked.original(), chosen_sites);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const auto is_same = [&](const NamedNonlinearity& one) { return one.output == chosen_sites[k].address; };
    if (!functions[k] || std::any_of(nonlinearities_.begin(), nonlinearities_.end(), is_same)) continue;
    const std::string input = address_of(input_of(*functions[k], sites, chosen[k]), sites);
    nonlinearities_.push_back({chosen_sites[k].address, *functions[k], input});
  }
}

}  // namespace srm::cli
