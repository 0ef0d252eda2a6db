#pragma once

#include <torch/script.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "srm/call_site.h"
#include "srm/hook.h"

namespace srm {

/// Where one hook stands: one side of a call site, and all that is taken there.
struct HookPlace {
  std::string address;                ///< of the site, with "@input" where the hook sees what goes in
  CallSite site;                      ///< the call itself
  std::vector<Selection> selections;  ///< what is taken there, one or more
  /// Whether the hook sees what goes in.
  bool takes_input() const { return selections.front().takes_input; }
};

/// Makes the hook for a place: an object of a TorchBind class that is Hook or derives from it.
using HookFactory = std::function<c10::intrusive_ptr<Hook>(const HookPlace& place)>;

/// The hooks that one observer has on a model; dropping it detaches them and nothing else. Movable.
class HookSet {
 public:
  HookSet() = default;
  ~HookSet();
  /// Takes the hooks over.
  HookSet(HookSet&& other) noexcept { *this = std::move(other); }
  /// Swaps its hooks with those of the other.
  HookSet& operator=(HookSet&& other) noexcept;

  /// How many hooks there are.
  std::size_t size() const { return places_.size(); }
  /// Where they stand, in the order of the model.
  const std::vector<HookPlace>& places() const { return places_; }
  /// One of places(); throws std::out_of_range.
  const HookPlace& place(std::size_t k) const { return places_.at(k); }
  /// The hook at places()[k]; throws std::out_of_range.
  Hook& hook(std::size_t k) const { return *hooks_.at(k); }
  /// Switches all of them on or off: a flag, the graph stays.
  void set_enabled(bool enabled) const;
  /// Gives the hooks over to the modules that carry them: this may go, they stay.
  void leave() && { detach_ = nullptr; }

 private:
  friend class HookedModule;
  std::vector<HookPlace> places_;
  std::vector<c10::intrusive_ptr<Hook>> hooks_;
  std::function<void()> detach_;
};

// Note [Outputs on a GPU]
// On a GPU TorchScript's fuser joins pointwise operators from the second run on, and rounds less between them: the bare
// model's outputs are no longer those of its own first run. A hook between such operators, also one that is off, keeps
// them apart. Outputs are bit-identical there too once torch::jit::setTensorExprFuserEnabled(false) was called before
// the first run. What hooks see and count is what passes in any case.

/// A model that observers are attached to and detached from, in any order, while callers run it. It shares the
/// original's parameters, buffers and training mode and leaves the original itself untouched. Thread-safe; a copy is
/// the same. Attach before the first run: hooked or not, each graph starts a warm-up of its own.
class HookedModule {
 public:
  /// No hooks yet. Throws Error when the model has no method.
  explicit HookedModule(const torch::jit::Module& model);

  /// Every call site there is.
  const std::vector<CallSite>& sites() const;

  /// Hooks what select_call_sites() finds, and throws as that does; `mask_input` names an argument of the model whose
  /// value comes with what passes (empty: none), and must be there. Calls that are running keep the hooks they have.
  HookSet attach(const std::vector<std::string>& selectors, const HookFactory& make_hook = {},
                 const std::string& mask_input = {});
  /// The same at what was selected before.
  HookSet attach_at(const std::vector<Selection>& selections, const HookFactory& make_hook = {},
                    const std::string& mask_input = {});

  /// What the model's method returns, bit for bit; see Note [Outputs on a GPU]. Throws the Error of a receiver as it
  /// was; what the model throws passes unchanged.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {}) const;
  /// The same by the method's name.
  c10::IValue run_method(const std::string& method, std::vector<c10::IValue> inputs,
                         const torch::jit::Kwargs& kwargs = {}) const;

  /// The module that carries the hooks of this moment, to be called like the original or saved: every method is hooked,
  /// train() and eval() reach the original. A receiver's exception comes out of it in TorchScript's wrapping.
  torch::jit::Module module() const;
  /// The model as it was given.
  const torch::jit::Module& original() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace srm
