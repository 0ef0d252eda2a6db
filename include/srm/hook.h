#pragma once

#include <torch/script.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "srm/error.h"

namespace srm {

/// One place in a model where the output of a module passes.
struct CallSite {
  std::string address;      ///< "encoder.0"; "encoder.0#1" where the module is called at several places
  std::string module_path;  ///< "encoder.0"; the model itself is "."
  std::string module_type;  ///< last name of the class: "Linear"
  std::string method;       ///< "forward"; a traced module that is called again: "forward1"
};

/// All call sites of `model` in the order in which outputs pass: a child before its parent, the model itself (".")
/// last.
///
/// Addresses: the module path; `#k` (k from 0, in that order) where a module is called at several places, but one
/// address for a call in a loop; `!method` behind the path where a parent calls a method other than forward. Calls of
/// a module's own methods, of script functions and through interfaces are part of the module that makes them.
/// Throws Error when the model has no forward.
std::vector<CallSite> call_sites(const torch::jit::Module& model);

/// Ascending indices of the sites that `selectors` choose.
///
/// A selector is an address, an address without `#k` (every place) or a glob: `*` is any text, dots too but no `!`, `?`
/// one such character. `!` in front takes away. Chosen is what any selector names less what any `!` selector names, in
/// whatever order they stand; with `!` selectors alone, what `*` names less those. Only the selector "." names the
/// model itself, no glob does. Throws Error, with the nearest addresses, when a selector without `!` names nothing, and
/// when nothing is left.
std::vector<std::size_t> select_call_sites(const std::vector<CallSite>& sites,
                                           const std::vector<std::string>& selectors);

/// What sits at a call site: hands each value that passes to a receiver (the TorchBind class `srm::Hook`).
/// Everything but set_receiver() may be called from any thread while the model runs.
class Hook : public torch::CustomClassHolder {
 public:
  /// Called in the thread that runs the model, concurrently when the model is, with gradients and autocast off. The
  /// value is the model's own: read it before returning, for an in-place operation may come next; never change it.
  using Receiver = std::function<void(const c10::IValue& value)>;

  explicit Hook(std::string address);

  /// Replaces the receiver; not while the model runs.
  void set_receiver(Receiver receiver);
  /// A hook that is off neither counts nor calls its receiver. It starts on.
  void set_enabled(bool enabled) { enabled_.store(enabled, std::memory_order_relaxed); }
  bool is_enabled() const { return enabled_.load(std::memory_order_relaxed); }
  /// How often a value passed while the hook was on.
  std::int64_t num_calls() const { return num_calls_.load(std::memory_order_relaxed); }

  /// What the model's graph calls. An exception of the receiver comes out as Error that names the address.
  void receive(const c10::IValue& value);
  /// The receiver's Error whose text `what` contains, if there is one. TorchScript's interpreter turns every exception
  /// into a std::runtime_error with a traceback; this gets the first one back.
  std::optional<Error> take_failure(const std::string& what);

 private:
  const std::string address_;
  Receiver receiver_;
  std::atomic<bool> enabled_{true};
  std::atomic<std::int64_t> num_calls_{0};
  std::mutex failure_mutex_;
  std::optional<Error> failure_;
};

/// A model with hooks. It shares the original's parameters, buffers and training mode and leaves the original itself
/// untouched; dropping it is detaching. Attach before the first run: hooked or not, each starts a warm-up of its own.
class HookedModule {
 public:
  /// Hooks every call site of `model`, the model itself too.
  explicit HookedModule(const torch::jit::Module& model);
  /// Hooks the call sites that select_call_sites() finds. Throws Error as that does.
  HookedModule(const torch::jit::Module& model, const std::vector<std::string>& selectors);

  /// The call sites that are hooked, in the order of call_sites().
  const std::vector<CallSite>& sites() const { return sites_; }
  /// The hook at sites()[site]; throws std::out_of_range.
  Hook& hook(std::size_t site) { return *hooks_.at(site); }

  /// What the model's forward returns, bit for bit. Thread-safe as the model is. Throws the Error of a receiver as it
  /// was; what the model throws passes unchanged.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {});

  /// The module that carries the hooks, to be called like the original: forward is hooked, the other methods run as
  /// they are, train() and eval() reach the original. A receiver's exception comes out of it in TorchScript's wrapping.
  const torch::jit::Module& module() const { return wrapper_; }

 private:
  using Choice = std::function<std::vector<std::size_t>(const std::vector<CallSite>&)>;
  void attach(const torch::jit::Module& model, const Choice& choose);

  torch::jit::Module wrapper_;
  std::vector<CallSite> sites_;
  std::vector<c10::intrusive_ptr<Hook>> hooks_;
};

}  // namespace srm
