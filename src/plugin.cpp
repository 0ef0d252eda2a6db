// What a Python or C++ host calls by name once this library is loaded: torch.ops.srm.attach, collect, detach, save.
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <algorithm>
#include <string>
#include <vector>

#include "srm/error.h"
#include "srm/instrumented_model.h"
#include "srm/io.h"

namespace srm {
namespace {

using torch::jit::Stack;

constexpr const char* kAttach =
    "srm::attach(Any model, str[] layers, *, float[] epsilon=[], int angles=360, str grid=\"exclusive\", "
    "str sense=\"natural\", str pairs=\"combination\", Tensor? basis=None, str layout=\"auto\", str mask=\"\", "
    "int every=1, float fraction=1., int seed=0, int? limit=None, str on_error=\"detach\", int threads=1) -> Any";

torch::jit::Module to_module(const c10::IValue& value, const char* where) {
  if (value.isModule()) return value.toModule();
  throw Error(where, "the first argument must be a scripted, traced or loaded module", value.tagKind(),
              "script or trace the model first");
}

template <typename Enum>
Enum choose(const char* what, const std::string& name, std::initializer_list<Enum> choices) {
  std::string all;
  for (const Enum choice : choices) {
    if (name == to_string(choice)) return choice;
    all += (all.empty() ? "" : ", ") + std::string(to_string(choice));
  }
  throw Error("srm::attach", std::string(what) + " must be one of " + all, "'" + name + "'", "take one of those");
}

std::shared_ptr<const Basis> to_basis(const c10::IValue& value) {
  if (value.isNone()) return nullptr;
  const at::Tensor rows = value.toTensor().detach().to(at::kCPU, at::kDouble).contiguous();
  if (rows.dim() != 2) {
    throw Error("srm::attach", "a basis must be (num_vectors, dim)", std::to_string(rows.dim()) + " dimensions",
                "give one row for each basis vector");
  }
  const double* data = rows.const_data_ptr<double>();
  return std::make_shared<const Basis>(
      Basis::from_vectors("given", rows.size(0), rows.size(1), {data, data + rows.numel()}));
}

void attach(Stack& stack) {
  std::vector<c10::IValue> arguments = torch::jit::pop(stack, 16);
  std::size_t next = 0;
  const auto take = [&]() -> c10::IValue& { return arguments[next++]; };
  const torch::jit::Module model = to_module(take(), "srm::attach");
  ObserveOptions options;
  options.layers.clear();
  for (const c10::IValue& layer : take().toListRef()) options.layers.push_back(layer.toStringRef());
  const std::vector<double> epsilon = take().toDoubleVector();
  if (!epsilon.empty()) options.epsilon.assign(epsilon.begin(), epsilon.end());  // else by each layer's width
  options.num_angles = take().toInt();
  options.grid = choose("grid", take().toStringRef(), {GridEnds::kExclusive, GridEnds::kInclusive});
  options.sense = choose("sense", take().toStringRef(), {Sense::kNatural, Sense::kReference});
  options.pairs = choose("pairs", take().toStringRef(), {Pairs::kCombination, Pairs::kPermutation});
  options.basis = to_basis(take());
  const Layout layout =
      choose("layout", take().toStringRef(), {Layout::kAuto, Layout::kLast, Layout::kChannels, Layout::kFlatten});
  if (layout != Layout::kAuto) options.layouts = {{"", layout}};
  options.mask_input = take().toStringRef();
  options.every = take().toInt();
  options.fraction = take().toDouble();
  options.seed = static_cast<std::uint64_t>(take().toInt());
  options.limit = take().toOptional<std::int64_t>();
  options.on_error = choose("on_error", take().toStringRef(), {OnError::kThrow, OnError::kDetach});
  options.num_threads = static_cast<int>(take().toInt());
  torch::jit::push(stack, c10::IValue(instrument(model, options)._ivalue()));
}

void collect_results(Stack& stack) {
  const torch::jit::Module model = to_module(torch::jit::pop(stack), "srm::collect");
  torch::jit::push(stack, to_value(collect(model)));
}

void failures(Stack& stack) {
  const torch::jit::Module model = to_module(torch::jit::pop(stack), "srm::failures");
  c10::List<std::string> texts;
  for (const auto& observer : observers_of(model)) {
    if (const auto failure = observer->failure()) texts.push_back(failure->what());
  }
  torch::jit::push(stack, texts);
}

void detach(Stack& stack) {
  const torch::jit::Module model = to_module(torch::jit::pop(stack), "srm::detach");
  torch::jit::push(stack, c10::IValue(strip(model)._ivalue()));
}

void save_results(Stack& stack) {
  const std::string path = torch::jit::pop(stack).toStringRef();
  const torch::jit::Module model = to_module(torch::jit::pop(stack), "srm::save");
  save(collect(model), path);
}

void set_enabled(Stack& stack) {
  const bool enabled = torch::jit::pop(stack).toBool();
  const torch::jit::Module model = to_module(torch::jit::pop(stack), "srm::set_enabled");
  for (const auto& observer : observers_of(model)) observer->set_enabled(enabled);
}

const torch::jit::RegisterOperators register_operators({
    torch::jit::Operator(kAttach, attach, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::collect(Any model) -> Any", collect_results, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::failures(Any model) -> str[]", failures, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::detach(Any model) -> Any", detach, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::save(Any model, str path) -> ()", save_results, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::set_enabled(Any model, bool enabled) -> ()", set_enabled,
                         c10::AliasAnalysisKind::CONSERVATIVE),
});

}  // namespace
}  // namespace srm
