// The models of models/exporters, and what Python's forward hooks saw of them; see its README.md.
#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "hooked_models.h"
#include "srm/hooked_module.h"
#include "srm/io.h"

namespace srm::test {

using c10::IValue;
using torch::jit::Module;
using Values = std::vector<IValue>;
using Calls = std::map<std::string, Values>;  // of each module that was called, by its path, a value for each call

inline std::string real_file(const std::string& name) { return std::string(TORCHSRM_REAL_MODELS) + "/" + name + ".pt"; }

inline Values inputs_of(const std::string& model) {
  // The hooks of the sentence encoder saw its first sentences.
  Values inputs =
      load_pickle(real_file(model + (model == "sentence_encoder" ? ".small_inputs" : ".inputs"))).toListRef().vec();
  for (IValue& input : inputs) {
    if (!input.isList()) continue;
    // A list from a file is one of anything; the model asks for one of tensors.
    c10::List<at::Tensor> tensors;
    for (const IValue& tensor : input.toListRef()) tensors.push_back(tensor.toTensor());
    input = tensors;
  }
  return inputs;
}

inline Calls recorded(const std::string& name) {
  Calls calls;
  for (const auto& entry : load_pickle(real_file(name)).toGenericDict()) {
    const Values values = entry.value().toListRef().vec();
    if (!values.empty()) calls[entry.key().toStringRef()] = values;
  }
  return calls;
}

inline std::map<std::string, std::size_t> num_calls(const Calls& calls) {
  std::map<std::string, std::size_t> result;
  for (const auto& [path, values] : calls) result[path] = values.size();
  return result;
}

/// A copy as the value is now. Where an operator left a tensor undefined, Python has None.
inline IValue copy_of(const IValue& value) {
  if (value.isTensor() && !value.toTensor().defined()) return {};
  if (!value.isTuple()) return value.deepcopy();
  Values copies;
  for (const IValue& element : value.toTupleRef().elements()) copies.push_back(copy_of(element));
  return c10::ivalue::Tuple::create(copies);
}

inline Values copies_of(const Values& values) {
  Values copies;
  for (const IValue& value : values) copies.push_back(copy_of(value));
  return copies;
}

/// Bit for bit. An object has no tensor that Python's record would hold: there it is None (the ImageList of ssdlite).
inline bool agree(const IValue& eager, const IValue& passed) {
  if (eager.isNone()) return passed.isNone() || passed.isObject();
  if (!eager.isTuple() || !passed.isTuple()) return is_bit_equal(eager, passed);
  const auto& x = eager.toTupleRef().elements();
  const auto& y = passed.toTupleRef().elements();
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), agree);
}

/// Of a tuple or dict a traced module gives only what is used later, in these models its first tensor.
inline IValue traced(const IValue& eager) {
  if (eager.isGenericDict()) return eager.toGenericDict().begin()->value();
  return eager.isTuple() ? eager.toTupleRef().elements()[0] : eager;
}

/// What passed at the forward of each module, through whichever of its places, in call order.
struct Passed {
  Calls inputs, outputs;
};

/// Makes the hooks at modules keep copies in `passed`; the others only count their calls.
inline void keep_modules(const HookSet& hooks, Passed& passed) {
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    const HookPlace& place = hooks.place(k);
    if (place.site.kind != SiteKind::kModule || !place.site.method.starts_with("forward")) continue;
    Calls& calls = place.takes_input() ? passed.inputs : passed.outputs;
    hooks.hook(k).set_receiver([&calls, path = place.site.module_path](const Passing& passing) {
      calls[path].push_back(copy_of(passing.value));
    });
  }
}

/// Whether the names of `path` stand in this order in `whole`, others between them or not.
inline bool is_part_of(const std::string& path, const std::string& whole) {
  std::istringstream names(path), all(whole);
  for (std::string name, next; std::getline(names, name, '.');) {
    do {
      if (!std::getline(all, next, '.')) return false;
    } while (next != name);
  }
  return true;
}

struct RealModel {
  std::string name, form;
  Module load() const { return torch::jit::load(real_file(name + "." + form)); }
  friend void PrintTo(const RealModel& model, std::ostream* out) { *out << model.name << "." << model.form; }
};

template <typename Base>
class Real : public Base {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(TORCHSRM_REAL_MODELS) + "/.whole")) {
      FAIL() << "run `make real-models` first";
    }
    at::set_num_threads(1);  // sums in one order, as when the files were written
  }

  /// Runs a bare model and one with hooks thrice, since the executor specialises what has run.
  void expect_same_outputs(Module bare, const HookedModule& hooked, const Values& inputs,
                           const std::function<void(int run, const IValue& expected)>& and_each) {
    for (int run = 0; run < 3; ++run) {
      const IValue expected = bare.forward(copies_of(inputs));
      EXPECT_TRUE(is_bit_equal(hooked.forward(copies_of(inputs)), expected)) << "run " << run;
      and_each(run, expected);
    }
  }

  const torch::NoGradGuard no_grad_;
};

}  // namespace srm::test
