#include "srm/hook.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include "hook/observe_operator.h"

namespace srm {
namespace {

struct MaskInfo : c10::DebugInfoBase {
  explicit MaskInfo(at::Tensor mask_) : mask(std::move(mask_)) {}
  at::Tensor mask;
};

// The one thread-local of LibTorch that goes along into forks and is free for its users.
c10::DebugInfoKind mask_kind() { return c10::DebugInfoKind::INFERENCE_CONTEXT; }

}  // namespace

const char* to_string(OnError on_error) { return on_error == OnError::kThrow ? "throw" : "detach"; }

MaskGuard::MaskGuard(at::Tensor mask) : guard_(mask_kind(), std::make_shared<MaskInfo>(std::move(mask))) {}

Hook::Hook(std::string address, OnError on_error) : address_(std::move(address)), on_error_(on_error) {}

void Hook::set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }

void Hook::receive(const Passing& passing) { receiver_(passing); }

c10::IValue Hook::object() { return c10::IValue(c10::intrusive_ptr<Hook>::reclaim_copy(this)); }

void Hook::restore(std::int64_t num_calls, std::optional<Error> failure) {
  num_calls_ = num_calls;
  enabled_ = !failure;
  failure_ = std::move(failure);
}

void Hook::pass(const Passing& passing) {
  if (!is_enabled()) {
    return;
  }
  num_calls_.fetch_add(1, std::memory_order_relaxed);
  if (!has_receiver()) {
    return;
  }
  try {
    const torch::NoGradGuard no_grad;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const auto* info =
        passing.mask.defined() ? nullptr : static_cast<MaskInfo*>(c10::ThreadLocalDebugInfo::get(mask_kind()));
    receive(info == nullptr ? passing : Passing{passing.value, passing.iteration, info->mask});
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

void Hook::fail(const Error& error) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (on_error_ == OnError::kThrow || !failure_) failure_ = error;
  }
  if (on_error_ == OnError::kThrow) throw error;
  set_enabled(false);
}

std::optional<Error> Hook::failure() const {
  const std::lock_guard lock(failure_mutex_);
  return on_error_ == OnError::kDetach ? failure_ : std::nullopt;
}

std::optional<Error> Hook::take_thrown(const std::string& what) {
  const std::lock_guard lock(failure_mutex_);
  if (on_error_ != OnError::kThrow || !failure_ || what.find(failure_->what()) == std::string::npos) {
    return std::nullopt;
  }
  return std::exchange(failure_, std::nullopt);
}

namespace {

TORCH_LIBRARY_FRAGMENT(srm, library) { library.class_<Hook>("Hook"); }
const torch::jit::RegisterOperators register_observe(internal::observe_operators<Hook>("Hook"));

}  // namespace
}  // namespace srm
