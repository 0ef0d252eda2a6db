#include "srm/hook.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include "hook/call_info.h"
#include "hook/observe_operator.h"

namespace srm {

const char* to_string(OnError on_error) { return on_error == OnError::kThrow ? "throw" : "detach"; }

Hook::Hook(std::string address, OnError on_error, std::shared_ptr<OverheadBudget> overhead)
    : address_(std::move(address)), on_error_(on_error), overhead_(std::move(overhead)) {}

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
  const internal::CallInfo* info = internal::call_info();
  internal::MeteredCall* const metered = overhead_ && info != nullptr ? info->metered_by(overhead_.get()) : nullptr;
  const internal::HookTimer timer(metered);
  const bool is_left_out = overhead_ && !(metered != nullptr && metered->is_observed());
  guard([&] {
    if (info == nullptr && !is_left_out) return receive(passing);
    const bool has_mask = passing.mask.defined() || info == nullptr;
    receive({passing.value, passing.iteration, has_mask ? passing.mask : info->mask,
             info == nullptr ? passing.tags : info->tags, is_left_out});
  });
}

void Hook::guard(c10::function_ref<void()> work) {
  try {
    const torch::NoGradGuard no_grad;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    work();
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
