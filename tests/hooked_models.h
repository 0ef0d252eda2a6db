// The models of tests/data/models with hooks on them, and what passes there.
#pragma once

#include <torch/script.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "srm/hooked_module.h"

namespace srm::test {

inline torch::jit::Module load_model(const std::string& name) {
  return torch::jit::load(std::string(TORCHSRM_TEST_DATA) + "/models/" + name + ".pt");
}

inline torch::Tensor rows(at::IntArrayRef shape, std::uint64_t seed = 7) {
  return torch::randn(shape, at::detail::createCPUGenerator(seed));
}

inline std::vector<std::string> addresses_of(const std::vector<CallSite>& sites) {
  std::vector<std::string> addresses;
  for (const CallSite& site : sites) addresses.push_back(site.address);
  return addresses;
}

/// Every place there is, and what goes in as well as what comes out.
inline std::vector<Selection> every_place(const std::vector<CallSite>& sites) {
  std::vector<Selection> every;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    every.push_back({.site = k, .takes_input = true});
    every.push_back({.site = k});
  }
  return every;
}

/// A model with one set of hooks on it.
struct Hooked {
  /// On what each module gives, and the model itself, through any method.
  explicit Hooked(const torch::jit::Module& original) : model(original) {
    std::vector<Selection> modules;
    for (std::size_t k = 0; k < model.sites().size(); ++k) {
      if (model.sites()[k].kind == SiteKind::kModule) modules.push_back({.site = k});
    }
    hooks = model.attach_at(modules);
  }
  Hooked(const torch::jit::Module& original, const std::vector<std::string>& selectors)
      : model(original), hooks(model.attach(selectors)) {}

  std::vector<std::string> addresses() const {
    std::vector<std::string> all;
    for (const HookPlace& place : hooks.places()) all.push_back(place.address);
    return all;
  }
  Hook& hook(std::size_t k) const { return hooks.hook(k); }
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {}) const {
    return model.forward(std::move(inputs), kwargs);
  }

  HookedModule model;
  HookSet hooks;
};

/// Equal types, sizes and bits, through tuples, lists and dicts; NaN equals NaN.
inline bool is_bit_equal(const c10::IValue& a, const c10::IValue& b) {
  if (a.isTensor() && b.isTensor()) {
    const auto x = a.toTensor(), y = b.toTensor();
    return x.dtype() == y.dtype() && x.sizes() == y.sizes() && x.layout() == y.layout() &&
           (x.layout() == at::kStrided && !x.is_quantized() ? at::allclose(x, y, 0, 0, /*equal_nan=*/true)
                                                            : torch::equal(x, y));
  }
  const auto all_equal = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](const c10::IValue& v, const c10::IValue& w) { return is_bit_equal(v, w); });
  };
  if (a.isTuple() && b.isTuple()) {
    return all_equal(a.toTupleRef().elements().vec(), b.toTupleRef().elements().vec());
  }
  if (a.isList() && b.isList()) return all_equal(a.toListRef().vec(), b.toListRef().vec());
  if (a.isGenericDict() && b.isGenericDict()) {
    const auto x = a.toGenericDict(), y = b.toGenericDict();
    return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& entry) {
             return y.contains(entry.key()) && is_bit_equal(entry.value(), y.at(entry.key()));
           });
  }
  return !a.isTensor() && !b.isTensor() && a == b;
}

/// What passed at each address, copied at that moment; forks pass in several threads.
struct Seen {
  std::map<std::string, std::vector<c10::IValue>> at;
  std::mutex mutex;

  std::vector<c10::IValue>& operator[](const std::string& address) { return at[address]; }
};

/// Makes every hook keep a copy of what it sees, in `seen`.
inline void keep_all(const HookSet& hooks, Seen& seen) {
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    hooks.hook(k).set_receiver([&seen, address = hooks.place(k).address](const Passing& passing) {
      const std::lock_guard lock(seen.mutex);
      seen.at[address].push_back(passing.value.deepcopy());
    });
  }
}

inline torch::jit::Module child(const torch::jit::Module& model, const std::string& path) {
  for (const auto& named : model.named_modules()) {
    if (named.name == path) return named.value;
  }
  throw std::out_of_range(path);
}

inline torch::Tensor linear(const torch::jit::Module& layer, const torch::Tensor& x) {
  return torch::linear(x, layer.attr("weight").toTensor(), layer.attr("bias").toTensor());
}

/// What an exception of `run` says, "" when there is none.
inline std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return "";
}

}  // namespace srm::test
