// What a Python or C++ host calls by name once this library is loaded: torch.ops.srm.attach, collect, detach, save.
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <string>
#include <vector>

#include "plugin_values.h"
#include "srm/instrumented_model.h"
#include "srm/io.h"

namespace srm {
namespace {

using torch::jit::Stack;

constexpr const char* kAttach =
    "srm::attach(Any model, str[] layers, *, float[] epsilon=[], int angles=360, str grid=\"exclusive\", "
    "str sense=\"natural\", str pairs=\"combination\", Tensor? basis=None, str layout=\"auto\", str mask=\"\", "
    "int every=1, float fraction=1., int seed=0, int? limit=None, str on_error=\"detach\", int threads=1) -> Any";

void attach(Stack& stack) {
  constexpr const char* kWhere = "srm::attach";
  OperatorArguments arguments(stack, 16);
  const torch::jit::Module model = to_module(arguments.next(), kWhere);
  ObserveOptions options;
  options.layers = to_texts(arguments.next());
  set_epsilon(arguments.next(), options.epsilon);
  options.num_angles = arguments.next().toInt();
  options.grid = choose(kWhere, "grid", arguments.next().toStringRef(), {GridEnds::kExclusive, GridEnds::kInclusive});
  options.sense = choose(kWhere, "sense", arguments.next().toStringRef(), {Sense::kNatural, Sense::kReference});
  options.pairs = choose(kWhere, "pairs", arguments.next().toStringRef(), {Pairs::kCombination, Pairs::kPermutation});
  options.basis = to_basis(arguments.next(), kWhere);
  const Layout layout = choose(kWhere, "layout", arguments.next().toStringRef(),
                               {Layout::kAuto, Layout::kLast, Layout::kChannels, Layout::kFlatten});
  if (layout != Layout::kAuto) options.layouts = {{"", layout}};
  options.mask_input = arguments.next().toStringRef();
  options.every = arguments.next().toInt();
  options.fraction = arguments.next().toDouble();
  options.seed = static_cast<std::uint64_t>(arguments.next().toInt());
  options.limit = arguments.next().toOptional<std::int64_t>();
  options.on_error = choose(kWhere, "on_error", arguments.next().toStringRef(), {OnError::kThrow, OnError::kDetach});
  options.num_threads = to_thread_count(arguments.next());
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
