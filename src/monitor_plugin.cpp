// srm::Monitor for a host that calls by name, as Python does: torch.ops.srm.monitor, and the TorchBind class
// srm::Monitor.
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/script.h>

#include <string>
#include <utility>
#include <vector>

#include "plugin_values.h"
#include "srm/monitor.h"

namespace srm {
namespace {

using torch::jit::Stack;

constexpr const char* kMonitor =
    "srm::monitor(Any model, str[] layers, *, float[] epsilon=[], Tensor? basis=None, int rotations=0, int seed=0, "
    "float fraction=1., str on_error=\"detach\", int threads=1, str history=\"\", str results=\"\", str "
    "json_lines=\"\", "
    "str tensorboard=\"\") -> __torch__.torch.classes.srm.Monitor";

// A window as a host without our types has it: "PHASE/LAYER" and its numbers.
using Windows = c10::Dict<std::string, c10::Dict<std::string, double>>;

class HostMonitor : public torch::CustomClassHolder {
 public:
  HostMonitor(const torch::jit::Module& model, MonitorOptions options) : monitor_(model, std::move(options)) {}

  torch::jit::Module module() const { return monitor_.module(); }

  Windows step(std::int64_t step, const c10::Dict<std::string, double>& scalars) {
    std::vector<std::pair<std::string, double>> named;
    for (const auto& entry : scalars) named.emplace_back(entry.key(), entry.value());
    Windows all;
    for (const Window& window : monitor_.step(step, std::move(named))) {
      for (const LayerWindow& layer : window.layers) {
        c10::Dict<std::string, double> numbers;
        numbers.insert("samples", static_cast<double>(layer.num_samples_seen));
        numbers.insert("a4", layer.a4);
        numbers.insert("a4_error", layer.a4_error);
        numbers.insert("c4", layer.c4.front());
        if (layer.p) numbers.insert("p", *layer.p);
        all.insert(window.phase + "/" + layer.address, numbers);
      }
    }
    return all;
  }

  void set_phase(const std::string& phase) {
    monitor_.set_phase(choose("srm::Monitor", "a phase", phase, {Phase::kTraining, Phase::kEvaluation}));
  }

  std::vector<std::string> failures() const {
    std::vector<std::string> texts;
    for (const Error& failure : monitor_.failures()) texts.emplace_back(failure.what());
    return texts;
  }

 private:
  Monitor monitor_;
};

void make_monitor(Stack& stack) {
  OperatorArguments arguments(stack, 13);
  const torch::jit::Module model = to_module(arguments.next(), "srm::monitor");
  MonitorOptions options;
  options.observe.layers = to_texts(arguments.next());
  set_epsilon(arguments.next(), options.observe.epsilon);
  options.observe.basis = to_basis(arguments.next(), "srm::monitor");
  options.num_rotations = arguments.next().toInt();
  options.observe.seed = static_cast<std::uint64_t>(arguments.next().toInt());
  options.observe.fraction = arguments.next().toDouble();
  options.observe.on_error =
      choose("srm::monitor", "on_error", arguments.next().toStringRef(), {OnError::kThrow, OnError::kDetach});
  options.observe.num_threads = to_thread_count(arguments.next());
  options.history = arguments.next().toStringRef();
  options.results = arguments.next().toStringRef();
  options.json_lines = arguments.next().toStringRef();
  options.tensorboard = arguments.next().toStringRef();
  torch::jit::push(stack, c10::make_intrusive<HostMonitor>(model, std::move(options)));
}

void watched(Stack& stack) {
  const auto monitor = torch::jit::pop(stack).toCustomClass<HostMonitor>();
  torch::jit::push(stack, c10::IValue(monitor->module()._ivalue()));
}

TORCH_LIBRARY_FRAGMENT(srm, library) {
  library.class_<HostMonitor>("Monitor")
      .def("step", &HostMonitor::step)
      .def("set_phase", &HostMonitor::set_phase)
      .def("failures", &HostMonitor::failures);
}

const torch::jit::RegisterOperators register_operators({
    torch::jit::Operator(kMonitor, make_monitor, c10::AliasAnalysisKind::CONSERVATIVE),
    torch::jit::Operator("srm::watched(__torch__.torch.classes.srm.Monitor monitor) -> Any", watched,
                         c10::AliasAnalysisKind::CONSERVATIVE),
});

}  // namespace
}  // namespace srm
