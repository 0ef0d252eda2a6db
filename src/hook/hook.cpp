#include "srm/hook.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/runtime/custom_operator.h>

#include <exception>
#include <utility>

namespace srm {

Hook::Hook(std::string address) : address_(std::move(address)) {}

void Hook::set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }

void Hook::receive(const c10::IValue& value) {
  if (!is_enabled()) {
    return;
  }
  num_calls_.fetch_add(1, std::memory_order_relaxed);
  if (!receiver_) {
    return;
  }
  const auto fail = [this](const Error& error) {
    const std::lock_guard lock(failure_mutex_);
    failure_ = error;
    throw error;
  };
  try {
    const torch::NoGradGuard no_grad;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    receiver_(value);
  } catch (const Error& error) {
    fail(Error(address_, error));
  } catch (const c10::Error& error) {
    fail(Error(address_, "a receiver must take what passes here", error.what_without_backtrace(),
               "choose other layers or another receiver"));
  } catch (const std::exception& error) {
    fail(Error(address_, "a receiver must take what passes here", error.what(),
               "choose other layers or another receiver"));
  }
}

std::optional<Error> Hook::take_failure(const std::string& what) {
  const std::lock_guard lock(failure_mutex_);
  if (!failure_ || what.find(failure_->what()) == std::string::npos) {
    return std::nullopt;
  }
  return std::exchange(failure_, std::nullopt);
}

namespace {

TORCH_LIBRARY_FRAGMENT(srm, library) { library.class_<Hook>("Hook"); }

// Conservative alias analysis gives the operator side effects: dead-code elimination keeps it, and nothing that writes
// to the value moves in front of it. Registered below the class, which its schema names.
const torch::jit::RegisterOperators register_observe({torch::jit::Operator(
    "srm::observe(Any value, __torch__.torch.classes.srm.Hook hook) -> ()",
    [](torch::jit::Stack& stack) {
      const auto hook = torch::jit::pop(stack).toCustomClass<Hook>();
      const c10::IValue value = torch::jit::pop(stack);
      hook->receive(value);
    },
    c10::AliasAnalysisKind::CONSERVATIVE)});

}  // namespace
}  // namespace srm
